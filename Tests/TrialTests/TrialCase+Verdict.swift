import Foundation
import History
import UV
import XCTest

extension TrialCase {
  /// The clients of the final reads, in the history.
  private static let firstReader: UInt32 = 1_000_000
  /// Characters of a violation that are shown; the whole is in the history that is kept.
  private static let explanationMax = 2_000

  /// Ends the clients, waits for quiet, and holds everything to the promise: all servers agree, and an order of
  /// all operations explains what the clients and the final reads at every server saw.
  func conclude(file: StaticString = #filePath, line: UInt = #line) throws {
    guard let workload else { preconditionFailure("no clients to conclude") }
    try workload.stop()
    let position = try settle()
    readEverything(workload, file: file, line: line)
    compareDumps(file: file, line: line)
    XCTAssertEqual(cluster.statuses(of: cluster.all).map { $0?.position }, cluster.all.map { _ in position })
    judge(workload.recorder, file: file, line: line)
  }

  /// Waits until all are well and stand at one position; that position.
  @discardableResult
  func settle() throws -> String {
    try cluster.waitUntilWell()
    var position = ""
    try cluster.waitForStatus("all being at one commit", of: cluster.all) { known in
      position = known[0].position
      return known.allSatisfy { $0.position == position && $0.op == $0.commit && !$0.lossPossible }
    }
    return position
  }

  private func readEverything(_ workload: Workload, file: StaticString, line: UInt) {
    for key in workload.keys {
      var values: Set<[UInt8]?> = []
      let questions = cluster.ask(cluster.all, keyLength: key.count) { writer, output in
        PlannedOperation(key: key, action: .read).put(writer, isStrict: true, into: &output)
      }
      for (server, question) in questions.enumerated() {
        guard let reply = question.reply, reply.status == 200, !reply.isLabelled else {
          let said = question.reply.map { "\($0.status) \($0.text)" } ?? question.fault ?? "nothing"
          XCTFail("server \(server) does not read at the end: \(said)", file: file, line: line)
          continue
        }
        values.insert(reply.value)
        workload.recorder.addRead(
          client: TrialCase.firstReader + UInt32(server), key: key, value: reply.value,
          from: question.invocation, to: question.response)
      }
      XCTAssertEqual(values.count, 1, "servers differ about \(text(key))", file: file, line: line)
    }
  }

  private func compareDumps(file: StaticString, line: UInt) {
    let dumps = cluster.admin("/-/dump", cluster.all).map { $0?.status == 200 ? $0?.text : nil }
    for (server, dump) in dumps.enumerated() {
      XCTAssertNotNil(dump, "server \(server) gives no dump", file: file, line: line)
      XCTAssertEqual(dump, dumps[0], "the dumps of 0 and \(server) differ", file: file, line: line)
    }
  }

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
