import Foundation
import History
import UV
import XCTest

@testable import Drill

extension TrialCase {
  /// Characters of a violation that are shown; the whole is in the history that is kept.
  private static let explanationMax = 2_000

  /// Ends the clients, waits for quiet, and holds everything to the promise: all servers agree, and an order of
  /// all operations explains what the clients and the final reads at every server saw.
  func conclude(file: StaticString = #filePath, line: UInt = #line) throws {
    guard let workload else { preconditionFailure("no clients to conclude") }
    try workload.stop()
    let position = try settle()
    for finding in cluster.readEverything(workload) + cluster.compareDumps() {
      XCTFail(finding, file: file, line: line)
    }
    XCTAssertEqual(cluster.statuses(of: cluster.all).map { $0?.position }, cluster.all.map { _ in position })
    judge(workload.recorder, file: file, line: line)
  }

  @discardableResult
  func settle() throws -> String { try cluster.settle() }

  /// Exactly, key by key; see docs/history.md.
  func judge(_ recorder: Recorder, file: StaticString, line: UInt) {
    let verdict = check(recorder.history)
    for violation in verdict.violations {
      let explanation = violation.explain(recorder.history).prefix(TrialCase.explanationMax)
      XCTFail("not linearizable: \(explanation)", file: file, line: line)
    }
    for key in verdict.gaveUp {
      let name = text(recorder.history.keys.bytes(of: key))
      XCTFail("undecided about \(name): too many ways to order it", file: file, line: line)
    }
    XCTAssertEqual(recorder.unexpected, [], "what no server may answer", file: file, line: line)
    print("\(name): \(verdict.operations) operations, \(recorder.counts)")
  }

  private func text(_ key: [UInt8]) -> String { String(decoding: key, as: UTF8.self) }
}
