import KVStore
import VSR

/// How a process ends.
struct CrashManner {
  /// Of what was written and not synced a part only is found again.
  var losesWrites = false
  /// Its peers are not told: the machine went with it.
  var isSilent = false
  /// Its disk is replaced by an empty one.
  var wipes = false
}

extension Simulation {
  func start(_ server: SimulatedServer) {
    guard !server.isDestroyed else { return }
    if let contradiction = server.disk.contradiction {
      return checker.fail(.journalFollows, server.index, now, contradiction)
    }
    let restored = server.disk.restored()
    if restored.log.base > restored.snapshot?.op ?? 0 {
      let detail = "log from \(restored.log.base), snapshot of \(restored.snapshot?.op ?? 0)"
      return checker.fail(.snapshotCoversLog, server.index, now, detail)
    }
    let session = serverRandom.nextName()
    trace?("\(stamp(server)) starts as \(short(restored.incarnation)), run \(short(session))")
    let hashKey = HashKey(serverRandom.next(), serverRandom.next())
    server.process = SimulatedProcess(
      Replica(
        server: server.index, serverCount: settings.serverCount, session: session, restored: restored,
        limits: settings.limits, hashKey: hashKey, options: settings.options))
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
    server.syncTarget = nil
    server.syncFails = false
    server.snapshotUnderWay = nil
    if manner.wipes || !settings.isDurable {
      server.disk.wipe(incarnation: serverRandom.nextName())
    } else {
      let unsynced = server.disk.unsyncedCount
      server.disk.crash(keeping: manner.losesWrites ? diskRandom.below(unsynced + 1) : unsynced)
    }
    checker.checkEnd(server)
    loseRequests(of: session)
    guard !manner.isSilent else { return }
    for other in servers where other.isUp && other.index != server.index {
      if network.links[network.index(server.index, other.index)].cuts == 0 {
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
  }

  /// Nothing happens to the process for so long; then everything at once.
  func hold(_ server: SimulatedServer, for duration: UInt64) {
    server.heldUntil = max(server.heldUntil, now + duration)
    queue.add(
      Happening(kind: .resume, server: UInt8(server.index), life: server.life), at: server.heldUntil)
  }

  func resume(_ server: SimulatedServer) {
    guard now >= server.heldUntil, server.ticksMissed > 0 || !server.inbox.isEmpty else { return }
    if settings.ticksMakeUp {
      let ticks = min(server.ticksMissed, 200)
      for _ in 0..<ticks { step(.tick, at: server) }
    }
    let events = server.inbox
    let life = server.life
    server.inbox.removeAll()
    for event in events where server.life == life { step(event, at: server) }
    if !settings.ticksMakeUp, server.ticksMissed > 0, server.life == life { step(.tick, at: server) }
    server.ticksMissed = 0
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
    server.disk.write(records)
    beginSync(server)
  }

  private func beginSync(_ server: SimulatedServer) {
    guard server.syncTarget == nil, server.disk.unsyncedCount > 0 else { return }
    server.syncTarget = server.disk.written
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
    guard let target = server.syncTarget else { return }
    if server.syncFails {
      crash(server, CrashManner(losesWrites: true))
      return restart(server, after: UInt64(faultRandom.spread(mean: 100_000)))
    }
    server.disk.sync(through: target)
    server.syncTarget = nil
    if let contradiction = server.disk.contradiction {
      return checker.fail(.journalFollows, server.index, now, contradiction)
    }
    take(.synced(target), at: server)
    if server.isUp { beginSync(server) }
  }

  func save(_ snapshot: SnapshotState, at server: SimulatedServer) {
    trace?("  snapshot of op \(snapshot.op)")
    server.snapshotUnderWay = snapshot
    let delay = settings.isDurable ? 100 + diskRandom.spread(mean: settings.syncMean * 4) : 0
    queue.add(
      Happening(kind: .snapshotSaved, server: UInt8(server.index), life: server.life),
      at: now + UInt64(delay))
  }

  func onSnapshotSaved(_ server: SimulatedServer) {
    guard let snapshot = server.snapshotUnderWay else { return }
    server.snapshotUnderWay = nil
    server.disk.save(snapshot)
    take(.snapshotSaved(snapshot.op), at: server)
  }
}
