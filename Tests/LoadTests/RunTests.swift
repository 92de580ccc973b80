import Foundation
import History
import UV
import XCTest

@testable import Load

final class RunTests: LoadTestCase {
  func testEveryRequestIsAnsweredAndCounted() throws {
    let server = try serve()
    let result = try drive(options())
    XCTAssertEqual(result.status, .good)
    XCTAssertEqual(result.drawn, 200)
    XCTAssertEqual(result.reads.successes + result.writes.successes, 200)
    XCTAssertEqual(result.errors.total, 0)
    XCTAssertEqual(server.requests.count { !$0.key.hasPrefix("-/") }, 210, "each key is written first")
    XCTAssertEqual(Set(server.requests.prefix(10).map(\.method)).subtracting(["GET"]), ["PUT"])
    XCTAssertEqual(result.hostTallies[0].connects, 4)
    XCTAssertEqual(server.connectionCount, 5, "and one for the status")
    XCTAssertGreaterThan(result.hostTallies[0].bytesReceived, 200 * 40)
  }

  func testTheSameSeedSendsTheSameRequests() throws {
    var sent: [[String]] = []
    for _ in 0..<2 {
      let server = try serve()
      _ = try drive(
        options {
          $0.connections = 1
          $0.seed = 42
        }, hosts: [server.address])
      sent.append(
        server.requests.filter { !$0.key.hasPrefix("-/") }.map { "\($0.method) \($0.key) \($0.value)" })
    }
    XCTAssertEqual(sent[0].count, 210)
    XCTAssertEqual(sent[0], sent[1])
    XCTAssertEqual(Set(sent[0].filter { $0.hasPrefix("PUT") }).count, sent[0].count { $0.hasPrefix("PUT") })
  }

  func testPipelinesAreFilledAndKeepTheOrder() throws {
    let server = try serve()
    let result = try drive(
      options {
        $0.connections = 2
        $0.pipeline = 16
        $0.checks = true
        $0.extent = .requests(2000)
      })
    XCTAssertEqual(result.reads.successes + result.writes.successes, 2000)
    XCTAssertEqual(result.check?.isClean, true)
    XCTAssertEqual(server.connectionCount, 3)
  }

  func testRepliesMayComeInPiecesAndLate() throws {
    try serve { $0.number % 3 == 0 ? .pieces(7) : $0.number % 3 == 1 ? .delay(3) : .serve }
    let result = try drive(
      options {
        $0.checks = true
        $0.extent = .requests(60)
      })
    XCTAssertEqual(result.reads.successes + result.writes.successes, 60)
    XCTAssertEqual(result.status, .good)
    let slowest = max(result.reads.services.max, result.writes.services.max)
    XCTAssertGreaterThanOrEqual(slowest, 2_000_000, "the loop's clock may be one millisecond behind")
  }

  func testErrorsAreCountedByStatusAndNeverStopTheRun() throws {
    try serve { request in
      guard request.number > 20 else { return .serve }
      switch request.number % 4 {
      case 0: return .answer(503, ["Retry-After: 1"])
      case 1: return .answer(504)
      default: return .serve
      }
    }
    let result = try drive(options { $0.checks = true })
    XCTAssertGreaterThan(result.errors[status: 503], 20)
    XCTAssertGreaterThan(result.errors[status: 504], 20)
    XCTAssertEqual(result.reads.successes + result.writes.successes + result.errors.total, 200)
    XCTAssertEqual(result.status, .good, "a refusal is no violation")
    XCTAssertEqual(result.hostTallies[0].failures, result.errors.total)
  }

  func testResetsAndEndsAreRedialledAndCounted() throws {
    let server = try serve { request in
      switch request.number % 20 {
      case 11: .reset
      case 12: .rawAndClose("HTTP/1.1 200 OK\r\nContent-Le")
      default: .serve
      }
    }
    let result = try drive(options { $0.checks = true })
    XCTAssertGreaterThan(result.errors[.disconnected], 5)
    XCTAssertEqual(result.reads.successes + result.writes.successes + result.errors.total, 200)
    XCTAssertEqual(Int(result.hostTallies[0].connects), 4 + Int(result.hostTallies[0].disconnects))
    XCTAssertGreaterThan(server.connectionCount, 10)
    XCTAssertEqual(result.status, .good, "what was lost may or may not have happened")
  }

  func testARequestWithoutAReplyEndsAsUnknownAndItsConnectionIsClosed() throws {
    var silent = 0
    try serve { request in
      guard request.number > 30, silent < 2 else { return .serve }
      silent += 1
      return .silence
    }
    let result = try drive(
      options {
        $0.checks = true
        $0.timeoutNanoseconds = 50_000_000
      })
    XCTAssertEqual(silent, 2)
    XCTAssertGreaterThanOrEqual(result.errors[.timeout], 2)
    XCTAssertGreaterThanOrEqual(result.hostTallies[0].disconnects, 2)
    XCTAssertEqual(result.status, .good)
  }

  func testRepliesInTheWrongOrderAreNotTakenForOthers() throws {
    var swaps = 0
    try serve { request in
      guard request.number > 40, swaps < 1 else { return .serve }
      swaps += 1
      return .swap
    }
    let result = try drive(
      options {
        $0.connections = 1
        $0.pipeline = 4
        $0.keys = 1000
        $0.fills = false
      })
    XCTAssertEqual(result.errors[.malformed], 1)
    XCTAssertEqual(result.errors[.disconnected], 3, "what was behind it in the pipeline")
  }

  func testNonsenseAndUnaskedRepliesEndTheConnection() throws {
    try serve { request in
      switch request.number {
      case 30: .raw("SSH-2.0-OpenSSH_9\r\n\r\n")
      case 60: .raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n")
      default: .serve
      }
    }
    let result = try drive(options())
    XCTAssertGreaterThanOrEqual(result.errors[.malformed], 2)
    XCTAssertEqual(result.reads.successes + result.writes.successes + result.errors.total, 200)
  }

  func testLabelledAnswersAreCountedAndLeftOutOfTheCheck() throws {
    try serve { request in
      guard request.number > 40, request.number % 3 == 0 else { return .serve }
      return request.method == "GET" ? .outOfDate : .serveWith(["KV-Consistency: degraded", "Age: 3"])
    }
    // An answer out of date that says so.
    servers[0].decide = { [decide = servers[0].decide] request in
      if case .outOfDate = decide(request) { return .serveWith(["KV-Consistency: local"]) }
      return decide(request)
    }
    let result = try drive(options { $0.checks = true })
    XCTAssertGreaterThan(result.reads.labelled, 10)
    XCTAssertGreaterThan(result.writes.labelled, 10)
    XCTAssertEqual(result.hostTallies[0].labelled, result.reads.labelled + result.writes.labelled)
    XCTAssertEqual(result.hostTallies[0].failures, 0, "a kind of their own")
    XCTAssertEqual(result.errors.total, 0)
    XCTAssertEqual(
      result.reads.successes + result.reads.labelled + result.writes.successes + result.writes.labelled, 200)
    XCTAssertEqual(result.status, .good)
  }

  func testAnOpenLoopKeepsItsSchedule() throws {
    try serve()
    let result = try drive(
      options {
        $0.pace = .open(rate: 2000)
        $0.extent = .nanoseconds(500_000_000)
      })
    XCTAssertEqual(result.drawn, 1000)
    XCTAssertEqual(result.reads.successes + result.writes.successes, 1000)
    XCTAssertGreaterThanOrEqual(result.elapsed, 500_000_000)
    XCTAssertEqual(
      result.intervals.reduce(0) { $0 + $1.successes }, 1000, "also what ended in no whole second")
  }

  func testTheWarmUpDoesNotCount() throws {
    let server = try serve()
    let result = try drive(
      options {
        $0.pace = .open(rate: 1000)
        $0.warmupNanoseconds = 100_000_000
        $0.extent = .requests(100)
      })
    XCTAssertEqual(result.drawn, 100)
    XCTAssertEqual(server.requests.count { !$0.key.hasPrefix("-/") }, 10 + 100 + 100)
  }

  func testEachHostGetsItsShareAndAPoolGoesWhereThereIsRoom() throws {
    for spread in [LoadOptions.Spread.each, .pooled] {
      let own = [try serve(), try serve()]
      let result = try drive(
        options {
          $0.pace = .open(rate: 2000)
          $0.extent = .requests(400)
          $0.spread = spread
        }, hosts: own.map(\.address))
      XCTAssertEqual(result.reads.successes + result.writes.successes, 400)
      for tally in result.hostTallies {
        if spread == .each {
          XCTAssertEqual(tally.successes, 200)
        } else {
          XCTAssertGreaterThan(tally.successes, 0)
        }
      }
    }
  }

  func testAPoolGoesOnWithoutTheHostThatIsDown() throws {
    let server = try serve()
    let down = try serve()
    down.close()
    let result = try drive(options(), hosts: [server.address, down.address])
    XCTAssertEqual(result.hostTallies[0].successes, 200)
    XCTAssertGreaterThan(result.hostTallies[1].connectsFailed, 0)
    XCTAssertEqual(result.hostTallies[1].lastFault, "connection refused")
  }

  func testNothingReachedIsSaid() throws {
    let down = try serve()
    down.close()
    let result = try drive(options { $0.timeoutNanoseconds = 50_000_000 }, hosts: [down.address])
    XCTAssertEqual(result.status, .unreachable)
    XCTAssertEqual(result.end, .unreachable)
    XCTAssertTrue(result.table().contains("connection refused"), result.table())
  }

  func testAnInterruptedRunHasItsResult() throws {
    try serve()
    let result = try drive(options { $0.extent = .nanoseconds(3_600_000_000_000) }) { run in
      servers[0].decide = { request in
        if request.number == 500 { run.interrupt() }
        return .serve
      }
    }
    XCTAssertEqual(result.end, .interrupted)
    XCTAssertGreaterThan(result.costs.elapsed, 0)
    XCTAssertGreaterThan(result.reads.successes + result.writes.successes, 100)
    XCTAssertEqual(result.status, .good)
  }
}
