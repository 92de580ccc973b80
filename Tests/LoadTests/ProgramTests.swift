import Foundation
import Support
import XCTest

/// The built program, beside the loop that its servers live on.
final class ProgramTests: LoadTestCase {
  private func kvload(
    _ arguments: [String], environment: [String: String] = [:], whileRunning: (Child) -> Void = { _ in },
    file: StaticString = #filePath, line: UInt = #line
  ) throws -> ProgramRun {
    try ProgramRun(
      "kvload", arguments, on: loop, in: directory, environment: environment, whileRunning: whileRunning,
      file: file, line: line)
  }

  private var hosts: [String] { ["-h", servers.map(\.address).joined(separator: ",")] }

  func testAGoodRunPrintsItsTableAndEndsWith0() throws {
    try serve()
    let ran = try kvload(
      hosts + ["--closed", "--requests", "500", "--keys", "10", "--check", "--history", "h", "--seed", "9"])
    XCTAssertEqual(ran.status, 0, ran.stderr)
    for word in ["closed loop", "seed 9", "reads", "writes", "p99.99", "errors         none", "linearizable"]
    {
      XCTAssertTrue(ran.stdout.contains(word), "\(word): \(ran.stdout)")
    }
    let history = try String(contentsOf: directory.appendingPathComponent("h"), encoding: .utf8)
    XCTAssertEqual(history.split(separator: "\n").count { !$0.hasPrefix("#") }, 520)
  }

  func testAViolationIsPrintedInFullAndEndsWith1() throws {
    try serve { $0.number > 300 && $0.method == "GET" ? .outOfDate : .serve }
    let ran = try kvload(hosts + ["--closed", "--requests", "1000", "--keys", "5", "--check", "--quiet"])
    XCTAssertEqual(ran.status, 1)
    XCTAssertTrue(ran.stderr.contains("VIOLATION: key c"), ran.stderr)
    XCTAssertTrue(ran.stderr.contains("the operations of this key around it:"), ran.stderr)
    XCTAssertTrue(ran.stdout.contains("VIOLATIONS: "), ran.stdout)
  }

  func testUsageEndsWith2AndReachesNobody() throws {
    let server = try serve()
    let bad: [[String]] = [
      ["--rate", "0"], ["--rate", "x"], ["--connections", "0"], ["--pipeline", "0"], ["--reads", "101"],
      ["--keys", "0"], ["--keys", "2000000", "--check"], ["--value-size", "15"], ["--value-size", "2049"],
      ["--duration", "1", "--requests", "1"], ["--duration", "0"], ["--timeout", "0"], ["--nonsense"],
      ["--each", "--one", server.address], ["--one", "127.0.0.1:1"], ["--one", "?"], ["extra"],
      ["--history", directory.path],
    ]
    for arguments in bad {
      let ran = try kvload(hosts + arguments)
      XCTAssertEqual(ran.status, 2, "\(arguments): \(ran.stderr)")
      XCTAssertEqual(ran.stdout, "", "\(arguments)")
      XCTAssertTrue(ran.stderr.hasPrefix("ERROR: "), "\(arguments): \(ran.stderr)")
      XCTAssertEqual(ran.stderr.split(separator: "\n").count, 1, "\(arguments): \(ran.stderr)")
    }
    XCTAssertEqual(try kvload([]).status, 2, "no servers")
    XCTAssertEqual(try kvload(["-h", "a:b"]).status, 2)
    XCTAssertEqual(try kvload(["-h", "a:1,b:2", "--connections", "1"]).status, 2)
    XCTAssertEqual(server.connectionCount, 0)
  }

  func testNothingReachedEndsWith3() throws {
    try serve()
    servers[0].close()
    let ran = try kvload(hosts + ["--timeout", "0.1", "--quiet"])
    XCTAssertEqual(ran.status, 3)
    XCTAssertTrue(ran.stdout.contains("connection refused"), ran.stdout)
  }

  func testHelpAndVersionGoToStdout() throws {
    for (option, word) in [("--help", "USAGE: kvload"), ("--version", "kvload 0.")] {
      let ran = try kvload([option])
      XCTAssertEqual(ran.status, 0)
      XCTAssertTrue(ran.stdout.contains(word), ran.stdout)
      XCTAssertEqual(ran.stderr, "")
    }
  }

  func testTheHostsComeFromTheEnvironmentElseFromServersTxt() throws {
    let (first, second) = (try serve(), try serve())
    let few = ["--closed", "--requests", "10", "--keys", "1", "--quiet", "--connections", "2"]
    try "\(second.address) # self\n".write(
      to: directory.appendingPathComponent("servers.txt"), atomically: true, encoding: .utf8)
    XCTAssertEqual(try kvload(few, environment: ["KV_HOSTS": first.address]).status, 0)
    XCTAssertEqual(second.connectionCount, 0)
    let before = first.connectionCount
    XCTAssertEqual(try kvload(few).status, 0)
    XCTAssertGreaterThan(second.connectionCount, 0)
    XCTAssertEqual(first.connectionCount, before)
    XCTAssertEqual(try kvload(few + hosts + ["--one", first.address]).status, 0)
    XCTAssertGreaterThan(first.connectionCount, before)
  }

  func testTheResultAsJSON() throws {
    try serve()
    let ran = try kvload(hosts + ["--closed", "--requests", "100", "--keys", "3", "--check", "--json", "-"])
    let json = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(ran.stdout.utf8)) as? [String: Any])
    XCTAssertEqual(json["requests"] as? Int, 100)
    XCTAssertEqual((json["check"] as? [String: Any])?["clean"] as? Bool, true)
    XCTAssertEqual((json["hosts"] as? [[String: Any]])?.first?["host"] as? String, servers[0].address)
  }

  func testALineASecondOnStderrThatIsNoTerminal() throws {
    try serve()
    let arguments = hosts + ["--rate", "200", "--duration", "1.5", "--keys", "3"]
    let lines = try kvload(arguments).stderr.split(separator: "\n")
    XCTAssertFalse(lines.isEmpty)
    for line in lines {
      XCTAssertTrue(line.contains("achieved") && line.contains("in flight"), "\(line)")
      XCTAssertFalse(line.contains("\r"))
    }
    XCTAssertEqual(try kvload(arguments + ["--quiet"]).stderr, "")
  }

  func testASignalEndsTheLoadAndTheResultFollows() throws {
    let server = try serve()
    var isSent = false
    let ran = try kvload(hosts + ["--duration", "3600", "--keys", "3"]) { child in
      guard !isSent, server.requests.count > 50 else { return }
      isSent = true
      child.signal(SIGINT)
    }
    XCTAssertEqual(ran.status, 0)
    XCTAssertTrue(ran.stdout.contains("interrupted before its time"), ran.stdout)
    XCTAssertTrue(ran.stdout.contains("p99.99"), ran.stdout)
  }
}
