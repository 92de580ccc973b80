import Servers

/// What a run came to.
package struct LoadResult: Sendable {
  /// What the check of the history found.
  package struct CheckFigures: Sendable {
    package var operations: UInt64 = 0
    package var violations: UInt64 = 0
    /// The first of them in full.
    package var texts: [String] = []
    /// Keys that the checker could not decide within its bounds.
    package var undecidedKeys = 0
    /// Keys that could not be read after the load.
    package var unreadKeys = 0
    /// More operations could not be told apart than are held: from then on nothing was checked.
    package var isFull = false

    /// The history was checked to the end, and is linearizable.
    package var isClean: Bool { violations == 0 && undecidedKeys == 0 && unreadKeys == 0 && !isFull }
  }

  /// What the process says of it.
  package enum Status: Int32, Sendable {
    case good = 0
    /// A violation, or a history that could not be kept or checked to its end.
    case violation = 1
    case usage = 2
    /// No host could be reached, or none took the first values.
    case unreachable = 3
    /// Of what was required something was not met.
    case unmet = 4
  }

  package let options: LoadOptions
  package let hosts: [ServerAddress]
  package let end: LoadEngine.End
  package let reads: ActionCounts
  package let writes: ActionCounts
  package let errors: ErrorCounts
  /// The longest times without a success at any host.
  package let readGap: HostTally.Gap
  package let writeGap: HostTally.Gap
  package let hostTallies: [HostTally]
  /// Counted requests drawn, each of which is a success, labelled or an error.
  package let drawn: UInt64
  /// When the counted part began, nanoseconds of the monotonic clock.
  package let measuredFrom: UInt64
  /// Nanoseconds.
  package let elapsed: UInt64
  package let intervals: [Interval]
  package let costs: OwnCosts
  /// Nil where nothing was to be checked.
  package let check: CheckFigures?
  /// Why the history's file is not whole.
  package let fileFault: String?
  /// What the servers run, as one of them said; nil: none did.
  package let serverVersion: String?

  init(
    engine: LoadEngine, hosts: [ServerAddress], ledger: Ledger?, fileFault: String?, intervals: [Interval],
    cost: OwnCosts, serverVersion: String?
  ) {
    self.serverVersion = serverVersion
    options = engine.options
    self.hosts = hosts
    end = engine.end
    reads = engine.tally.told(engine.tally.reads)
    writes = engine.tally.told(engine.tally.writes)
    errors = engine.tally.errors
    readGap = engine.tally.readGap
    writeGap = engine.tally.writeGap
    hostTallies = engine.tally.hosts
    drawn = engine.tally.drawn
    measuredFrom = engine.measuredFrom
    elapsed = engine.measuredTo - min(engine.measuredFrom, engine.measuredTo)
    self.intervals = intervals
    costs = cost
    self.fileFault = fileFault
    check = ledger.map { ledger in
      CheckFigures(
        operations: ledger.checkedCount, violations: ledger.violationCount, texts: ledger.violationTexts,
        undecidedKeys: ledger.undecided.count, unreadKeys: engine.unreadCount, isFull: ledger.isFull)
    }
  }

  package var status: Status {
    if let check, check.violations > 0 { return .violation }
    switch end {
    case .unreachable, .unfilled, .stranded: return .unreachable
    case .whole, .interrupted: break
    }
    return check?.isClean ?? true && fileFault == nil ? .good : .violation
  }

  /// Response times of reads and writes together.
  package var responses: Latencies {
    var all = reads.responses
    all.add(writes.responses)
    return all
  }

  package var successes: UInt64 { reads.successes + writes.successes }

  /// Errors of all counted requests, 0 to 1.
  package var errorShare: Double { drawn == 0 ? 0 : Double(errors.total) / Double(drawn) }

  /// Successes a second.
  package var rate: Double { rate(reads) + rate(writes) }

  package func rate(_ counts: ActionCounts) -> Double {
    elapsed == 0 ? 0 : Double(counts.successes) * Double(Schedule.second) / Double(elapsed)
  }

  /// Of each kind of time, what is told.
  static let percents: [(name: String, percent: Double)] = [
    ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9), ("p99.99", 99.99),
  ]
}
