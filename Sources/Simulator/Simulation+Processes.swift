import KVStore
import VSR
import Wire

/// How a process ends.
struct CrashManner {
  /// Of what was written and not synced a part only is found again.
  var losesWrites = false
  /// Its peers are not told: the machine went with it.
  var isSilent = false
  /// Its disk is replaced by an empty one.
  var wipes = false
  /// It keeps something else than it was told to.
  var rots = false
}

extension Simulation {
  func start(_ server: SimulatedServer) {
    guard !server.isDestroyed else { return }
    let hashKey = HashKey(serverRandom.next(), serverRandom.next())
    let fresh = serverRandom.nextName()
    let session = serverRandom.nextName()
    let restored: Restored
    switch server.disk.open(
      hashKey: hashKey, fresh: fresh, random: &diskRandom, mayStop: isFaulty && rates.losesWrites)
    {
    case .restored(let found): restored = found
    case .violation(let rule, let detail): return checker.fail(rule, server.index, now, detail)
    }
    server.troubledAt = now
    server.wire = drawWire(server)
    renewConnections(of: server.index)
    trace?("\(stamp(server)) starts as \(short(restored.incarnation)), run \(short(session))")
    let begin = CapsuleStart(
      server: server.index, serverCount: settings.serverCount, session: session, restored: restored,
      limits: settings.limits, hashKey: hashKey, options: settings.options)
    if recordsCapsules {
      server.capsule.removeAll()
      server.capsule.put(begin)
    }
    server.process = SimulatedProcess(begin.replica)
    server.front = Front()
    let drift = rates.driftPermille
    server.tickPeriod = UInt64(10_000 + 10 * (drift > 0 ? serverRandom.between(-drift...drift) : 0))
    queue.add(
      Happening(kind: .tick, server: UInt8(server.index), life: server.life),
      at: now + UInt64(serverRandom.below(10_000)))
    checker.checkStart(server, at: now)
    guard recoverAtStart.contains(server.index) else { return }
    step(.recover(without: ServerMask(servers.filter(\.isDestroyed).map(\.index))), at: server)
  }

  /// The program that is started: the same all the time, or another each time.
  private func drawWire(_ server: SimulatedServer) -> WireVersion {
    guard settings.kinds.contains(.mixedWire) else { return settings.wire }
    var choice = Random(
      seed: settings.seed &+ UInt64(server.life) << 3 &+ UInt64(server.index), stream: .wire)
    report.faults[FaultKind.mixedWire.index] += 1
    return choice.pick([.one, .two])
  }

  /// - Precondition: it is up.
  func crash(_ server: SimulatedServer, _ manner: CrashManner) {
    trace?("\(stamp(server)) crashes, \(manner)")
    let session = server.process!.replica.session
    server.process = nil
    server.life += 1
    server.heldUntil = 0
    server.slowUntil = 0
    server.inbox.removeAll()
    server.ticksMissed = 0
    server.isSyncing = false
    server.syncFails = false
    server.snapshotUnderWay = nil
    server.stop = nil
    if manner.wipes || !settings.isDurable {
      server.disk.reset(incarnation: serverRandom.nextName())
    } else {
      server.disk.crash(losesCache: manner.losesWrites || manner.rots, &diskRandom)
      if manner.rots { server.disk.rot(&diskRandom) }
    }
    checker.checkEnd(server)
    loseRequests(of: session)
    guard !manner.isSilent else { return }
    for other in servers where other.isUp && other.index != server.index {
      if network.links[network.index(server.index, other.index)].cuts == 0 {
        loseUnread(at: other, from: server.index)
        reset(peer: server.index, toldTo: other.index)
      }
    }
  }

  func restart(_ server: SimulatedServer, after delay: UInt64) {
    queue.add(Happening(kind: .start, server: UInt8(server.index), life: server.life), at: now + delay)
  }

  // MARK: - Time

  func onTick(_ server: SimulatedServer) {
    queue.add(
      Happening(kind: .tick, server: UInt8(server.index), life: server.life), at: now + server.tickPeriod)
    if now < server.heldUntil {
      server.ticksMissed += 1
      return
    }
    if now < server.slowUntil, faultRandom.chance(permille: 300) {
      server.ticksMissed += 1
      return hold(server, for: 1 + server.slowBy)
    }
    step(.tick, at: server)
    endIfHandedOver(server)
  }

  /// Nothing happens to the process for so long; then everything at once.
  func hold(_ server: SimulatedServer, for duration: UInt64) {
    server.heldUntil = max(server.heldUntil, now + duration)
    queue.add(
      Happening(kind: .resume, server: UInt8(server.index), life: server.life), at: server.heldUntil)
  }

  func resume(_ server: SimulatedServer) {
    guard now >= server.heldUntil, server.ticksMissed > 0 || !server.inbox.isEmpty else { return }
    let missed = server.ticksMissed
    let life = server.life
    server.ticksMissed = 0
    if settings.stalls != .toldAfterReading { makeUp(missed, at: server) }
    let events = server.inbox
    server.inbox.removeAll()
    for event in events where server.life == life { step(event, at: server) }
    if settings.stalls == .toldAfterReading, server.life == life { makeUp(missed, at: server) }
  }

  private func makeUp(_ missed: Int, at server: SimulatedServer) {
    guard settings.stalls == .madeUp || UInt64(missed) < settings.options.stallTicksMin else {
      return step(.stalled(ticks: UInt64(missed)), at: server)
    }
    for _ in 0..<min(missed, 200) { step(.tick, at: server) }
  }

  func flush(_ server: SimulatedServer) {
    guard now >= server.heldUntil else {
      queue.add(
        Happening(kind: .flush, server: UInt8(server.index), life: server.life), at: server.heldUntil + 1)
      return
    }
    server.front.isFlushAsked = false
    for group in server.front.takeWrites() { step(group, at: server) }
    if server.isUp, !server.front.reads.isEmpty { step(server.front.takeReads(), at: server) }
  }

  // MARK: - Disk

  func write(_ records: [JournalRecord], at server: SimulatedServer) {
    for record in records { trace?("  journal \(describe(record))") }
    guard server.disk.isBegun || server.disk.isBeginning(records[0]) else {
      return checker.fail(
        .journalFollows, server.index, now, "the first record does not say where it goes on")
    }
    server.disk.write(records)
    beginSync(server)
  }

  private func beginSync(_ server: SimulatedServer) {
    guard !server.isSyncing, server.disk.needsSync else { return }
    server.isSyncing = true
    server.disk.beginSync()
    var delay = 0
    if settings.isDurable {
      delay = 10 + diskRandom.spread(mean: settings.syncMean)
      if isFaulty, diskRandom.chance(permille: rates.slowSyncPermille) {
        report.faults[FaultKind.slowDisk.index] += 1
        delay += diskRandom.spread(mean: settings.slowSyncMean)
      }
    }
    queue.add(
      Happening(kind: .synced, server: UInt8(server.index), life: server.life), at: now + UInt64(delay))
  }

  func onSynced(_ server: SimulatedServer) {
    guard server.isSyncing else { return }
    if server.syncFails {
      crash(server, CrashManner(losesWrites: true))
      return restart(server, after: UInt64(faultRandom.spread(mean: 100_000)))
    }
    let synced = server.disk.endSync()
    server.isSyncing = false
    if let contradiction = server.disk.contradiction {
      return checker.fail(.journalFollows, server.index, now, contradiction)
    }
    take(.synced(synced), at: server)
    if server.isUp { beginSync(server) }
  }

  func save(_ snapshot: SnapshotState, at server: SimulatedServer) {
    trace?("  snapshot of op \(snapshot.op)")
    server.snapshotUnderWay = snapshot.op
    server.disk.beginSnapshot(snapshot)
    let delay = settings.isDurable ? 100 + diskRandom.spread(mean: settings.syncMean * 4) : 0
    queue.add(
      Happening(kind: .snapshotSaved, server: UInt8(server.index), life: server.life),
      at: now + UInt64(delay))
  }

  func onSnapshotSaved(_ server: SimulatedServer) {
    guard let op = server.snapshotUnderWay else { return }
    server.snapshotUnderWay = nil
    server.disk.endSnapshot()
    take(.snapshotSaved(op), at: server)
  }
}
