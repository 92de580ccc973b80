import Foundation
import History
import XCTest

@testable import Load

/// What `--check` and `--history` see.
final class CheckTests: LoadTestCase {
  func testOnePlantedReadOutOfDateIsFound() throws {
    var planted = 0
    try serve { request in
      guard request.number > 500, request.method == "GET", planted == 0 else { return .serve }
      planted += 1
      return .outOfDate
    }
    var told: [String] = []
    let result = try drive(
      options {
        $0.checks = true
        $0.extent = .requests(2000)
      }
    ) { run in run.onViolation = { told.append($0) } }
    XCTAssertEqual(planted, 1)
    XCTAssertEqual(result.status, .violation)
    XCTAssertEqual(result.check?.violations, 1)
    XCTAssertEqual(told, result.check?.texts)
    XCTAssertTrue(told.first?.contains("so it took effect before") ?? false, "\(told)")
    XCTAssertTrue(result.table().contains("VIOLATIONS: 1 in"), result.table())
  }

  func testAnAcknowledgedWriteThatIsNotThereInTheEndIsFound() throws {
    // The last write of every key is acknowledged and forgotten.
    try serve()
    let store = servers[0]
    let result = try drive(
      options {
        $0.checks = true
        $0.readsPercent = 0
      }
    ) { run in
      store.decide = { request in
        if run.engine.part == .finalReading { return .outOfDate }
        return .serve
      }
    }
    XCTAssertEqual(result.check?.violations, 10, "of each key")
    XCTAssertEqual(result.status, .violation)
  }

  func testTheFileHoldsEveryOperationAsTheCheckerReadsIt() throws {
    try serve { request in
      switch request.number % 25 {
      case 13: .answer(503)
      case 14: .reset
      case 15: .answer(504)
      default: .serve
      }
    }
    let path = directory.appendingPathComponent("history").path
    let result = try drive(
      options {
        $0.checks = true
        $0.historyFile = path
      })
    XCTAssertNil(result.fileFault)
    let history = try History(text: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    let verdict = check(history)
    XCTAssertTrue(verdict.isLinearizable)
    XCTAssertEqual(verdict.keys, 10)
    XCTAssertGreaterThan(verdict.failed, 3)
    XCTAssertGreaterThan(verdict.open, 3)
    let expected = UInt64(verdict.operations - verdict.open - verdict.failed)
    // Filling and final reads: ten each. Retries of them are errors that the tally of the load leaves out.
    XCTAssertEqual(expected, result.reads.successes + result.writes.successes + 20)
    XCTAssertTrue(history.operations.allSatisfy { $0.client < 4 })
  }

  func testAFileThatCannotBeCreatedIsSaid() throws {
    let server = try serve()
    let run = LoadRun(
      loop, options { $0.historyFile = directory.path },
      hosts: [try .init(parsing: Array(server.address.utf8)[...])])
    var failure: String?
    try run.start { failure = $0.name }
    loop.wait("the failure") { failure != nil }
    XCTAssertEqual(failure, "EISDIR")
    XCTAssertTrue(server.requests.isEmpty)
  }

  func testADiskThatIsFullIsSaidInTheEnd() throws {
    try serve()
    let result = try drive(options { $0.historyFile = "/dev/full" })
    XCTAssertEqual(result.fileFault, "no space left on device")
    XCTAssertEqual(result.status, .violation)
    XCTAssertEqual(result.reads.successes + result.writes.successes, 200, "the load itself is none the worse")
  }

  func testWhatWasThereBeforeDoesNotDisturb() throws {
    try serve()
    for run: UInt64 in 1...4 {
      let result = try drive(
        options {
          $0.checks = true
          $0.run = run
          $0.fills = run % 2 == 0
        })
      XCTAssertEqual(result.status, .good, "\(result.check?.texts ?? [])")
    }
  }
}
