import Simulator

/// Sums over runs; travels from a worker as one line of numbers.
struct Summary {
  private static let names = [
    "seeds", "events", "microseconds", "ops committed", "views", "views left needlessly", "epochs",
    "lineages", "snapshots installed",
    "reads", "dumps", "writes", "refused", "unknown", "degraded", "kept applied", "kept lost", "messages",
    "bytes",
    "undecided keys", "segments", "segments recycled", "openings torn", "openings interrupted",
    "openings damaged",
  ]

  private var counts = [Int](repeating: 0, count: Summary.names.count)
  private var faults = [Int](repeating: 0, count: FaultKind.allCases.count)
  /// Order of the runs does not count.
  private(set) var traceHash: UInt64 = 0

  init() {}

  init(_ report: RunReport) {
    counts = [
      1, report.steps, Int(report.virtualTime), report.opsCommitted, report.viewChanges,
      report.viewsLeftNeedlessly, report.epochs, report.lineages, report.snapshotsInstalled, report.readsDone,
      report.dumpsDone, report.writesDone,
      report.refused, report.unknown, report.degraded, report.keptApplied, report.keptLost, report.messages,
      report.bytes, report.undecided, report.segments,
      report.segmentsRecycled, report.openingsTorn, report.openingsInterrupted, report.openingsDamaged,
    ]
    faults = report.faults
    traceHash = report.traceHash
  }

  var seeds: Int { counts[0] }
  var events: Int { counts[1] }

  var line: String {
    let numbers = (counts + faults).map(String.init).joined(separator: " ")
    return "ran \(traceHash) \(numbers)"
  }

  /// Nil if it is another line.
  init?(line: String) {
    let fields = line.split(separator: " ")
    guard fields.count == 2 + counts.count + faults.count, fields[0] == "ran", let hash = UInt64(fields[1])
    else {
      return nil
    }
    let numbers = fields.dropFirst(2).compactMap { Int($0) }
    counts = Array(numbers.prefix(counts.count))
    faults = Array(numbers.suffix(faults.count))
    traceHash = hash
  }

  mutating func add(_ other: Summary) {
    for index in counts.indices { counts[index] += other.counts[index] }
    for index in faults.indices { faults[index] += other.faults[index] }
    traceHash &+= other.traceHash
  }

  func text(seconds: Double) -> String {
    var lines: [String] = []
    for (name, count) in zip(Summary.names, counts) where name != "microseconds" {
      lines.append("\(name) \(count)")
    }
    lines.append("virtual seconds \(counts[2] / 1_000_000)")
    let kinds = zip(FaultKind.allCases, faults).map { "\($0.rawValue) \($1)" }
    lines.append("faults: " + kinds.joined(separator: ", "))
    lines.append("events per second \(Int(Double(events) / max(seconds, 0.001)))")
    lines.append("trace hash \(traceHash)")
    return lines.joined(separator: "\n")
  }
}
