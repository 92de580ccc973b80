import Faults
import UV

/// What the schedule's commands do to the processes and networks.
extension DrillRun {
  /// `moment`: the schedule's time.
  func carryOut(_ command: FaultCommand, moment: UInt64) throws {
    course.begin(command, moment: moment)
    let situation = situation(asking: command.victims)
    guard let victims = situation.resolve(command.victims) else {
      note("\(command) is left out: nobody is known who is that")
      return
    }
    let begin = Clock.nanoseconds
    try perform(command, victims)
    try cluster.checkProcesses()
    // A cut, and what is done to a machine, is in force once its commands have ended, and not when they begin.
    let time = command.isCut || machines != nil ? Clock.nanoseconds : begin
    let mark = course.note(command, victims, situation, at: time)
    onLine("\(stamp(time))  \(mark.text)")
  }

  private func situation(asking victims: [Victim]) -> Situation {
    let asksPrimary = victims.contains { victim in
      switch victim {
      case .primary, .backup, .heavy, .light: true
      case .server, .last, .all: false
      }
    }
    let primary = asksPrimary ? currentPrimary() : nil
    return Situation(weights: weights(), primary: primary, running: cluster.running, last: course.last)
  }

  func stamp(_ time: UInt64) -> String {
    let tenths = (time - begins) / 100_000_000
    let text = "\(tenths / 10).\(tenths % 10) s"
    return String(repeating: " ", count: max(0, 8 - text.count)) + text
  }

  private func perform(_ command: FaultCommand, _ victims: [Int]) throws {
    switch command {
    case .kill: cluster.kill(victims)
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
    case .unplug: cluster.unplug(victims.filter(cluster.isRunning))
    case .disconnect: for server in victims { try machines?.disconnect(server) }
    case .clock(_, by: let seconds): for server in victims { try machines?.moveClock(server, by: seconds) }
    case .heal: try network?.heal()
    case .settle: preconditionFailure("this is the schedule's own")
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

  /// Asks those that run until one is known that is among them.
  private func currentPrimary() -> Int? {
    var found: Int?
    _ = loop.turn(seconds: Self.primarySeconds) {
      let known = cluster.statuses(of: cluster.running).compactMap { $0 }
      let newest = known.max { ($0.epoch, $0.view) < ($1.epoch, $1.view) }
      found = cluster.running.first {
        cluster.ground.address($0) == newest?.primary && newest?.status == "normal"
      }
      return found != nil || isInterrupted
    }
    return found
  }
}
