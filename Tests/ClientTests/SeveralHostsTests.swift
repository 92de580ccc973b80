import Foundation
import Support
import XCTest

/// The built program among several servers: what the interface says of choosing and retrying.
final class SeveralHostsTests: ProgramTestCase {
  private func run(_ arguments: [String]) throws -> ProgramRun {
    try kvclient(arguments + hosts)
  }

  private let write = ["-k", "color", "-v", "blue"]
  private let old = ScriptedServer.Reply.answer(200, [], "color=red")

  func testRunsSpreadTheirReads() throws {
    for _ in 0..<2 { try serve { _ in self.old } }
    // That chance sends all of them to one server happens once in eight million times.
    for _ in 0..<24 { XCTAssertEqual(try run(["-k", "color"]).stdout, "red\n") }
    XCTAssertTrue(servers.allSatisfy { !$0.requests.isEmpty })
    XCTAssertEqual(servers.map(\.requests.count).reduce(0, +), 24, "one server was enough for each")
  }

  func testAWriteKeepsItsKeyThroughResetAndRefusal() throws {
    // In whichever order they are met, two of three fail first, each in its way.
    var replies: [ScriptedServer.Reply] = [.reset, .answer(503, ["Retry-After: 1"], "no quorum"), old]
    for _ in 0..<3 { try serve { _ in replies.isEmpty ? self.old : replies.removeFirst() } }
    let run = try run(write)
    XCTAssertEqual(run.stdout, "red\n")
    XCTAssertEqual(run.status, 0)
    let requests = servers.flatMap(\.requests)
    XCTAssertEqual(requests.count, 3)
    XCTAssertEqual(Set(requests.map(\.idempotencyKey)).count, 1)
    XCTAssertTrue(servers.allSatisfy { $0.requests.count == 1 }, "each was asked once")
  }

  func testAnotherRunHasAnotherKey() throws {
    try serve { _ in self.old }
    for _ in 0..<2 { XCTAssertEqual(try run(write).status, 0) }
    XCTAssertEqual(Set(servers[0].requests.map(\.idempotencyKey)).count, 2)
  }

  func testAQuorumThatComesBackWithinTheDeadlineIsAwaited() throws {
    var refusals = 0
    for _ in 0..<3 {
      try serve { _ in
        refusals += 1
        return refusals <= 6 ? .answer(503, ["Retry-After: 0"], "no quorum") : self.old
      }
    }
    for arguments in [write, ["-k", "color"]] {
      refusals = 0
      let run = try run(arguments)
      XCTAssertEqual(run.stdout, "red\n")
      XCTAssertEqual(run.status, 0)
    }
  }

  func testNoQuorumAnywhereIsNotExecuted() throws {
    for _ in 0..<3 { try serve { _ in .answer(503, ["Retry-After: 1"], "no quorum") } }
    for arguments in [write, ["-k", "color"]] {
      let run = try run(arguments + ["--timeout", "0.5"])
      XCTAssertTrue(run.stdout.hasPrefix("ERROR: not executed: 503 from "), run.stdout)
      XCTAssertTrue(run.stdout.hasSuffix(": no quorum\n"), run.stdout)
      XCTAssertEqual(run.status, 4)
    }
    XCTAssertTrue(servers.allSatisfy { $0.requests.count == 2 }, "each was asked by each run, once")
  }

  func testASilentServerIsHedgedUnderTheSameKey() throws {
    var isFirst = true
    for _ in 0..<2 {
      try serve { _ in
        defer { isFirst = false }
        return isFirst ? .silence : self.old
      }
    }
    let run = try run(write)
    XCTAssertEqual(run.stdout, "red\n")
    XCTAssertEqual(servers.map(\.requests.count), [1, 1])
    XCTAssertEqual(Set(servers.flatMap(\.requests).map(\.idempotencyKey)).count, 1)
  }

  func testALinearizableAnswerIsPreferredWhoeverAnswersFirst() throws {
    var isFirst = true
    for _ in 0..<3 {
      try serve { _ in
        defer { isFirst = false }
        return isFirst
          ? .answer(200, ["KV-Consistency: degraded", "Age: 3"], "color=stale")
          : .answer(200, [], "color=red")
      }
    }
    let run = try run(["-k", "color", "--json"])
    XCTAssertTrue(run.stdout.contains(#""value":"red""#), run.stdout)
    XCTAssertTrue(run.stdout.contains(#""consistency":"linearizable""#), run.stdout)
  }

  func testTheFreshestDegradedAnswerIsGivenWhereThereIsNoBetter() throws {
    try serve { _ in .silence }
    try serve { _ in .answer(200, ["KV-Consistency: degraded", "Age: 7"], "color=older") }
    try serve { _ in .answer(200, ["KV-Consistency: degraded", "Age: 2"], "color=newer") }
    let run = try run(["-k", "color", "--json"])
    XCTAssertTrue(run.stdout.contains(#""value":"newer""#), run.stdout)
    XCTAssertTrue(run.stdout.contains(#""consistency":"degraded","age":2"#), run.stdout)
    XCTAssertEqual(run.status, 0)
  }

  /// The label comes from one, which took the write; the others are asked for the same write before it is believed.
  func testALinearizableAnswerIsPreferredForAWriteToo() throws {
    var isFirst = true
    for _ in 0..<4 {
      try serve { _ in
        defer { isFirst = false }
        return isFirst
          ? .answer(200, ["KV-Consistency: degraded", "Age: 3"], "color=stale")
          : .answer(200, ["ETag: \"1-5\""], "color=red")
      }
    }
    let run = try run(write + ["--json"])
    XCTAssertTrue(run.stdout.contains(#""value":"red""#), run.stdout)
    XCTAssertTrue(run.stdout.contains(#""consistency":"linearizable""#), run.stdout)
    XCTAssertEqual(run.status, 0)
    let requests = servers.flatMap(\.requests)
    XCTAssertGreaterThan(requests.count, 1)
    XCTAssertEqual(Set(requests.map(\.idempotencyKey)).count, 1, "one write, wherever it was sent")
    XCTAssertTrue(servers.allSatisfy { $0.requests.count <= 1 })
  }

  /// Three of four are gone, each in its way: the last one's label is taken without waiting for what cannot come.
  func testADegradedAnswerIsTakenWhereTheOthersHaveNone() throws {
    try serve { _ in .answer(503, ["Retry-After: 1"], "no quorum") }
    try serve { _ in .reset }
    try serve { _ in .answer(200, ["KV-Consistency: degraded", "Age: 4"], "color=red") }
    refusing.append(RefusingPort())
    for arguments in [write, ["-k", "color"]] {
      let list = (servers.map(\.address) + refusing.map(\.address)).joined(separator: ",")
      let run = try kvclient(arguments + ["--json", "-h", list])
      XCTAssertTrue(run.stdout.contains(#""value":"red","consistency":"degraded","age":4"#), run.stdout)
      XCTAssertTrue(run.stdout.contains(#""host":"\#(servers[2].address)""#), run.stdout)
      XCTAssertEqual(run.status, 0)
    }
    XCTAssertTrue(servers.allSatisfy { $0.requests.count >= 2 }, "all were asked, by each run")
  }

  func testWhoWantsALinearizableAnswerGetsNoOther() throws {
    for _ in 0..<2 {
      try serve { request in
        request.fields["kv-consistency"] == "linearizable"
          ? .answer(503, ["Retry-After: 9"], "no quorum")
          : .answer(200, ["KV-Consistency: degraded", "Age: 4"], "color=red")
      }
    }
    for arguments in [write, ["-k", "color"]] {
      let run = try run(arguments + ["--linearizable"])
      XCTAssertTrue(run.stdout.hasPrefix("ERROR: not executed: 503 from "), run.stdout)
      XCTAssertEqual(run.status, 4)
    }
  }

  /// Of many writes only few begin where the quorum is not.
  func testALoadLeavesTheServerThatIsCutOff() throws {
    let reply = { (request: ScriptedServer.Request) in
      "\(String(request.line.split(separator: " ")[1].dropFirst()))=NIL"
    }
    try serve { .answer(200, ["KV-Consistency: degraded", "Age: 4"], reply($0)) }
    for _ in 0..<2 { try serve { .answer(200, [], reply($0)) } }
    let lines = (0..<2000).map { "k\($0)=v\n" }.joined()
    let run = try kvclient(["load", "-"] + hosts, stdin: Data(lines.utf8))
    XCTAssertEqual(run.stdout, "loaded 2000\n")
    XCTAssertLessThan(servers[0].requests.count, 500, "two windows' worth at most")
  }

  /// A write that reached a server and was lost, then a server without quorum: nobody knows.
  func testAWriteThatMayHaveBeenExecutedIsUnknown() throws {
    var isFirst = true
    for _ in 0..<2 {
      try serve { _ in
        defer { isFirst = false }
        return isFirst ? .reset : .answer(503, ["Retry-After: 1"], "no quorum")
      }
    }
    let run = try run(write + ["--timeout", "0.5"])
    XCTAssertTrue(run.stdout.hasPrefix("ERROR: outcome unknown: "), run.stdout)
    XCTAssertEqual(run.status, 5)
  }
}
