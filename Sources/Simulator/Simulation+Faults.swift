import VSR

/// What a fault in force has to undo at its end.
struct ForceOfFault {
  var mask: LinkMask?
  /// Back-pressure: slow links. Half-open: links that lead nowhere, and who hears of it at the end.
  var pressed: LinkMask?
  var void: LinkMask?
  var told: (peer: ServerIndex, server: ServerIndex)?
  /// Flapping: whether the links are cut right now, and when it is over.
  var isCut = true
  var until: UInt64 = 0
}

extension Simulation {
  func beginFault(_ number: Int) {
    guard isFaulty else { return }
    let fault = plan.faults[number]
    var choice = Random(seed: fault.choice, stream: .faults)
    trace?("\(now) fault \(number): \(fault.kind.rawValue) for \(fault.duration)")
    report.faults[fault.kind.index] += 1
    switch fault.kind {
    case .halves, .isolation, .oneWay, .star, .chain, .badLink: beginPartition(number, fault, &choice)
    case .flapping: beginPartition(number, fault, &choice)
    case .clog: clog(fault, &choice)
    case .reset:
      let first = choice.below(servers.count)
      if servers.count > 1 {
        resetConnection(first, (first + 1 + choice.below(servers.count - 1)) % servers.count)
      }
    case .halfOpen: beginHalfOpen(number, fault, &choice)
    case .backPressure: beginPressure(number, fault, &choice)
    case .crash: crashOne(fault, drawManner(&choice), &choice)
    case .wipe: crashOne(fault, drawManner(&choice, wipes: true), &choice)
    case .bitRot:
      let manner = drawManner(&choice, rots: true)
      if settings.isDurable {
        crashOne(fault, manner, &choice)
      } else {
        report.faults[fault.kind.index] -= 1
      }
    case .crashAll: crashAll(fault, &choice)
    case .pause:
      let server = target(&choice)
      server.troubledAt = now + fault.duration
      hold(server, for: fault.duration)
    case .pauseAll:
      for server in servers where server.isUp { hold(server, for: fault.duration) }
    case .slowLoop:
      let server = target(&choice)
      server.slowUntil = now + fault.duration
      server.slowBy = UInt64(choice.pick([5_000, 30_000, 120_000]))
    case .failedWrite: if settings.isDurable { target(&choice).syncFails = true }
    case .handOver:
      let server = target(&choice)
      server.troubledAt = now
      take(.handOver, at: server)
    case .stop: stopOne(fault, &choice)
    case .acknowledgement: take(.acknowledgeLoss, at: target(&choice))
    case .destruction: destroy(&choice)
    case .attrition: goOnWithAttrition(number)
    case .loss, .duplication, .reordering, .delays, .stray, .slowDisk, .drift, .mixedWire, .unread,
      .lostWrites, .retries, .vanishing, .pipelining, .doubling:
      break
    }
  }

  func endFault(_ number: Int) {
    if plan.faults[number].kind == .attrition { return goOnWithAttrition(number) }
    guard var force = faultsInForce[number] else { return }
    guard let mask = force.mask else { return undo(number, force) }
    if plan.faults[number].kind == .flapping, now < force.until {
      if force.isCut { heal(mask) } else { cut(mask) }
      force.isCut.toggle()
      faultsInForce[number] = force
      return endLater(number, at: now + 5_000 + UInt64(faultRandom.spread(mean: 40_000)))
    }
    faultsInForce[number] = nil
    if force.isCut { heal(mask) }
  }

  private func undo(_ number: Int, _ force: ForceOfFault) {
    faultsInForce[number] = nil
    if let pressed = force.pressed { endPressure(pressed) }
    endHalfOpen(force)
  }

  func endLater(_ number: Int, at time: UInt64) {
    queue.add(Happening(kind: .faultEnds, slot: UInt32(number)), at: time)
  }

  /// The primary rather often, else any.
  func target(_ choice: inout Random) -> SimulatedServer {
    let any = choice.below(servers.count)
    if choice.chance(permille: 400), let primary = currentPrimary { return primary }
    return servers[any]
  }

  /// Of those that hold themselves for primary, the one with the greatest view.
  var currentPrimary: SimulatedServer? {
    var found: SimulatedServer?
    for server in servers where server.isUp && server.process!.replica.isNormalPrimary {
      guard let best = found else {
        found = server
        continue
      }
      let (mine, its) = (server.process!.replica, best.process!.replica)
      if (mine.epoch.id.number, mine.view) > (its.epoch.id.number, its.view) { found = server }
    }
    return found
  }

  // MARK: - Links

  private func beginPartition(_ number: Int, _ fault: PlannedFault, _ choice: inout Random) {
    let mask = partition(fault.kind, &choice)
    faultsInForce[number] = ForceOfFault(mask: mask, until: now + fault.duration)
    cut(mask)
    let first = fault.kind == .flapping ? min(fault.duration, 20_000) : fault.duration
    endLater(number, at: now + first)
  }

  private func partition(_ kind: FaultKind, _ choice: inout Random) -> LinkMask {
    let count = servers.count
    let alone = target(&choice).index
    let sides = choice.next()
    let isIn = choice.chance(permille: 500)
    func side(_ server: ServerIndex) -> Bool { sides >> UInt64(server) & 1 == 1 }
    switch kind {
    case .isolation:
      return LinkMask(serverCount: count) { $0 == alone || $1 == alone }
    case .oneWay:
      // To one, from one, or from one side to the other.
      if choice.chance(permille: 500) { return LinkMask(serverCount: count) { (isIn ? $0 : $1) == alone } }
      return LinkMask(serverCount: count) { side($0) && !side($1) }
    case .star:
      // All reach the one in the middle, and nobody else.
      return LinkMask(serverCount: count) { $0 != alone && $1 != alone }
    case .chain:
      return LinkMask(serverCount: count) { abs($0 - $1) > 1 }
    case .badLink:
      let other = choice.below(servers.count)
      return LinkMask(serverCount: count) {
        min($0, $1) == min(alone, other) && max($0, $1) == max(alone, other)
      }
    case .flapping:
      if choice.chance(permille: 500) { return LinkMask(serverCount: count) { $0 == alone || $1 == alone } }
      return LinkMask(serverCount: count) { side($0) != side($1) }
    default:
      return LinkMask(serverCount: count) { side($0) != side($1) }
    }
  }

  private func clog(_ fault: PlannedFault, _ choice: inout Random) {
    let alone = target(&choice).index
    let isAll = choice.chance(permille: 500)
    let other = choice.below(servers.count)
    for to in 0..<servers.count where to != alone && (isAll || to == other) {
      let index = network.index(alone, to)
      network.links[index].cloggedUntil = max(network.links[index].cloggedUntil, now + fault.duration)
    }
  }

  // MARK: - Processes

  private func crashOne(_ fault: PlannedFault, _ manner: CrashManner, _ choice: inout Random) {
    let server = target(&choice)
    guard server.isUp, mayCrash(server, manner) else {
      report.faults[fault.kind.index] -= 1
      return
    }
    crash(server, manner)
    restart(server, after: fault.duration)
  }

  func drawManner(
    _ choice: inout Random, wipes: Bool = false, rots: Bool = false
  ) -> CrashManner {
    let isSilent = choice.chance(permille: 300)
    let loses = choice.chance(permille: 700) && rates.losesWrites
    if loses { report.faults[FaultKind.lostWrites.index] += 1 }
    return CrashManner(losesWrites: loses, isSilent: isSilent, wipes: wipes, rots: rots)
  }

  private func crashAll(_ fault: PlannedFault, _ choice: inout Random) {
    // Without disks nothing would be left.
    guard settings.isDurable else {
      report.faults[fault.kind.index] -= 1
      return
    }
    for server in servers where server.isUp {
      crash(server, drawManner(&choice))
      restart(server, after: 1 + UInt64(choice.below(Int(fault.duration))))
    }
  }

  private func destroy(_ choice: inout Random) {
    let server = target(&choice)
    let gone = servers.filter(\.isDestroyed).count
    guard !server.isDestroyed, gone + 1 < servers.count, mayLose(server) else {
      report.faults[FaultKind.destruction.index] -= 1
      return
    }
    if server.isUp { crash(server, CrashManner(isSilent: choice.chance(permille: 500), wipes: true)) }
    server.isDestroyed = true
  }

  func mayCrash(_ server: SimulatedServer, _ manner: CrashManner) -> Bool {
    settings.isDurable && !manner.wipes && !manner.rots ? true : mayLose(server)
  }

  /// Whether the promise still holds when this server's state is lost: in every epoch that may decide
  /// something the others that hold theirs are a quorum.
  private func mayLose(_ lost: SimulatedServer) -> Bool {
    if settings.mayLoseQuorum { return isRememberedWithout(lost) }
    return checker.epochs.active.allSatisfy { epoch in
      let weight = epoch.configuration.weight { $0.server != lost.index && holdsState($0) }
      return weight >= epoch.configuration.quorum
    }
  }

  /// Whether somebody else knows of the present lineage: if all is forgotten, that it was is forgotten too.
  private func isRememberedWithout(_ lost: SimulatedServer) -> Bool {
    guard let lineage = checker.lineages.numbers.max() else { return true }
    return servers.contains { server in
      guard server.index != lost.index, !server.isDestroyed, !server.disk.isRotten,
        settings.isDurable || server.isUp
      else {
        return false
      }
      return (server.process?.replica.epoch ?? server.disk.epoch).start.lineage == lineage
    }
  }

  func holdsState(_ member: Member) -> Bool {
    servers[member.server].holdsState(of: member.incarnation, isDurable: settings.isDurable)
  }

  /// A new lineage is in order only where some epoch that may decide has lost its quorum's state.
  func checkLineage(at server: SimulatedServer) {
    guard checker.lineages.count > lineagesSeen else { return }
    lineagesSeen = checker.lineages.count
    guard lineagesSeen > 1, let before = checker.epochs.committedIn else { return }
    let mayDecide = checker.epochs.active.filter {
      $0.start.lineage == before.start.lineage
    }
    let isLost = mayDecide.contains { epoch in
      epoch.configuration.weight { holdsState($0) } < epoch.configuration.quorum
    }
    if !isLost {
      checker.fail(.lineageNeedsLoss, server.index, now, "a new lineage, and nothing was lost")
    }
  }
}
