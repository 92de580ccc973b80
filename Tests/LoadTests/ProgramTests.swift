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
      ["--history", directory.path], ["--distribution", "normal"], ["--require", "p99"],
      ["--require", "p99<5ms", "--require", "p99<5"], ["--sweep", "--closed"], ["--sweep", "--check"],
      ["--sweep", "--requests", "5"], ["--sweep", "--sweep-p99", "5"],
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

  private func text(_ name: String) throws -> String {
    try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)
  }

  func testTheFilesAreReadBack() throws {
    try serve()
    let ran = try kvload(
      hosts + ["--rate", "500", "--duration", "1.2", "--keys", "3", "--distribution", "zipfian", "--quiet"]
        + ["--json", "j", "--csv", "c.csv", "--html", "p.html", "--hgrm", "h.hgrm"])
    XCTAssertEqual(ran.status, 0, ran.stderr)
    let json = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(text("j").utf8)) as? [String: Any])
    let circumstances = try XCTUnwrap(json["circumstances"] as? [String: Any])
    XCTAssertEqual((circumstances["arguments"] as? [String])?.last, "h.hgrm")
    XCTAssertTrue((circumstances["kernel"] as? String ?? "").hasPrefix("Linux "))
    for name in ["cpu", "began", "version"] { XCTAssertNotEqual(circumstances[name] as? String ?? "", "") }
    XCTAssertEqual((json["options"] as? [String: Any])?["distribution"] as? String, "zipfian")
    XCTAssertEqual(json["requests"] as? Int, 600)

    let page = try text("p.html")
    for plot in ["rate", "times", "errors", "waiting", "percentiles"] {
      XCTAssertTrue(page.contains("class=\"plot \(plot)\""), plot)
    }
    XCTAssertTrue(page.contains("600 in "), "the requests")

    let rows = try text("c.csv").components(separatedBy: "\r\n").dropLast().map {
      $0.components(separatedBy: ",")
    }
    XCTAssertEqual(Array(rows[0].prefix(5)), ["end", "warmup", "target", "successes", "rate"])
    XCTAssertEqual(Set(rows.map(\.count)), [rows[0].count])
    XCTAssertEqual(rows.dropFirst().reduce(0) { $0 + (Int($1[3]) ?? 0) }, 600)
    XCTAssertEqual(Set(rows.dropFirst().map { $0[2] }), ["500"])

    var counts: [String: Int] = [:]
    for name in ["h.hgrm", "h.reads.hgrm", "h.writes.hgrm"] { counts[name] = try countInDistribution(name) }
    XCTAssertEqual(counts["h.hgrm"], 600)
    XCTAssertEqual(counts["h.reads.hgrm"]! + counts["h.writes.hgrm"]!, 600)
  }

  /// Reads a percentile distribution as HdrHistogram's plotter does: rows of four numbers, value and percentile
  /// never falling. Its total count.
  private func countInDistribution(_ name: String) throws -> Int {
    let lines = try text(name).split(separator: "\n")
    XCTAssertEqual(
      lines[0].split(separator: " "), ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"], name)
    let rows = lines.dropFirst().filter { !$0.hasPrefix("#") }.map {
      $0.split(separator: " ").map { Double($0) ?? -1 }
    }
    for (row, next) in zip(rows, rows.dropFirst()) {
      XCTAssertEqual(row.count, 4)
      XCTAssertLessThanOrEqual(row[0], next[0])
      XCTAssertLessThanOrEqual(row[1], next[1])
    }
    let last = try XCTUnwrap(rows.last)
    XCTAssertEqual(last[1], 1)
    XCTAssertGreaterThan(last[0], 0)
    XCTAssertLessThan(last[0], 60_000, "milliseconds")
    XCTAssertTrue(lines.contains { $0.hasPrefix("#[Max") && $0.contains("Total count") })
    return Int(last[2])
  }

  func testAFileThatCannotBeWrittenIsSaid() throws {
    try serve()
    let few = hosts + ["--closed", "--requests", "10", "--keys", "1", "--quiet"]
    for option in ["--json", "--csv", "--html", "--hgrm"] {
      let ran = try kvload(few + [option, "/nowhere/file"])
      XCTAssertEqual(ran.status, 2)
      XCTAssertTrue(ran.stderr.hasPrefix("ERROR: \(option) /nowhere/file"), ran.stderr)
    }
  }

  func testRequirementsDecideTheStatus() throws {
    try serve()
    let few = hosts + ["--closed", "--requests", "100", "--keys", "3", "--quiet"]
    XCTAssertEqual(try kvload(few + ["--require", "errors<1%", "--require", "rate>1"]).status, 0)
    let ran = try kvload(few + ["--require", "max<1us", "--require", "errors<1%", "--require", "rate<1"])
    XCTAssertEqual(ran.status, 4)
    let lines = ran.stderr.split(separator: "\n")
    XCTAssertEqual(lines.count, 2, ran.stderr)
    XCTAssertTrue(lines[0].hasPrefix("NOT MET: max<1us: it was "), ran.stderr)
    XCTAssertTrue(lines[1].hasPrefix("NOT MET: rate<1: it was "), ran.stderr)
  }

  func testAViolationIsWorseThanWhatIsNotMet() throws {
    try serve { $0.number > 300 && $0.method == "GET" ? .outOfDate : .serve }
    let ran = try kvload(
      hosts + ["--closed", "--requests", "1000", "--keys", "5", "--check", "--quiet", "--require", "max<1us"])
    XCTAssertEqual(ran.status, 1)
    XCTAssertTrue(ran.stderr.contains("NOT MET: max<1us"), ran.stderr)
  }

  /// A server that refuses ever more than so many a second: the knee is where it begins to.
  func testASweepNamesTheKnee() throws {
    var count = 0
    try serve { request in
      count += 1
      return count > 60 ? .answer(503) : .serve
    }
    let ran = try kvload(
      hosts + ["--sweep", "--rate", "100", "--duration", "0.2", "--warmup", "0", "--keys", "1"]
        + ["--sweep-p99", "60s", "--quiet", "--json", "j", "--csv", "c"])
    XCTAssertEqual(ran.status, 0, ran.stderr)
    let lines = ran.stdout.split(separator: "\n")
    XCTAssertTrue(lines[0].contains("target/s"), ran.stdout)
    XCTAssertTrue(lines[1].contains(" held"), ran.stdout)
    XCTAssertTrue(lines.last!.hasPrefix("knee: "), ran.stdout)
    XCTAssertTrue(ran.stdout.contains("did not hold: only"), ran.stdout)
    let json = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(text("j").utf8)) as? [String: Any])
    let steps = try XCTUnwrap(json["steps"] as? [[String: Any]])
    XCTAssertEqual(steps.count, lines.count - 2)
    XCTAssertEqual(steps.first?["held"] as? Bool, true)
    XCTAssertTrue(lines.last!.hasPrefix("knee: \(json["knee"] as! Int)/s held"), ran.stdout)
    let targets = try text("c").components(separatedBy: "\r\n").dropFirst().dropLast().map {
      $0.components(separatedBy: ",")[2]
    }
    XCTAssertEqual(Set(targets).count, steps.count)
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
