import Faults
import UV

/// What the schedule's commands do to the processes and networks.
extension DrillRun {
  /// `moment`: the schedule's time. Faults of one time are one, whomever `last` means.
  func carryOut(_ command: FaultCommand, moment: UInt64) throws {
    if command.isFault, lastMoment != moment {
      lastVictims = []
      lastMoment = moment
    }
    guard let victims = resolve(command.victims) else {
      note("\(command) is left out: nobody is known who is that")
      return
    }
    let begin = Clock.nanoseconds
    try perform(command, victims)
    // Who stood apart is all those on the smaller side of a cut.
    if command.isFault { lastVictims += victims.filter { !lastVictims.contains($0) } }
    let who = victims.map(String.init).joined(separator: " ")
    let isNamed = command.victims.contains { if case .server = $0 { false } else { true } }
    let text = isNamed && !who.isEmpty ? "\(command) (\(who))" : "\(command)"
    marks.append(FaultMark(at: begin, text, isFault: command.isFault, servers: hit(command, victims)))
    onLine("\(stamp(begin))  \(text)")
  }

  func stamp(_ time: UInt64) -> String {
    let tenths = (time - begins) / 100_000_000
    let text = "\(tenths / 10).\(tenths % 10) s"
    return String(repeating: " ", count: max(0, 8 - text.count)) + text
  }

  private func perform(_ command: FaultCommand, _ victims: [Int]) throws {
    switch command {
    case .kill: victims.forEach(cluster.kill)
    case .stop:
      for server in victims where cluster.isRunning(server) {
        let status = try cluster.terminate(server)
        if status != 0 { note("server \(server) ended with \(status) after SIGTERM") }
      }
    case .wipe:
      for server in victims {
        cluster.kill(server)
        try cluster.wipe(server)
      }
    case .start: for server in victims where !cluster.isRunning(server) { try cluster.start(server) }
    case .freeze: for server in victims where cluster.isRunning(server) { cluster.pause(server) }
    case .thaw: victims.forEach(cluster.resume)
    case .isolate: for server in victims { try network?.isolate(server) }
    case .cut: try network?.cut(victims[0], victims[1])
    case .cutOneWay: try network?.cutOneWay(from: victims[0], to: victims[1])
    case .split:
      let others = cluster.all.filter { !victims.contains($0) }
      for server in victims { try network?.separate(server, from: others) }
    case .heal: try network?.heal()
    case .settle: preconditionFailure("this is the schedule's own")
    }
  }

  /// Those that cannot be expected to answer as if nothing were: of two sides that are cut apart, the one without
  /// a quorum. One bad link hits nobody: all are to go on, if not all with writes.
  private func hit(_ command: FaultCommand, _ victims: [Int]) -> [Int] {
    switch command {
    case .kill, .stop, .wipe, .freeze, .isolate, .start, .thaw: return victims
    case .cut, .cutOneWay, .heal, .settle: return []
    case .split:
      let weights = weights()
      let total = weights.reduce(0, +)
      let side = victims.reduce(0) { $0 + weights[$1] }
      return 2 * side > total ? cluster.all.filter { !victims.contains($0) } : victims
    }
  }

  private func weights() -> [Int] {
    let members = newest?.members ?? []
    return cluster.all.map { server in
      members.first { $0.id == cluster.ground.address(server) }?.weight ?? 1
    }
  }

  /// Of those that can be asked, the status of the newest view.
  private var newest: StatusReport? {
    watch.latest.compactMap { $0 }.max { ($0.epoch, $0.view) < ($1.epoch, $1.view) }
  }

  /// Nil: one of them is nobody now.
  private func resolve(_ victims: [Victim]) -> [Int]? {
    var found: [Int] = []
    for victim in victims {
      switch victim {
      case .all: found += cluster.all
      case .last: found += lastVictims
      case .server(let number): found.append(number)
      case .primary, .backup, .heavy, .light:
        guard let server = find(victim, besides: found) else { return nil }
        found.append(server)
      }
    }
    return found
  }

  private func find(_ victim: Victim, besides taken: [Int]) -> Int? {
    guard let primary = currentPrimary() else { return nil }
    let count = cluster.count
    let around = (1..<count).map { (primary + $0) % count } + [primary]
    let free = around.filter { cluster.running.contains($0) && !taken.contains($0) }
    let weights = weights()
    switch victim {
    case .primary: return primary
    case .backup: return free.first { $0 != primary }
    case .heavy: return cluster.all.first { weights[$0] > 1 } ?? primary
    case .light: return free.first { weights[$0] == 1 }
    case .server, .last, .all: return nil
    }
  }

  /// Asks those that run until one is known that is among them.
  private func currentPrimary() -> Int? {
    var found: Int?
    _ = loop.turn(seconds: Self.primarySeconds) {
      let known = cluster.statuses(of: cluster.running).compactMap { $0 }
      let newest = known.max { ($0.epoch, $0.view) < ($1.epoch, $1.view) }
      found = cluster.running.first { cluster.ground.address($0) == newest?.primary && newest?.status == "normal" }
      return found != nil || isInterrupted
    }
    return found
  }
}
