import Faults
import Foundation

/// What a drill found.
package struct DrillReport {
  package let options: DrillOptions
  package let addresses: [String]
  package let record: FaultRecord
  package let table: FaultTable
  /// What is wrong, in words, beside what the table counts.
  package let findings: [String]
  /// Operations that the exact check has judged.
  package let operations: Int
  package let isInterrupted: Bool

  init(
    options: DrillOptions, addresses: [String], record: FaultRecord, findings: [String], operations: Int,
    isInterrupted: Bool
  ) {
    (self.options, self.addresses, self.record) = (options, addresses, record)
    (self.findings, self.operations, self.isInterrupted) = (findings, operations, isInterrupted)
    table = FaultTable(record)
  }

  /// Every promise was kept.
  package var isClean: Bool { findings.isEmpty && table.total.violations == 0 }

  package var faultCount: Int { record.marks.count(where: \.isFault) }

  /// One line that says what was driven.
  package var title: String {
    let seconds = (record.ends - record.begins) / 1_000_000_000
    let kind: String
    switch options.target {
    case .own(let servers, let isDurable): kind = "\(servers) servers, \(isDurable ? "durable" : "in memory")"
    case .machines(let hosts, by: _): kind = "\(hosts.count) machines"
    case .running(let hosts): kind = "\(hosts.count) running servers, nothing injected"
    }
    return "\(kind), \(seconds) s, \(faultCount) faults, seed \(options.seed)"
  }

  package var verdict: String {
    let sum = table.total
    if isClean { return "0 violations in \(operations) operations" }
    let counted =
      "\(sum.outOfDate) answers out of date, \(sum.wrongOld) wrong old values, \(sum.lost) writes lost"
    return "VIOLATED: \(counted), \(findings.count) findings (\(operations) operations)"
  }

  /// For a terminal.
  package var text: String {
    var text = title + "\n\n" + table.text + "\n"
    text += "*: the fault hit this server. others: the server that stood still longest of those not hit.\n"
    for finding in findings { text += "WRONG: \(finding)\n" }
    return text + verdict + "\n"
  }

  /// Times are nanoseconds.
  package func json() throws -> Data {
    struct Whole: Encodable {
      var title: String
      var isClean: Bool
      var servers: [String]
      var seed: UInt64
      var schedule: String
      var faults: Int
      var operations: Int
      var findings: [String]
      var rows: [FaultRow]
      var total: FaultRow.Counts
      var marks: [FaultMark]
      var views: [ViewMark]
      var begins: UInt64
      var ends: UInt64
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(
      Whole(
        title: title, isClean: isClean, servers: addresses, seed: options.seed,
        schedule: options.schedule.text,
        faults: faultCount, operations: operations, findings: findings, rows: table.rows, total: table.total,
        marks: record.marks, views: record.views, begins: record.begins, ends: record.ends))
  }
}
