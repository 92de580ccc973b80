import Foundation
import Support
import XCTest

/// The built program against scripted servers: output and exit status, to the letter.
final class CommandTests: ProgramTestCase {
  private func run(
    _ arguments: [String], environment: [String: String] = [:], stdin: Data? = nil
  ) throws -> ProgramRun {
    try kvclient(arguments, environment: environment, stdin: stdin)
  }

  private func refusingAddress() -> String {
    refusing.append(RefusingPort())
    return refusing.last!.address
  }

  private func assert(
    _ run: ProgramRun, _ stdout: String, _ status: Int32, file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertEqual(run.stdout, stdout, file: file, line: line)
    XCTAssertEqual(run.status, status, "exit status", file: file, line: line)
    XCTAssertEqual(run.stderr, "", file: file, line: line)
  }

  // MARK: values

  func testPrintsExactlyTheValue() throws {
    let values = ["blue", "", " a=b ", "NIL", "ü ✓", "-5", String(repeating: "✓", count: 2048)]
    for value in values {
      try serve { _ in .answer(200, [], "color=\(value)") }
      assert(try run(hosts + ["-k", "color"]), value + "\n", 0)
      servers.removeLast().close()
    }
  }

  func testPrintsNULLForNoValue() throws {
    try serve { _ in .answer(200, ["KV-Present: ?0"], "color=NIL") }
    assert(try run(hosts + ["-k", "color"]), "NULL\n", 0)
    assert(try run(hosts + ["-k", "color", "-v", "x"]), "NULL\n", 0)
    assert(try run(hosts + ["-k", "color", "--raw"]), "color=NIL", 0)
    assert(try run(hosts + ["-k", "color", "--fail-missing"]), "ERROR: missing\n", 1)
    assert(try run(hosts + ["-k", "color", "--delete", "--fail-missing"]), "ERROR: missing\n", 1)
  }

  func testTakesArgumentsVerbatim() throws {
    try serve { request in .answer(200, [], "\(request.line.contains("/--x") ? "--x" : "-k")=old") }
    assert(try run(hosts + ["-k", "--x", "-v", "-5"]), "old\n", 0)
    assert(try run(hosts + ["-k", "-k", "-v", "--help"]), "old\n", 0)
    assert(try run(hosts + ["-v", "--", "-k", "--x"]), "old\n", 0)
    assert(try run(hosts + ["-v", "", "-k", "--x"]), "old\n", 0)
    assert(try run(hosts + ["-k--x", "-vjoined"]), "old\n", 0)
    XCTAssertEqual(servers[0].requests.map(\.body), ["-5", "--help", "--", "", "joined"])
    XCTAssertEqual(
      servers[0].requests.map { String($0.line.split(separator: " ")[1]) },
      ["/--x", "/-k", "/--x", "/--x", "/--x"])
  }

  func testTakesTheValueFromStdin() throws {
    try serve { _ in .answer(200, [], "color=old") }
    let inputs = ["blue\n", "blue", "", "\n", " b \n"]
    for input in inputs {
      assert(try run(hosts + ["-k", "color", "--stdin"], stdin: Data(input.utf8)), "old\n", 0)
    }
    XCTAssertEqual(servers[0].requests.map(\.body), ["blue", "blue", "", "", " b "])
    let long = String(repeating: "✓", count: 2048)
    assert(try run(hosts + ["-k", "color", "--stdin"], stdin: Data((long + "\n").utf8)), "old\n", 0)
    assert(
      try run(hosts + ["-k", "color", "--stdin"], stdin: Data((long + "x").utf8)),
      "ERROR: the value has more than 2048 characters\n", 2)
    assert(
      try run(hosts + ["-k", "color", "--stdin"], stdin: Data("a\n\n".utf8)),
      "ERROR: the value has a control character\n", 2)
  }

  func testSendsWhatTheOptionsSay() throws {
    try serve { _ in .answer(200, [], "color=old") }
    let cases: [([String], String, [String: String])] = [
      (["--delete"], "DELETE", [:]),
      (["-v", "x", "--create"], "PUT", ["if-none-match": "*"]),
      (["-v", "x", "--if-match", "3-17"], "PUT", ["if-match": "\"3-17\""]),
      (["--delete", "--if-match", "\"3-17\""], "DELETE", ["if-match": "\"3-17\""]),
      (["--linearizable"], "GET", ["kv-consistency": "linearizable"]),
      (["--local"], "GET", ["kv-consistency": "local"]),
    ]
    for (options, method, fields) in cases {
      assert(try run(hosts + ["-k", "color"] + options), "old\n", 0)
      let request = try XCTUnwrap(servers[0].requests.last)
      XCTAssertTrue(request.line.hasPrefix(method + " /color "), request.line)
      for (name, value) in fields { XCTAssertEqual(request.fields[name], value, "\(options)") }
      XCTAssertEqual(request.fields["idempotency-key"] == nil, method == "GET")
    }
  }

  func testRawAndJSON() throws {
    try serve { request in
      request.line.contains("absent")
        ? .answer(200, ["KV-Present: ?0"], "absent=NIL") : .answer(200, ["ETag: \"1-5\""], "color=a\"b\\")
    }
    assert(try run(hosts + ["-k", "color", "--raw"]), "color=a\"b\\", 0)
    assert(try run(hosts + ["-k", "color"], environment: ["KV_OUTPUT": "raw"]), "color=a\"b\\", 0)
    assert(try run(hosts + ["-k", "color"], environment: ["KV_OUTPUT": "other"]), "a\"b\\\n", 0)
    let host = servers[0].address
    let json =
      #"{"key":"color","value":"a\"b\\","etag":"1-5","consistency":"linearizable","host":"\#(host)"}"#
    assert(try run(hosts + ["-k", "color", "--json"], environment: ["KV_OUTPUT": "raw"]), json + "\n", 0)
    let absent = #"{"key":"absent","value":null,"consistency":"linearizable","host":"\#(host)"}"#
    assert(try run(hosts + ["-k", "absent", "--json"]), absent + "\n", 0)
  }

  func testDegradedAnswersAreGivenAndNotedOnlyWhenAsked() throws {
    try serve { _ in .answer(200, ["KV-Consistency: degraded", "Age: 7"], "color=old") }
    assert(try run(hosts + ["-k", "color"]), "old\n", 0)
    let verbose = try run(hosts + ["-k", "color", "--verbose"])
    XCTAssertEqual(verbose.stdout, "old\n")
    XCTAssertTrue(verbose.stderr.contains("kvclient: degraded answer, 7 s since"), verbose.stderr)
    let json = try run(hosts + ["-k", "color", "--json"])
    XCTAssertTrue(json.stdout.contains(#""consistency":"degraded","age":7"#), json.stdout)
  }

  // MARK: failures

  func testExitStatuses() throws {
    let cases: [(ScriptedServer.Reply, [String], String, Int32)] = [
      (.answer(503, ["Retry-After: 9"], "no quorum"), [], "not executed: 503 from HOST: no quorum", 4),
      (.answer(507, [], "full"), ["-v", "x"], "not executed: 507 from HOST: full", 4),
      (.answer(400, [], "bad\nthing\u{7}"), [], "not executed: 400 from HOST: bad thing ", 4),
      (.answer(429, ["Retry-After: 60"], "busy"), ["-v", "x"], "not executed: 429 from HOST: busy", 4),
      (.silence, ["--timeout", "0.6"], "no answer in time: HOST: no answer", 4),
      (.answer(500, [], "fault"), ["-v", "x"], "outcome unknown: 500 from HOST: fault", 5),
      (.answer(500, [], "fault"), [], "outcome unknown: 500 from HOST: fault", 5),
      (.answer(504, [], "late"), ["-v", "x", "--timeout", "0.6"], "outcome unknown: 504 from HOST: late", 5),
      (
        .silence, ["-v", "x", "--timeout", "0.6"],
        "outcome unknown: sent, and no answer in time: HOST: no answer", 5
      ),
      (.answer(412, [], "no"), ["-v", "x", "--create"], "condition failed", 6),
    ]
    for (reply, options, message, status) in cases {
      try serve { _ in reply }
      let expected = message.replacingOccurrences(of: "HOST", with: servers[0].address)
      assert(try run(hosts + ["-k", "color"] + options), "ERROR: \(expected)\n", status)
      servers.removeLast().close()
    }
  }

  func testNoServer() throws {
    let addresses = [refusingAddress(), refusingAddress()]
    let run = try run(["-h", addresses.joined(separator: ","), "-k", "color"])
    let faults = addresses.map { "\($0): connection refused" }.joined(separator: "; ")
    assert(run, "ERROR: no connection to any server: \(faults)\n", 3)
  }

  func testUsageErrorsSendNothing() throws {
    try serve { _ in .answer(200, [], "color=old") }
    let cases: [([String], String)] = [
      ([], "no key: give -k KEY, or see --help"),
      (["-k"], #"option "-k" needs an argument: see --help"#),
      (["-k", "a", "-k", "b"], "option -k is given twice"),
      (["-k", "a", "--raw", "--raw"], "option --raw is given twice"),
      (["-k", "a", "-v", "1", "-v", "2"], "option -v is given twice"),
      (["-k", "a", "--nonsense"], #"unknown option "--nonsense": see --help"#),
      (["-k", "a", "-x"], #"unknown option "-x": see --help"#),
      (["-k", "a", "b"], #"unexpected argument "b": see --help"#),
      (["-k", ""], "the key is empty"),
      (["-k", "a=b"], "the key has an equals sign"),
      (["-k", "a[b"], "the key has a bracket: brackets go around key and value, or nowhere"),
      (["-k", "a\nb"], "the key has a control character"),
      (["-k", String(repeating: "k", count: 129)], "the key has more than 128 characters"),
      (["-k", "a", "-v", "x]"], "the value has a bracket: brackets go around key and value, or nowhere"),
      (["-k", "a", "-v", String(repeating: "v", count: 2049)], "the value has more than 2048 characters"),
      (["-k", "a", "-v", "1", "--stdin"], "-v and --stdin both give a value"),
      (["-k", "a", "-v", "1", "--delete"], "--delete takes no value"),
      (["-k", "a", "--create"], "--if-match and --create go with -v, --stdin or --delete"),
      (["-k", "a", "--delete", "--create"], "--create needs a value"),
      (
        ["-k", "a", "-v", "1", "--create", "--if-match", "1-2"], "--if-match and --create exclude each other"
      ),
      (["-k", "a", "-v", "1", "--if-match", "x"], #"--if-match takes a tag L-N, not "x""#),
      (["-k", "a", "--local", "--linearizable"], "--linearizable and --local exclude each other"),
      (["-k", "a", "-v", "1", "--local"], "--local goes with reading"),
      (["-k", "a", "-v", "1", "--fail-missing"], "--fail-missing goes with reading and --delete"),
      (["-k", "a", "--raw", "--json"], "--raw and --json exclude each other"),
      (["-k", "a", "--timeout", "0"], #"--timeout takes seconds from 0.001 to 3600, not "0""#),
      (["-k", "a", "--timeout", "-1"], #"--timeout takes seconds from 0.001 to 3600, not "-1""#),
      (["-k", "a", "--timeout", "1.2.3"], #"--timeout takes seconds from 0.001 to 3600, not "1.2.3""#),
      (["-k", "a", "--timeout", "3600.001"], #"--timeout takes seconds from 0.001 to 3600, not "3600.001""#),
      (
        ["status", "-k", "a"],
        "a subcommand takes only -h, --timeout, --verbose, for status --json, and for recover --without"
      ),
      (["-k", "a", "--without", "b:1"], "--without goes with recover"),
      (["dump", "--without", "b:1"], "--without goes with recover"),
      (["recover", "--without", "b"], "--without: \"b\" has no port: expected host:port"),
      (["recover", "--without"], "option \"--without\" needs an argument: see --help"),
      (["dump", "--json"], "--json goes with a key or with status"),
      (["load"], "load needs a file: kvclient load FILE"),
      (["load", "absent.txt"], "absent.txt: No such file or directory"),
    ]
    for (arguments, message) in cases {
      assert(try run(hosts + arguments), "ERROR: \(message)\n", 2)
    }
    XCTAssertEqual(servers[0].connections, 0)
    assert(
      try run(["-k", "a", "-h", "nowhere"]), "ERROR: -h: \"nowhere\" has no port: expected host:port\n", 2)
    assert(try run(["-k", "a", "-h", "a:1", "-h", "b:1"]), "ERROR: option -h is given twice\n", 2)
  }

  func testBytesThatAreNotTextAreRefused() throws {
    // A shell, since only text can be passed from here.
    try serve { _ in .answer(200, [], "color=old") }
    let program = Child.path(of: "kvclient")
    let text = "exec \(program) -h \(servers[0].address) -k \"$(printf '\\377')\""
    let run = try ProgramRun("/bin/sh", ["-c", text], on: loop, in: directory)
    XCTAssertEqual(run.status, 2)
    XCTAssertEqual(run.stdout, "ERROR: the key is not valid UTF-8\n")
  }

  // MARK: hosts

  func testFindsItsHosts() throws {
    try serve { _ in .answer(200, [], "color=blue") }
    let address = servers[0].address
    let none = "ERROR: no servers: give -h HOST:PORT, or set KV_HOSTS, or have a servers.txt here\n"
    assert(try run(["-k", "color"]), none, 2)
    assert(try run(["-k", "color"], environment: ["KV_HOSTS": ""]), none, 2)
    assert(try run(["-k", "color"], environment: ["KV_HOSTS": address]), "blue\n", 0)
    try Data("# us\r\n\(address)\r\n".utf8).write(to: directory.appendingPathComponent("server.txt"))
    assert(try run(["-k", "color"]), "blue\n", 0)
    try Data("\(refusingAddress())\n\(address)\n".utf8).write(
      to: directory.appendingPathComponent("servers.txt"))
    assert(try run(["-k", "color"]), "blue\n", 0)
    try Data("\(address)\nx\n".utf8).write(to: directory.appendingPathComponent("servers.txt"))
    assert(try run(["-k", "color"]), "ERROR: servers.txt:2: \"x\" has no port: expected host:port\n", 2)
    assert(try run(["-k", "color"], environment: ["KV_HOSTS": address]), "blue\n", 0)
    assert(
      try run(["-k", "color"], environment: ["KV_HOSTS": "x"]),
      "ERROR: KV_HOSTS: \"x\" has no port: expected host:port\n", 2)
    assert(try run(["-k", "color", "-h", address], environment: ["KV_HOSTS": "x"]), "blue\n", 0)
  }

  func testMovesOnAmongItsHosts() throws {
    try serve { _ in .reset }
    try serve { _ in .answer(200, [], "color=old") }
    let hosts = [refusingAddress(), servers[0].address, servers[1].address].joined(separator: ",")
    for _ in 0..<5 { assert(try run(["-h", hosts, "-k", "color", "-v", "new"]), "old\n", 0) }
    let keys = Set((servers[0].requests + servers[1].requests).map(\.idempotencyKey))
    XCTAssertEqual(keys.count, 5, "one key a run, however often it was sent")
  }

  // MARK: help

  func testHelpAndVersion() throws {
    let help = try run(["--help"])
    XCTAssertEqual(help.status, 0)
    for word in [
      "-h", "-k", "-v", "--raw", "--json", "--stdin", "--delete", "--if-match", "--create", "--linearizable",
      "--local", "--fail-missing", "--timeout", "--verbose", "KV_HOSTS", "KV_OUTPUT", "status", "dump",
      "load",
      "recover",
    ] {
      XCTAssertTrue(help.stdout.contains(word), word)
    }
    XCTAssertTrue(help.stdout.split(separator: "\n").allSatisfy { $0.count <= 110 })
    let version = try run(["--version"])
    XCTAssertTrue(version.stdout.hasPrefix("kvclient "), version.stdout)
    XCTAssertEqual(version.status, 0)
  }
}
