import Servers
import UV

/// A run of the load on a loop: its connections and timers around the engine that decides.
package final class LoadRun {
  /// Milliseconds between looks at what time brings: redials, time-outs, the end of a part.
  static let tickMilliseconds: UInt64 = 10
  /// An interval shorter than this, nanoseconds, is the rest of a second and has no line of its own.
  static let shownMin: UInt64 = 100_000_000
  /// Seconds that are kept one by one for the result.
  static let intervalsMax = 100_000

  let loop: Loop
  let options: LoadOptions
  let hosts: [ServerAddress]
  private(set) var engine: LoadEngine!
  private var connections: [LoadConnection] = []
  /// Connections with something to flush.
  private var touched: [LoadConnection] = []
  private var ticks: Timer?
  private var seconds: Timer?
  private var ticker: Ticker?
  private let poll: StatusPoll
  private var ledger: Ledger?
  private var file: HistoryFile?
  private var meter = OwnMeter()
  private var intervals: [Interval] = []
  private var hasEnded = false

  /// Each second of the run, and what is known of the cluster then.
  package var onInterval: (Interval, ClusterView?, LoadEngine.Part) -> Void = { _, _, _ in }
  /// Each violation when it is found, in full.
  package var onViolation: (String) -> Void = { _ in }
  /// Once, when all is over and everything of the run is closed.
  package var onEnd: (LoadResult) -> Void = { _ in }

  /// `hosts`: at least one, and not more than connections.
  package init(_ loop: Loop, _ options: LoadOptions, hosts: [ServerAddress]) {
    precondition(!hosts.isEmpty && hosts.count <= options.connections)
    self.loop = loop
    self.options = options
    self.hosts = hosts
    poll = StatusPoll(loop, hosts)
  }

  /// Begins. `failed` is called, in the loop, if the history's file cannot be created, and nothing else happens.
  package func start(failed: @escaping (UVError) -> Void) throws(UVError) {
    ticker = try Ticker(loop) { [unowned self] in pumpAll(at: Clock.nanoseconds) }
    guard let path = options.historyFile else { return begin(nil) }
    HistoryFile.open(loop, path) { [self] opened in
      switch opened {
      case .success(let file): begin(file)
      case .failure(let error):
        ticker?.close()
        failed(error)
      }
    }
  }

  private func begin(_ file: HistoryFile?) {
    self.file = file
    if options.checks {
      let ledger = Ledger(options)
      ledger.onViolation = { [unowned self] in onViolation($0) }
      self.ledger = ledger
    }
    engine = LoadEngine(options, hosts: hosts.count, ledger: ledger, file: file, at: Clock.nanoseconds)
    let values = ValueText(options)
    let templates = hosts.map {
      RequestTemplate(host: Array($0.text.utf8), keys: engine.keys, values: values)
    }
    connections = (0..<options.connections).map { index in
      let host = engine.host(of: index)
      return LoadConnection(index, to: hosts[host], template: templates[host], run: self, engine: engine)
    }
    file?.append { Self.putHead(options, hosts, into: &$0) }
    startTimers()
  }

  /// Who is who in the file: the format has room for clients only.
  private static func putHead(_ options: LoadOptions, _ hosts: [ServerAddress], into text: inout [UInt8]) {
    text += "# kvload --seed \(options.seed); times in nanoseconds of the monotonic clock\n".utf8
    for (index, host) in hosts.enumerated() {
      text += "# clients \(index), \(index + hosts.count) … talk to \(host.text)\n".utf8
    }
  }

  private func startTimers() {
    let ticks = Timer(loop) { [unowned self] in tick() }
    ticks.start(after: 0, repeating: Self.tickMilliseconds)
    self.ticks = ticks
    let seconds = Timer(loop) { [unowned self] in endSecond() }
    seconds.start(after: 1000, repeating: 1000)
    self.seconds = seconds
    poll.ask()
  }

  /// Ends the load before its time; the end follows when the last replies have come.
  package func interrupt() {
    guard let engine, !hasEnded else { return }
    let (now, before) = (Clock.nanoseconds, engine.part)
    engine.interrupt(at: now)
    if engine.part != before { enterPart(at: now) }
  }

  // Sending

  /// Hands out what is to be sent now over the connections of a lane.
  @inline(__always)
  func pump(lane: Int, at now: UInt64) {
    while let (connection, request) = engine.assign(lane: lane, at: now) {
      let connection = connections[connection]
      if connection.put(request) { touched.append(connection) }
    }
    for connection in touched { connection.flush() }
    touched.removeAll(keepingCapacity: true)
  }

  private func pumpAll(at now: UInt64) {
    for lane in engine.lanes.indices { pump(lane: lane, at: now) }
  }

  // Time

  private func tick() {
    let now = Clock.nanoseconds
    meter.tick(at: now, engine)
    for connection in connections { connection.tick(milliseconds: loop.now, nanoseconds: now) }
    while engine.advance(at: now) { enterPart(at: now) }
    pumpAll(at: now)
  }

  private func enterPart(at now: UInt64) {
    switch engine.part {
    case .filling: break
    case .loading:
      meter.begin()
      seconds?.start(after: 1000, repeating: 1000)
      if let schedule = engine.schedule { ticker?.start(at: schedule.start, every: schedule.interval) }
    case .draining:
      meter.end(at: now)
      ticker?.stop()
    case .finalReading:
      if engine.hasLoaded { endInterval(of: .draining, at: now) }
      seconds?.start(after: 1000, repeating: 1000)
    case .ended:
      if engine.hasLoaded, !options.checks { endInterval(of: .draining, at: now) }
      finish()
    }
  }

  private func endSecond() {
    poll.ask()
    endInterval(of: engine.part, at: Clock.nanoseconds)
  }

  private func endInterval(of part: LoadEngine.Part, at now: UInt64) {
    var interval = engine.takeInterval(at: now)
    interval.cluster = poll.latest
    if part == .loading || part == .draining, intervals.count < Self.intervalsMax {
      intervals.append(interval)
    }
    if interval.length >= Self.shownMin { onInterval(interval, poll.latest, part) }
  }

  private func finish() {
    guard !hasEnded else { return }
    hasEnded = true
    for connection in connections { connection.close() }
    ticks?.close()
    seconds?.close()
    ticker?.close()
    poll.close()
    ledger?.finish()
    guard let file else { return conclude(fileFault: nil) }
    file.finish { [self] fault in conclude(fileFault: fault) }
  }

  private func conclude(fileFault: String?) {
    let result = LoadResult(
      engine: engine, hosts: hosts, ledger: ledger, fileFault: fileFault, intervals: intervals,
      cost: meter.cost, serverVersion: poll.version)
    onEnd(result)
    onEnd = { _ in }
  }
}
