import Bytes
import KVStore
import VSR

/// One run: servers, network, disks and clients under virtual time, all chance from one seed. Two runs of the
/// same settings and faults are the same, step for step.
package final class Simulation {
  package let settings: Settings
  let plan: Plan
  /// Faults of the plan that do not happen.
  let skipped: Set<Int>
  let rates: Rates

  var now: UInt64 = 0
  var queue = EventQueue()
  var servers: [SimulatedServer] = []
  var network: Network
  /// Where the next frame is cut in two.
  var frameCut: UInt64 = 0
  var checker: Checker
  var clients: Clients
  var faultsInForce: [Int: ForceOfFault] = [:]
  /// Whether faults happen: until the liveness phase.
  var isFaulty = true
  /// Servers left broken in the liveness phase.
  var broken = ServerMask()
  /// They were down when the operator spoke.
  var recoverAtStart = ServerMask()
  var lineagesSeen = 1
  var viewsLeft: [EpochID: View] = [:]
  var script: FaultScript?

  var networkRandom: Random
  var diskRandom: Random
  var clientRandom: Random
  var strictRandom: Random
  var serverRandom: Random
  var faultRandom: Random

  package internal(set) var report: RunReport
  var hash = TraceHash()
  /// Where the trace goes, line by line.
  package var trace: ((String) -> Void)?
  var effects = Effects()
  /// Writes whose keeping this step ended, each with the write that was kept before in the same step.
  var endedKept: [(Digest, [UInt8]?)] = []
  /// Whether each process' events are kept, for `Replay`.
  package var recordsCapsules = false

  package init(_ settings: Settings, skipping skipped: Set<Int> = []) {
    self.settings = settings
    self.skipped = skipped
    plan = Plan(settings)
    rates = Rates(settings)
    network = Network(serverCount: settings.serverCount)
    networkRandom = Random(seed: settings.seed, stream: .network)
    diskRandom = Random(seed: settings.seed, stream: .disk)
    clientRandom = Random(seed: settings.seed, stream: .clients)
    strictRandom = Random(seed: settings.seed, stream: .strictness)
    serverRandom = Random(seed: settings.seed, stream: .servers)
    faultRandom = Random(seed: settings.seed, stream: .faults)
    report = RunReport(seed: settings.seed)
    checker = Checker(serverCount: settings.serverCount)
    checker.requests.kept.storesMayBeFull = settings.limits.storeBytes < Limits.storeBytesDefault
    clients = Clients(settings)
    script = settings.schedule.map { FaultScript($0) }
    for index in 0..<settings.serverCount {
      let disk = SimulatedDisk(incarnation: serverRandom.nextName(), settings: DiskSettings(settings))
      servers.append(SimulatedServer(index: index, disk: disk))
    }
  }

  /// With nobody up there are no steps, and time alone goes on.
  static let faultyTimeMax: UInt64 = 120_000_000

  /// Faults for so many steps; then quiet, until all has converged and been answered.
  package func run() -> RunReport {
    begin()
    if script != nil {
      runScript()
    } else {
      while report.steps < settings.stepsMax, now < Simulation.faultyTimeMax, advance() {}
    }
    if checker.violation == nil { settleDown() }
    if checker.violation == nil { judgeHistory() }
    fillReport()
    return report
  }

  private func begin() {
    for server in servers {
      queue.add(
        Happening(kind: .start, server: UInt8(server.index), life: server.life),
        at: UInt64(serverRandom.spread(mean: 20_000)))
    }
    for (number, fault) in plan.faults.enumerated() {
      guard settings.kinds.contains(fault.kind), !skipped.contains(number) else { continue }
      queue.add(Happening(kind: .faultBegins, slot: UInt32(number)), at: fault.begins)
    }
    beginClients()
  }

  /// The next happening; false when nothing more is to be done.
  func advance() -> Bool {
    guard checker.violation == nil, let (time, happening) = queue.next() else { return false }
    now = time
    clients.now = now
    dispatch(happening)
    return checker.violation == nil
  }

  private func dispatch(_ happening: Happening) {
    let server = servers[Int(happening.server)]
    switch happening.kind {
    case .delivery: arrive(happening)
    case .tick: if isCurrent(happening, server) { onTick(server) }
    case .synced: if isCurrent(happening, server) { onSynced(server) }
    case .snapshotSaved: if isCurrent(happening, server) { onSnapshotSaved(server) }
    case .flush: if isCurrent(happening, server) { flush(server) }
    case .linkReset: if isCurrent(happening, server) { take(.linkReset(Int(happening.peer)), at: server) }
    case .linkHealed: readHeld(link: Int(happening.slot))
    case .resume: if isCurrent(happening, server) { resume(server) }
    case .start: if happening.life == server.life, !server.isUp { start(server) }
    case .faultBegins: beginFault(Int(happening.slot))
    case .faultEnds: endFault(Int(happening.slot))
    case .clientActs: clientActs(Int(happening.slot))
    case .attemptTimesOut: attemptTimesOut(Int(happening.slot), attempt: Int(happening.life))
    case .operationRetries: retry(Int(happening.slot))
    case .look: break
    case .scriptGoesOn: scriptGoesOn()
    case .ends: if isCurrent(happening, server) { crash(server, CrashManner()) }
    }
  }

  private func isCurrent(_ happening: Happening, _ server: SimulatedServer) -> Bool {
    happening.life == server.life && server.isUp
  }

  /// Gives an event to a process, now or, if it is held up, later.
  func take(_ event: Event, at server: SimulatedServer) {
    guard server.isUp else { return }
    if now < server.heldUntil {
      server.inbox.append(event)
    } else {
      step(event, at: server)
    }
  }

  /// The one place where a replica moves.
  func step(_ event: Event, at server: SimulatedServer) {
    guard server.isUp, checker.violation == nil else { return }
    report.steps += 1
    trace?("\(stamp(server)) \(describe(event))")
    hash.mix(now, UInt64(server.index) << 8 | event.code)
    if case .acknowledgeLoss = event { checker.noteAcknowledgement(of: server.process!.replica.epoch) }
    if recordsCapsules { server.capsule.put(event: event) }
    let before = (epoch: server.process!.replica.epoch.id, view: server.process!.replica.view)
    server.process!.replica.step(event, into: &effects)
    noteRelay(event, at: server)
    hash.mix(
      server.process!.replica.log.headDigest.low,
      server.process!.replica.commit << 20 ^ server.process!.replica.view)
    checker.check(server, effects, at: now)
    if !endedKept.isEmpty { checkEnds(at: server) }
    if server.process!.replica.view > before.view, server.process!.replica.epoch.id == before.epoch {
      noteViewLeft(before.view, by: server)
    }
    if script != nil { noteView(of: server) }
    checkLineage(at: server)
    if checker.violation == nil { perform(at: server) }
  }

  private func perform(at server: SimulatedServer) {
    if !effects.journal.isEmpty { write(effects.journal, at: server) }
    if let snapshot = effects.snapshot { save(snapshot, at: server) }
    if let op = effects.recycleThrough { server.disk.recycle(through: op) }
    for (to, message) in effects.messages {
      checker.checkSending(message, to: to, by: server, at: now)
      send(message, to: to)
    }
    if !effects.writeOutcomes.records.isEmpty || !effects.readOutcomes.records.isEmpty
      || !effects.storeOutcomes.isEmpty || !effects.others.isEmpty || !effects.writeFailures.isEmpty
      || !effects.readFailures.isEmpty
    {
      hear(effects, from: server)
    }
  }

  func stamp(_ server: SimulatedServer) -> String {
    let micros = String(now % 1_000_000)
    return "\(now / 1_000_000).\(String(repeating: "0", count: 6 - micros.count))\(micros) \(server.index)"
  }

  private func fillReport() {
    report.virtualTime = now
    report.keptApplied = checker.requests.kept.appliedCount
    report.keptLost = checker.requests.kept.lostCount
    report.traceHash = hash.value
    report.violation = checker.violation
    checker.fill(&report)
    for server in servers { report.add(server.disk.figures) }
    for server in servers where server.isUp {
      report.snapshotsInstalled += server.process!.replica.counters.snapshotsInstalled
    }
  }
}

/// A running hash over everything that happens.
struct TraceHash {
  private(set) var value: UInt64 = 0x51f0_1ab5

  mutating func mix(_ first: UInt64, _ second: UInt64) {
    value = (value ^ first) &* 0x9e37_79b9_7f4a_7c15
    value = (value ^ value >> 29 ^ second) &* 0xbf58_476d_1ce4_e5b9
    value ^= value >> 32
  }
}
