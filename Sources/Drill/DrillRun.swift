import Faults
import Foundation
import History
import UV

/// One drill: servers, clients, faults by a schedule, repair, and the judgement of what was seen.
///
/// Everything happens on one loop, which is turned here between the steps of the schedule; nothing of this runs
/// within its callbacks.
package final class DrillRun {
  /// A cluster that is not well again after so long has a fault of its own, seconds.
  static let settleSeconds = 45.0
  /// For a primary to be known when a fault asks for one, seconds.
  static let primarySeconds = 10.0

  package enum Failure: Error, CustomStringConvertible {
    /// The schedule cannot be carried out here.
    case impossible(String)

    package var description: String {
      switch self {
      case .impossible(let reason): reason
      }
    }
  }

  let options: DrillOptions
  let loop: Loop
  let scratch: Scratch
  let cluster: Cluster
  let network: (any CuttableGround)?
  let machines: MachineGround?
  let workload: Workload
  private(set) var watch: StatusWatch!
  private var runners: [ClientRunner] = []
  private var load: LoadRunner?
  private var signals: [UV.Signal] = []
  private var seconds: UV.Timer?
  private(set) var isInterrupted = false

  var course = FaultCourse()
  /// What is wrong beside the answers, in words.
  private(set) var findings: [String] = []
  /// When the clients began, nanoseconds.
  private(set) var begins: UInt64 = 0
  /// Each second, a line.
  package var onLine: (String) -> Void = { _ in }
  private var live = LiveFigures()

  package init(_ options: DrillOptions) throws {
    ignoreBrokenPipes()
    self.options = options
    loop = try Loop()
    scratch = try Scratch()
    let ground: any Ground
    let keeping: Cluster.Keeping
    switch options.target {
    case .own(let servers, let isDurable):
      keeping = isDurable ? .durable : .memory
      let obstacle = NamespaceGround.obstacle(loop: loop, scratch: scratch)
      if options.schedule.needsCuts, let obstacle { throw Failure.impossible(obstacle) }
      if options.schedule.needsMachines { throw Failure.impossible("the schedule needs machines") }
      network = obstacle == nil ? try NamespaceGround(servers: servers, loop: loop, scratch: scratch) : nil
      ground = network ?? LoopbackGround(servers: servers)
      machines = nil
      cluster = try Cluster(servers, keeping, on: ground, loop: loop, scratch: scratch)
      cluster.moreArguments = options.nodeArguments
    case .machines(let addresses, by: let program):
      let own = try MachineGround(addresses, actuator: program, loop: loop, scratch: scratch)
      (keeping, ground, network, machines) = (.durable, own, own, own)
      cluster = try Cluster(addresses.count, keeping, on: ground, loop: loop, scratch: scratch)
    case .running(let addresses):
      (keeping, network, machines) = (.durable, nil, nil)
      ground = try ForeignGround(addresses, loop: loop)
      cluster = try Cluster(addresses.count, keeping, on: ground, loop: loop, scratch: scratch)
    }
    var settings = Workload.Settings()
    settings.deletes = false
    settings.keyCount = 16
    settings.readersPerServer = 1
    settings.keyPrefix = "drill-\(String(UInt64.random(in: 0..<(1 << 40)), radix: 36))-"
    workload = Workload(cluster, settings, seed: options.seed)
  }

  /// Whether this process may make the networks that cuts need; else why not.
  package static func obstacleToCuts() throws -> String? {
    let loop = try Loop()
    defer { _ = loop.close() }
    return NamespaceGround.obstacle(loop: loop, scratch: try Scratch())
  }

  /// Throws where the drill could not be made; what went wrong in it is in the report.
  package func run() throws -> DrillReport {
    defer { close() }
    do {
      try prepare()
    } catch let failure as Cluster.Failure {
      throw Failure.impossible("the drill did not begin: \(failure)")
    }
    do {
      try carryOut()
      try repair()
    } catch let failure as Cluster.Failure {
      note("\(failure)")
    }
    stopClients()
    return judge()
  }

  func note(_ finding: String) {
    findings.append(finding)
    onLine("WRONG: \(finding)")
  }

  private func prepare() throws {
    if isOwn {
      try machines?.mend()
      for server in cluster.all { try cluster.start(server) }
      try cluster.waitUntilWell()
      try machines?.countCrashes()
    }
    for number in [SIGINT, SIGTERM] {
      signals.append(
        try UV.Signal(loop, number) { [unowned self] in
          if isInterrupted { exit(1) }
          isInterrupted = true
        })
    }
    signals.append(
      try UV.Signal(loop, SIGCHLD) { [unowned self] in for runner in runners { runner.look() } })
    watch = StatusWatch(cluster)
    begins = Clock.nanoseconds
    workload.start()
    try startPrograms()
    let seconds = UV.Timer(loop) { [unowned self] in showLine() }
    seconds.start(after: 1000, repeating: 1000)
    self.seconds = seconds
    if isOwn { try workload.waitForProgress(at: cluster.all) }
  }

  private func startPrograms() throws {
    let directory = try scratch.directory("clients")
    let hosts = cluster.all.map { Optional($0) } + [nil, nil]
    for (number, host) in (0..<options.clientsPerServer).flatMap({ _ in hosts }).enumerated() {
      let runner = ClientRunner(
        number, server: host, workload: workload, directory: directory, seed: options.seed)
      runners.append(runner)
      runner.start()
    }
    if options.loadRate > 0 {
      load = try LoadRunner(
        cluster, rate: options.loadRate, seed: options.seed, seconds: DrillOptions.secondsMax)
    }
  }

  private func carryOut() throws {
    let clock = ScheduleClock()
    for entry in options.schedule.entries {
      try pass(until: entry.at, clock)
      if isInterrupted { return }
      if entry.command == .settle {
        let begin = Clock.nanoseconds
        settle()
        clock.stood += Clock.nanoseconds - begin
      } else {
        try carryOut(entry.command, moment: entry.at)
      }
    }
    try pass(until: options.schedule.end, clock)
  }

  /// Lets time go by until the schedule's clock says so.
  private func pass(until milliseconds: UInt64, _ clock: ScheduleClock) throws {
    let seconds = Double(milliseconds) / 1000 + Cluster.patienceSeconds
    _ = try loop.turn(seconds: seconds) {
      try cluster.checkProcesses()
      return isInterrupted || clock.milliseconds >= milliseconds
    }
  }

  private func settle() {
    do {
      try cluster.waitUntilWell(cluster.running, seconds: Self.settleSeconds)
    } catch {
      note("not well \(Int(Self.settleSeconds)) s after a repair: \(error)")
    }
  }

  /// Everything is healed, and all must become one again.
  private func repair() throws {
    guard isOwn else { return }
    try network?.heal()
    for server in cluster.all {
      cluster.resume(server)
      if !cluster.isRunning(server) { try cluster.start(server) }
    }
    try machines?.setClocksRight()
    try cluster.waitUntilWell()
    for crash in try machines?.findCrashes() ?? [] { note(crash) }
  }

  private func stopClients() {
    runners.forEach { $0.stop() }
    load?.stop()
    do {
      try workload.stop()
      try cluster.wait("the last kvclient and kvload") {
        runners.forEach { $0.look() }
        return runners.allSatisfy(\.isIdle) && (load == nil || load?.exitStatus != nil)
      }
    } catch {
      note("\(error)")
    }
  }

  private func close() {
    runners.forEach { $0.close() }
    load?.end()
    workload.close()
    watch?.close()
    seconds?.close()
    signals.forEach { $0.close() }
    cluster.end()
    _ = loop.close()
  }

  /// Its servers are harmed, and repaired.
  var isOwn: Bool {
    switch options.target {
    case .own, .machines: true
    case .running: false
    }
  }

  private func showLine() {
    onLine(live.line(self))
  }
}

/// The schedule's time: real time without the waits for the cluster to settle.
private final class ScheduleClock {
  private let start = Clock.nanoseconds
  /// Nanoseconds that it stood.
  var stood: UInt64 = 0

  var milliseconds: UInt64 { (Clock.nanoseconds - start - stood) / 1_000_000 }
}

// The judgement
extension DrillRun {
  /// Characters of one violation that are shown.
  private static let explanationMax = 2_000

  private func judge() -> DrillReport {
    let ends = Clock.nanoseconds
    if isOwn { agree() } else { findings += cluster.readEverything(workload) }
    let recorder = workload.recorder
    findings += recorder.unexpected
    var record = FaultRecord(serverCount: cluster.count, begins: begins, ends: ends)
    record.marks = course.marks
    record.views = watch.views
    record.sightings = recorder.sightings
    record.wrongs = WrongAnswer.all(in: recorder.history)
    var operations = judge(recorder.history)
    if let load {
      if let finding = load.finding { note(finding) }
      do {
        let (history, sightings) = try load.read()
        record.sightings += sightings.filter { $0.asked >= begins }
        record.wrongs += WrongAnswer.all(in: history)
        operations += judge(history)
      } catch {
        note("kvload's history: \(error)")
      }
    }
    return DrillReport(
      options: options, addresses: cluster.all.map(cluster.ground.address), record: record,
      findings: findings,
      operations: operations, isInterrupted: isInterrupted)
  }

  private func agree() {
    do {
      try cluster.settle()
      findings += cluster.readEverything(workload) + cluster.compareDumps()
    } catch {
      note("no agreement in the end: \(error)")
    }
  }

  /// Exactly, key by key; how many operations were judged.
  private func judge(_ history: History) -> Int {
    let verdict = check(history)
    for violation in verdict.violations {
      var text = violation.explain(history)
      while text.hasSuffix("\n") { text.removeLast() }
      findings.append("not linearizable: \(text.prefix(Self.explanationMax))")
    }
    for key in verdict.gaveUp {
      let name = String(decoding: history.keys.bytes(of: key), as: UTF8.self)
      findings.append("undecided about \(name): too many ways to order it")
    }
    return verdict.operations
  }
}
