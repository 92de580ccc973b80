import VSR

/// A process on its way to an orderly end.
struct OrderlyStop {
  /// When it ends, handed over or not.
  var by: UInt64
  /// How long after its end it starts again; nil: not at all.
  var restartsAfter: UInt64?
}

// Processes that are told to end, as by SIGTERM.
extension Simulation {
  /// Microseconds: what a server allows itself.
  static let stopMax: UInt64 = 1_800_000

  func stopOne(_ fault: PlannedFault, _ choice: inout Random) {
    let server = target(&choice)
    guard server.isUp, server.stop == nil, mayCrash(server, CrashManner()) else {
      report.faults[FaultKind.stop.index] -= 1
      return
    }
    stop(server, restartsAfter: fault.duration)
  }

  /// It takes no more requests, answers what it has, and ends once that is done and the others can go on.
  private func stop(_ server: SimulatedServer, restartsAfter: UInt64?) {
    trace?("\(stamp(server)) is told to end")
    server.troubledAt = now
    server.stop = OrderlyStop(by: now + Simulation.stopMax, restartsAfter: restartsAfter)
    take(.handOver, at: server)
  }

  /// On every tick.
  func endIfHandedOver(_ server: SimulatedServer) {
    guard server.isUp, let stop = server.stop else { return }
    let isHandedOver = server.process!.look { $0.servesAlone || $0.isHandedOver } && server.front.isEmpty
    guard isHandedOver || now >= stop.by else { return }
    // Faults may have made it one whose state must not be lost: then it goes on.
    guard !isFaulty || mayCrash(server, CrashManner()) else {
      server.stop = nil
      return
    }
    if !isFaulty, !isHandedOver {
      return checker.fail(.lastServes, server.index, now, "cannot hand over: \(describeServers())")
    }
    crash(server, CrashManner())
    if let delay = stop.restartsAfter { restart(server, after: delay) }
  }

  /// At the end of a run: all that are not cut off are told to end, one after another, each as soon as the one before
  /// has, and those who are left serve on, down to the last.
  func endOneAfterAnother() {
    guard script == nil, settings.wire == .two, !settings.kinds.contains(.mixedWire),
      faultRandom.chance(permille: 500)
    else { return }
    // Until it is known who is cut off, and forgotten who was told to end before and is not to any more; who lost its
    // vote over that has it again.
    let rest = now + 10_000 * (settings.options.leaveTicks + settings.options.silenceTicksMax)
    let deadline = rest + 10_000 * 2 * settings.options.returnTicksMax + Simulation.stopMax
    runUntil(deadline, report.steps + Simulation.settlingStepsMax) { self.now >= rest && self.isConverged }
    guard checker.violation == nil, isConverged else { return }
    var left = servers.filter { $0.isUp && !broken.contains($0.index) }
    while left.count > 1, checker.violation == nil {
      let server = left.remove(at: faultRandom.below(left.count))
      stop(server, restartsAfter: nil)
      runUntil(now + 2 * Simulation.stopMax, report.steps + Simulation.settlingStepsMax) { !server.isUp }
      guard checker.violation == nil else { return }
      if server.isUp { checker.fail(.lastServes, server.index, now, "does not end") }
      if checker.violation == nil { serveAgain() }
    }
  }
}
