import Foundation
import Support
import XCTest

/// kvclient as scripts see it: one line on stdout and an exit status.
final class ClientProgramTests: XCTestCase {
  private struct Result: Equatable {
    var out: String
    var status: Int32
  }

  private func run(
    _ arguments: [String], in directory: Directory? = nil, environment: [String: String] = [:],
    input: String? = nil
  ) throws -> Result {
    let directory = try directory ?? Directory()
    if let input { try directory.write(input, to: "stdin") }
    let child = try Child(
      "kvclient", arguments, in: directory, name: "kvclient", environment: environment,
      stdin: input == nil ? "/dev/null" : directory.path + "/stdin")
    let result = Result(out: "", status: try child.waitForExit())
    XCTAssertEqual(child.stderr, "", "stderr of \(arguments)")
    return Result(out: child.stdout, status: result.status)
  }

  private func host(_ node: Node) -> String { "127.0.0.1:\(node.port)" }

  /// Runs the client against `node` and holds its output and status.
  private func check(
    _ node: Node, _ arguments: [String], _ out: String, status: Int32 = 0, input: String? = nil,
    line: UInt = #line
  ) throws {
    let result = try run(["-h", host(node)] + arguments, input: input)
    XCTAssertEqual(result, Result(out: out, status: status), "\(arguments)", line: line)
  }

  private func assertError(_ result: Result, status: Int32, _ what: String, line: UInt = #line) {
    XCTAssertEqual(result.status, status, what, line: line)
    XCTAssertTrue(
      result.out.hasPrefix("ERROR: ") && result.out.count > 8, "\(what): \(result.out)", line: line)
    XCTAssertEqual(result.out.filter(\.isNewline).count, 1, "\(what): \(result.out)", line: line)
    XCTAssertTrue(result.out.hasSuffix("\n"), what, line: line)
  }

  func testReadsAndWrites() throws {
    let node = try Node()
    try check(node, ["-k", "nothing"], "NULL\n")
    try check(node, ["-k", "color", "-v", "red"], "NULL\n")
    try check(node, ["-k", "color", "-v", "green"], "red\n")
    try check(node, ["-k", "color"], "green\n")
    try check(node, ["-v", "blue", "-k", "color"], "green\n")
    try check(node, ["-k", "empty", "-v", ""], "NULL\n")
    try check(node, ["-k", "empty"], "\n")
    try check(node, ["-k", "text", "-v", "NULL"], "NULL\n")
    try check(node, ["-k", "text", "-v", "NIL"], "NULL\n")
    try check(node, ["-k", "text"], "NIL\n")
  }

  func testArgumentsAreTakenVerbatim() throws {
    let node = try Node()
    for (key, value) in [
      ("-k", "-v"), ("--help", "--raw"), ("a b", " c "), ("100%25", "%41+&?#"), ("/slash", "/x"), ("//", "="),
      ("grün", "weiß 😀"), ("-/healthy", "x=y"), ("?", "HTTP/1.1"), ("NIL", "NULL"), ("'\"\\", "$HOME"),
    ] {
      try check(node, ["-k", key, "-v", value], "NULL\n")
      try check(node, ["-k", key], value + "\n")
    }
  }

  func testTheLargest() throws {
    let node = try Node()
    let (key, value) = (String(repeating: "😀", count: 128), String(repeating: "😀", count: 2048))
    try check(node, ["-k", key, "-v", value], "NULL\n")
    try check(node, ["-k", key], value + "\n")
  }

  func testFurtherOptions() throws {
    let node = try Node()
    try check(node, ["-k", "a", "-v", "1", "--raw"], "a=NIL")
    try check(node, ["-k", "a", "--raw"], "a=1")
    try check(node, ["-k", "a", "--stdin"], "1\n", input: "two words\n")
    try check(node, ["-k", "a"], "two words\n")
    try check(node, ["-k", "a", "--linearizable"], "two words\n")
    try check(node, ["-k", "a", "--fail-missing"], "two words\n")
    try check(node, ["-k", "b", "--fail-missing"], "ERROR: missing\n", status: 1)
    try check(node, ["-k", "a", "--delete"], "two words\n")
    try check(node, ["-k", "a", "--delete"], "NULL\n")
    try check(node, ["-k", "a", "-v", "1", "--create"], "NULL\n")
    assertError(
      try run(["-h", host(node), "-k", "a", "-v", "2", "--create"]), status: 6, "--create over a value")
    assertError(
      try run(["-h", host(node), "-k", "a", "-v", "2", "--if-match", "1-1"]), status: 6, "--if-match")
    let tag = try XCTUnwrap(try node.get("/a")["etag"]).filter { $0 != "\"" }
    try check(node, ["-k", "a", "-v", "2", "--if-match", tag], "1\n")
    try check(node, ["-k", "a"], "2\n")
  }

  func testLocalAnswers() throws {
    let node = try Node()
    _ = try node.get("/a=1")
    let child = try Child(
      "kvclient", ["-h", host(node), "-k", "a", "--local"], in: Directory(), name: "kvclient")
    XCTAssertEqual(try child.waitForExit(), 0)
    XCTAssertEqual(child.stdout, "1\n")
  }

  func testJSON() throws {
    let node = try Node()
    _ = try node.get("/a=%22q%22")
    let result = try run(["-h", host(node), "-k", "a", "--json"])
    XCTAssertEqual(result.status, 0)
    let object = try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [String: Any]
    XCTAssertEqual(object?["key"] as? String, "a")
    XCTAssertEqual(object?["value"] as? String, "\"q\"")
  }

  func testRawFromTheEnvironment() throws {
    let node = try Node()
    let result = try run(["-h", host(node), "-k", "a"], environment: ["KV_OUTPUT": "raw"])
    XCTAssertEqual(result, Result(out: "a=NIL", status: 0))
  }

  func testHostsFromElsewhere() throws {
    let node = try Node()
    _ = try node.get("/a=1")
    let found = Result(out: "1\n", status: 0)
    XCTAssertEqual(try run(["-k", "a"], environment: ["KV_HOSTS": host(node)]), found)
    for name in ["servers.txt", "server.txt"] {
      let directory = try Directory()
      try directory.write("\(host(node))\n", to: name)
      XCTAssertEqual(try run(["-k", "a"], in: directory), found, name)
    }
    XCTAssertEqual(
      try run(["-h", host(node), "-k", "a"], environment: ["KV_HOSTS": "127.0.0.1:\(freePort())"]), found)
    assertError(try run(["-k", "a"]), status: 2, "no hosts at all")
  }

  func testADeadHostIsPassedOver() throws {
    let node = try Node()
    let dead = "127.0.0.1:\(try freePort())"
    _ = try node.get("/a=1")
    for _ in 0..<5 {
      XCTAssertEqual(try run(["-h", "\(dead),\(host(node))", "-k", "a"]), Result(out: "1\n", status: 0))
      XCTAssertEqual(
        try run(["-h", "\(dead),\(host(node))", "-k", "a", "-v", "1"]), Result(out: "1\n", status: 0))
    }
  }

  func testNoServer() throws {
    let dead = "127.0.0.1:\(try freePort())"
    assertError(try run(["-h", dead, "-k", "a"]), status: 3, "read")
    assertError(try run(["-h", dead, "-k", "a", "-v", "1"]), status: 3, "write")
    assertError(try run(["-h", "\(dead),127.0.0.1:\(freePort())", "-k", "a"]), status: 3, "two dead")
  }

  func testUsage() throws {
    let node = try Node()
    let good = ["-h", host(node)]
    let bad: [[String]] = [
      good, good + ["-v", "1"], good + ["-k"], good + ["-k", ""], good + ["-k", "a=b"], good + ["-k", "a[b"],
      good + ["-k", "a\n"], good + ["-k", String(repeating: "k", count: 129)], good + ["-k", "a", "-k", "b"],
      good + ["-k", "a", "-v", "1", "-v", "2"], good + ["-k", "a", "-v", "[v]"],
      good + ["-k", "a", "-v", "x\ty"],
      good + ["-k", "a", "-v", String(repeating: "v", count: 2049)], good + ["-k", "a", "--nonsense"],
      good + ["-k", "a", "surplus"], good + good + ["-k", "a"], good + ["-k", "a", "-v", "1", "--delete"],
      good + ["-k", "a", "--timeout", "soon"], good + ["-x"], ["-h", "", "-k", "a"],
      ["-h", "nohost", "-k", "a"],
      ["-h", "h:0", "-k", "a"], ["-h", "h:65536", "-k", "a"], ["-h", "h:1,,h:2", "-k", "a"], [],
    ]
    for arguments in bad { assertError(try run(arguments), status: 2, "\(arguments)") }
    XCTAssertEqual(try node.get("/-/dump").body, "", "nothing was sent")
  }

  func testHelpAndVersion() throws {
    let help = try run(["--help"])
    XCTAssertEqual(help.status, 0)
    for option in [
      "-h", "-k", "-v", "--raw", "--json", "--stdin", "--delete", "--if-match", "--create", "--timeout",
    ] {
      XCTAssertTrue(help.out.contains(option), option)
    }
    let version = try run(["--version"])
    XCTAssertEqual(version.status, 0)
    XCTAssertEqual(version.out.filter(\.isNewline).count, 1)
  }

  func testSubcommands() throws {
    let node = try Node()
    let dead = "127.0.0.1:\(try freePort())"
    _ = try node.get("/b=2")
    _ = try node.get("/a=1")
    XCTAssertEqual(try run(["dump", "-h", host(node)]), Result(out: "a=1\nb=2\n", status: 0))
    let status = try run(["status", "-h", host(node)])
    XCTAssertEqual(status.status, 0)
    XCTAssertEqual(status.out.filter(\.isNewline).count, 1)
    XCTAssertTrue(status.out.contains(host(node)))
    let some = try run(["status", "-h", "\(host(node)),\(dead)"])
    XCTAssertEqual(some.status, 1)
    XCTAssertEqual(some.out.filter(\.isNewline).count, 2, "a line a server")
    XCTAssertEqual(try run(["status", "-h", dead]).status, 3)
    let directory = try Directory()
    try directory.write("c=3\na=4\n", to: "pairs")
    XCTAssertEqual(try run(["load", "pairs", "-h", host(node)], in: directory).status, 0)
    XCTAssertEqual(try run(["dump", "-h", host(node)]).out, "a=4\nb=2\nc=3\n")
  }

  func testAServerThatNeverAnswers() throws {
    let silent = try SilentServer()
    let host = "127.0.0.1:\(silent.port)"
    assertError(try run(["-h", host, "-k", "a", "--timeout", "0.3"]), status: 4, "a read may be asked again")
    assertError(
      try run(["-h", host, "-k", "a", "-v", "1", "--timeout", "0.3"]), status: 5, "a write is unknown")
  }

  func testASilentServerIsHedged() throws {
    let silent = try SilentServer()
    let node = try Node()
    _ = try node.get("/a=1")
    for _ in 0..<4 {
      XCTAssertEqual(
        try run(["-h", "127.0.0.1:\(silent.port),\(host(node))", "-k", "a"]), Result(out: "1\n", status: 0))
    }
  }
}

/// Accepts connections (in the kernel's backlog) and never says a word.
private final class SilentServer {
  let port: UInt16
  private let socket: Int32

  init() throws {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(0)
    guard withSockaddr(&address, { bind(socket, $0, $1) }) == 0, listen(socket, 64) == 0 else {
      throw Connection.Failure.system(errno)
    }
    self.socket = socket
    port = ownPort(socket)
  }

  deinit { close(socket) }
}
