import Faults
import History
import VSR

/// How far a schedule has come, and what was seen meanwhile.
struct FaultScript {
  /// A cluster that is not well again after so long is left as it is, microseconds.
  static let settleMax: UInt64 = 45_000_000
  static let lookMicroseconds: UInt64 = 10_000
  /// From SIGTERM until the process ends: time to hand over.
  static let handOverMicroseconds: UInt64 = 50_000
  /// Longer than any schedule.
  static let frozenMicroseconds: UInt64 = 1 << 50

  let schedule: FaultSchedule
  var next = 0
  /// Microseconds that the schedule's clock stood.
  var stood: UInt64 = 0
  var settlesSince: UInt64?
  var isOver = false
  var course = FaultCourse()
  var cuts: [LinkMask] = []
  var frozen = ServerMask()
  var sightings: [Sighting] = []
  var views: [ViewMark] = []
  /// When a cluster did not settle in time.
  var unsettledAt: [UInt64] = []

  init(_ schedule: FaultSchedule) { self.schedule = schedule }
}

extension Settings {
  /// Faults by a schedule and none by chance: quiet links, disks and clocks, clients that ask all servers.
  package mutating func follow(_ schedule: FaultSchedule) {
    self.schedule = schedule
    kinds = FaultKinds([])
    mayLoseQuorum = false
    (delayMin, delayMean, cutHolds) = (20, 100, true)
    (syncMean, stalls) = (200, .toldAfterReading)
    (options, limits) = (Options(), .init())
    (clientCount, keyCount, thinkMean, depth) = (16, 16, 10_000, 1)
    (readPermille, keyedPermille, timedKeyPermille) = (500, 300, 0)
    (conditionPermille, deletePermille, dumpPermille) = (0, 0, 0)
    (timeoutMean, attemptsMax, valueBytesMax) = (5_000_000, 1, 16)
  }
}

extension Simulation {
  func runScript() {
    queue.add(Happening(kind: .scriptGoesOn), at: 0)
    while script?.isOver == false, advance() {}
    guard checker.violation == nil else { return }
    healAll()
    for server in servers { thaw(server) }
  }

  /// Does what is due, and asks to be called when the next is.
  func scriptGoesOn() {
    guard let schedule = script?.schedule else { return }
    while let entry = nextEntry() {
      let due = entry.at * 1000 + script!.stood
      guard due <= now else { return queue.add(Happening(kind: .scriptGoesOn), at: due) }
      if entry.command == .settle {
        guard hasSettled() else {
          return queue.add(Happening(kind: .scriptGoesOn), at: now + FaultScript.lookMicroseconds)
        }
      } else {
        carryOut(entry.command, moment: entry.at)
      }
      script?.next += 1
    }
    let end = schedule.end * 1000 + script!.stood
    if now >= end { script?.isOver = true } else { queue.add(Happening(kind: .scriptGoesOn), at: end) }
  }

  private func nextEntry() -> FaultSchedule.Entry? {
    guard let script, script.next < script.schedule.entries.count else { return nil }
    return script.schedule.entries[script.next]
  }

  /// All that run are one again, or patience has ended. The schedule's clock stands meanwhile.
  private func hasSettled() -> Bool {
    let since = script?.settlesSince ?? now
    script?.settlesSince = since
    let isLate = now - since >= FaultScript.settleMax
    guard isLate || isConvergedWhereUp else { return false }
    if isLate { script?.unsettledAt.append(now) }
    script?.stood += now - since
    script?.settlesSince = nil
    return true
  }

  private var isConvergedWhereUp: Bool {
    guard let primary = currentPrimary?.process?.replica else { return false }
    return servers.filter { $0.isUp && script?.frozen.contains($0.index) != true }.allSatisfy { server in
      let replica = server.process!.replica
      return replica.isNormal && replica.isMember && replica.epoch.id == primary.epoch.id
        && replica.view == primary.view && primary.executed - min(replica.executed, primary.executed) < 50
    }
  }
}

// What the commands do
extension Simulation {
  private func carryOut(_ command: FaultCommand, moment: UInt64) {
    script?.course.begin(command, moment: moment)
    let situation = situation
    guard let victims = situation.resolve(command.victims) else { return }
    trace?("\(now) \(command): \(victims)")
    script?.course.note(command, victims, situation, at: now * 1000)
    perform(command, victims.map { servers[$0] })
  }

  private var situation: Situation {
    let members = currentPrimary?.process?.replica.epoch.configuration.members ?? []
    let weights = servers.map { server in members.first { $0.server == server.index }?.weight ?? 1 }
    let running = servers.filter { $0.isUp && script?.frozen.contains($0.index) != true }.map(\.index)
    return Situation(
      weights: weights, primary: currentPrimary?.index, running: running, last: script?.course.last ?? [])
  }

  private func perform(_ command: FaultCommand, _ victims: [SimulatedServer]) {
    let indexes = victims.map(\.index)
    let count = servers.count
    switch command {
    case .kill: for server in victims where server.isUp { end(server, CrashManner()) }
    case .stop:
      for server in victims where server.isUp {
        take(.handOver, at: server)
        queue.add(
          Happening(kind: .ends, server: UInt8(server.index), life: server.life),
          at: now + FaultScript.handOverMicroseconds)
      }
    case .wipe:
      for server in victims {
        if server.isUp { end(server, CrashManner(wipes: true)) }
        server.disk.reset(incarnation: serverRandom.nextName())
      }
    case .start: for server in victims where !server.isUp { start(server) }
    case .freeze:
      for server in victims where server.isUp {
        script?.frozen.insert(server.index)
        hold(server, for: FaultScript.frozenMicroseconds)
      }
    case .thaw: for server in victims { thaw(server) }
    case .isolate: cutNow(LinkMask(serverCount: count) { $0 == indexes[0] || $1 == indexes[0] })
    case .cut: cutNow(LinkMask(serverCount: count) { Set([$0, $1]) == Set(indexes) })
    case .cutOneWay: cutNow(LinkMask(serverCount: count) { $0 == indexes[0] && $1 == indexes[1] })
    case .split: cutNow(LinkMask(serverCount: count) { indexes.contains($0) != indexes.contains($1) })
    case .heal: healAll()
    case .settle: break
    case .unplug, .disconnect, .clock: preconditionFailure("there are no machines here")
    }
  }

  private func end(_ server: SimulatedServer, _ manner: CrashManner) {
    script?.frozen.remove(server.index)
    crash(server, manner)
  }

  private func cutNow(_ mask: LinkMask) {
    script?.cuts.append(mask)
    cut(mask)
  }

  private func healAll() {
    for mask in script?.cuts ?? [] { heal(mask) }
    script?.cuts = []
  }

  private func thaw(_ server: SimulatedServer) {
    guard script?.frozen.contains(server.index) == true else { return }
    script?.frozen.remove(server.index)
    guard server.isUp else { return }
    server.heldUntil = now
    resume(server)
    // What was asked of it meanwhile waits for a moment that does not come.
    if server.front.isFlushAsked {
      queue.add(Happening(kind: .flush, server: UInt8(server.index), life: server.life), at: now)
    }
  }
}

// What is seen
extension Simulation {
  func noteSighting(of index: Int, _ outcome: RegisterOperation.Outcome) {
    let operation = clients.operations[index]
    let kind: Sighting.Kind
    switch outcome {
    case .done, .acknowledged: kind = operation.isRead ? .read : .write
    case .failed: kind = servers[operation.server].isUp ? .refused : .unreachable
    case .open: kind = .unknown
    }
    let asked = clients.moments[Int(clients.history.operations[operation.historyIndex].invocation) - 1]
    script?.sightings.append(
      Sighting(asked: asked * 1000, ended: now * 1000, server: operation.server, kind: kind))
  }

  func noteView(of server: SimulatedServer) {
    guard let replica = server.process?.replica, replica.isNormalPrimary else { return }
    let known = script?.views.last.map { ($0.epoch, $0.view) }
    let here = (UInt64(replica.epoch.id.number), UInt64(replica.view))
    if let known, here <= known { return }
    script?.views.append(
      ViewMark(at: now * 1000, epoch: here.0, view: here.1, primary: server.index))
  }

  /// What clients saw of the schedule's faults; nil where there was none. After `run`.
  package var faultRecord: FaultRecord? {
    guard let script else { return nil }
    var record = FaultRecord(serverCount: servers.count, begins: 0, ends: now * 1000)
    record.marks = script.course.marks
    record.views = script.views
    record.sightings = script.sightings
    if checker.lineages.count <= 1 {
      record.wrongs = WrongAnswer.all(in: clients.history).map { wrong in
        var wrong = wrong
        wrong.at = clients.moments[Int(wrong.at) - 1] * 1000
        return wrong
      }
    }
    return record
  }

  /// Moments when the cluster was not well again in time, microseconds.
  package var unsettled: [UInt64] { script?.unsettledAt ?? [] }
}
