import KVStore
import VSR

/// The liveness phase: the faults stop, a quorum is healed, and within a bound everything converges, every
/// request is answered, and new ones are served.
extension Simulation {
  private static let convergenceMax: UInt64 = 20_000_000
  private static let serviceMax: UInt64 = 6_000_000
  static let settlingStepsMax = 400_000

  func settleDown() {
    trace?("\(now) the faults stop")
    stopFaults()
    clients.isStopped = true
    let deadline =
      now + Simulation.convergenceMax + 10_000 * settings.options.deadlineTicks
      + 20_000 * (settings.options.returnTicksMax + settings.options.evictTicks)
    let stepsMax = report.steps + Simulation.settlingStepsMax
    runUntil(deadline, stepsMax) {
      self.isConverged && self.checker.requests.openCount == 0 && self.clients.openCount == 0
    }
    guard checker.violation == nil else { return }
    if checker.requests.openCount > 0 {
      return checker.fail(.answersAll, nil, now, "\(checker.requests.openCount) requests without an answer")
    }
    guard isConverged else { return checker.fail(.converges, nil, now, describeServers()) }
    acknowledgeLoss()
    if checker.violation == nil { serveAgain() }
    if checker.violation == nil { checkKeptWrites() }
    if checker.violation == nil { endOneAfterAnother() }
  }

  /// Each write that was answered without a quorum has ended, unless its server has lost its memory.
  private func checkKeptWrites() {
    runUntil(now + Simulation.convergenceMax, report.steps + Simulation.settlingStepsMax) { self.isConverged }
    guard checker.violation == nil else { return }
    let forgotten = checker.requests.kept.forgotten { kept in
      let server = servers[kept.server]
      return server.isUp && !broken.contains(kept.server) && server.disk.incarnation == kept.incarnation
        && (settings.isDurable || server.process?.replica.session == kept.session)
    }
    guard let forgotten else { return }
    checker.fail(.keptWriteEnds, nil, now, "nothing became of the write \(short(forgotten))")
  }

  /// An operator's word at one server is every server's soon.
  private func acknowledgeLoss() {
    let live = servers.filter { $0.isUp && !broken.contains($0.index) }
    guard let lossy = live.first(where: { $0.process!.replica.epoch.start.isLossPossible }) else { return }
    let told = faultRandom.chance(permille: 500) ? lossy : live[faultRandom.below(live.count)]
    take(.acknowledgeLoss, at: told)
    runUntil(now + Simulation.convergenceMax, report.steps + Simulation.settlingStepsMax) {
      self.isConverged && live.allSatisfy { !$0.process!.replica.epoch.start.isLossPossible }
    }
    guard checker.violation == nil else { return }
    guard isConverged, live.allSatisfy({ !$0.process!.replica.epoch.start.isLossPossible }) else {
      return checker.fail(.lossIsAcknowledged, told.index, now, describeServers())
    }
  }

  /// Looks every 10 ms.
  func runUntil(_ deadline: UInt64, _ stepsMax: Int, _ isDone: () -> Bool) {
    var nextLook = now
    while now < deadline, report.steps < stepsMax {
      if now >= nextLook {
        if isDone() { return }
        nextLook = now + 10_000
        queue.add(Happening(kind: .look), at: nextLook)
      }
      guard advance() else { return }
    }
  }

  private func stopFaults() {
    isFaulty = false
    for number in faultsInForce.keys.sorted() {
      guard let force = faultsInForce[number] else { continue }
      if let mask = force.mask, force.isCut { heal(mask) }
      endHalfOpen(force)
    }
    faultsInForce.removeAll()
    for server in servers { server.stop = nil }
    for index in network.links.indices {
      network.links[index].cloggedUntil = 0
      network.links[index].pressure.unlimit()
      relieve(link: index)
      // A link with a long queue is no healed one.
      if network.links[index].lastArrival > now + 50_000 { renewConnection(index) }
    }
    chooseBroken()
    for server in servers where !server.isDestroyed && !broken.contains(server.index) {
      server.slowUntil = 0
      server.syncFails = false
      server.tickPeriod = 10_000
      if !server.isUp { restart(server, after: 1_000) }
      if server.heldUntil > now {
        server.heldUntil = now
        resume(server)
      }
    }
    let gone = ServerMask(servers.filter(\.isDestroyed).map(\.index))
    guard gone.bits != 0 else { return }
    for server in servers where server.isUp { take(.recover(without: gone), at: server) }
    for server in servers where !server.isUp && !server.isDestroyed { recoverAtStart.insert(server.index) }
  }

  /// Some stay cut off for good, as long as the rest is a quorum, and always will be: also where a change that is on
  /// its way, or that one of those proposes who can still be heard, makes one of them the heavy one.
  private func chooseBroken() {
    guard script == nil, faultRandom.chance(permille: 500), checker.epochs.committedIn != nil else { return }
    // One that leaves makes another the heavy one: perhaps the one that would be cut off now.
    if servers.contains(where: { $0.process?.replica.isSomebodyLeaving ?? false }) { return }
    for server in servers where !server.isDestroyed && faultRandom.chance(permille: 400) {
      let rest = checker.epochs.active.allSatisfy { epoch in
        epoch.configuration.members.count {
          $0.server != server.index && !broken.contains($0.server) && holdsState($0)
        } >= epoch.configuration.quorum
      }
      guard rest, servers.allSatisfy({ $0.index == server.index || isAmongActive($0) }) else { continue }
      broken.insert(server.index)
    }
    // Off altogether, or deaf only, or only dumb.
    let apart = self.broken
    let drawn = faultRandom.below(3)
    let manner =
      drawn == 1 && servers.indices.contains { apart.contains($0) && mayStillEvict($0) } ? 0 : drawn
    cut(
      LinkMask(serverCount: servers.count) { from, to in
        (manner != 1 && apart.contains(from)) || (manner != 2 && apart.contains(to))
      })
  }

  /// A deaf primary is still heard: whom it takes out because it no longer hears him the others then lack, and it as
  /// well. No rule of theirs could help.
  private func mayStillEvict(_ server: ServerIndex) -> Bool {
    guard settings.options.evictTicks > 0, let process = servers[server].process else { return false }
    return process.replica.isNormalPrimary || servers[server].heldUntil > now
  }

  /// Whether what this server knows of configurations is what counts now.
  private func isAmongActive(_ server: SimulatedServer) -> Bool {
    guard server.isUp, let id = server.process?.replica.epoch.id else { return false }
    return checker.epochs.active.contains { $0.id == id }
  }

  /// All that are not broken follow one primary in one view, and have executed the same, whole log.
  var isConverged: Bool {
    let live = servers.filter { !$0.isDestroyed && !broken.contains($0.index) }
    guard live.allSatisfy(\.isUp), let first = live.first?.process?.replica, first.isBorn else {
      return false
    }
    guard live.filter({ $0.process!.replica.isNormalPrimary }).count == 1 else { return false }
    return live.allSatisfy { server in
      let replica = server.process!.replica
      return replica.isNormal && replica.isMember && replica.epoch.id == first.epoch.id
        && replica.view == first.view && replica.log.head == replica.commit
        && replica.executed == first.executed && replica.executedDigest == first.executedDigest
        && replica.overlayCount == 0
    }
  }

  func describeServers() -> String {
    servers.map { server in
      guard let replica = server.process?.replica else { return "\(server.index) down" }
      let place = "epoch \(replica.epoch.id.number) view \(replica.view) log view \(replica.logView)"
      let ops = "executed \(replica.executed) commit \(replica.commit) head \(replica.log.head)"
      let role = replica.isNormalPrimary ? "primary" : replica.isMember ? "backup" : "learner"
      let state = replica.isFrozen ? "frozen" : "\(replica.status)"
      return
        "\(server.index)\(replica.overlayCount > 0 ? " keeps \(replica.overlayCount)" : "")\(broken.contains(server.index) ? " (cut off)" : "") \(role) \(state) \(place) \(ops)"
    }.joined(separator: "; ")
  }

  /// A write and a read of every key at every live server: all are done.
  func serveAgain() {
    var fresh: [Int] = []
    for server in servers where server.isUp && !broken.contains(server.index) {
      for key in 0..<min(settings.keyCount, 4) {
        fresh.append(makeRead(clients.slotCount, key, server.index))
      }
      fresh.append(makeDump(clients.slotCount, server.index))
      fresh.append(makePlainWrite(server.index))
    }
    for index in fresh { attempt(index, at: clients.operations[index].server) }
    runUntil(now + Simulation.serviceMax, report.steps + Simulation.settlingStepsMax) {
      self.clients.openCount == 0 && self.checker.requests.openCount == 0
    }
    guard checker.violation == nil else { return }
    for index in fresh {
      let operation = clients.operations[index]
      let outcome = clients.history.operations[operation.historyIndex].outcome
      if case .done = outcome { continue }
      // Contact may be lost for a moment that is long for this run.
      if operation.isDegraded { continue }
      // A store made small for this run may be full: an answer as well.
      let isSmall = settings.limits.storeBytes < Limits.storeBytesDefault
      if case .failed = outcome, !operation.isRead, isSmall { continue }
      let what = operation.isRead ? "\(operation.kind)" : "write"
      return checker.fail(.servesAgain, operation.server, now, "a \(what) after the faults is \(outcome)")
    }
  }

  private func makePlainWrite(_ server: ServerIndex) -> Int {
    let value = Array("last\(server)".utf8)
    let key = server % settings.keyCount
    let place = clients.invoke(client: clients.slotCount, key: key, .write(clients.history.value(value)))
    var operation = Operation(
      client: clients.slotCount, key: key, kind: .set, historyIndex: place, server: server)
    operation.value = value
    return clients.add(operation)
  }
}
