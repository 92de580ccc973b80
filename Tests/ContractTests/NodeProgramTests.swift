import Foundation
import Support
import XCTest

/// kvnode as a program: options, servers.txt, signals, exit statuses.
final class NodeProgramTests: XCTestCase {
  /// Runs kvnode to its end with the given servers.txt.
  private func run(_ arguments: [String] = [], servers: String?) throws -> (
    status: Int32, out: String, err: String
  ) {
    let directory = try Directory()
    if let servers { try directory.write(servers, to: "servers.txt") }
    let child = try Child("kvnode", arguments, in: directory)
    return (try child.waitForExit(), child.stdout, child.stderr)
  }

  private func assertOneErrorLine(_ text: String, _ prefix: String = "ERROR: ", line: UInt = #line) {
    XCTAssertTrue(text.hasPrefix(prefix) && text.count > prefix.count, text, line: line)
    XCTAssertTrue(text.hasSuffix("\n") && text.dropLast().firstIndex(of: "\n") == nil, text, line: line)
  }

  func testServersFilesThatAreRefusedByLine() throws {
    let own = "127.0.0.1:7001"
    let many = (1...8).map { "127.0.0.1:700\($0)\n" }.joined()
    let bad: [(String, Int)] = [
      ("nonsense\n", 1), ("\n# comment\n127.0.0.1\n", 3), ("\(own)\n127.0.0.1:0\n", 2),
      ("\(own)\nh:65536\n", 2),
      ("\(own)\nh:+1\n", 2), ("\(own)\nh:\n", 2), ("\(own)\n:7002\n", 2), ("\(own)\n[::1:7002\n", 2),
      ("\(own)\nh:7002 h:7003\n", 2), ("\(own)\nh:7002\n\n\(own)\n", 4), (many, 8),
      ("\(own)\n256.0.0.1:7002\n", 2),
      ("\(own)\n::1:7002\n", 2), ("\(own)\nh:7_2\n", 2), ("\(own)\nh:99999999999999999999\n", 2),
    ]
    for (text, line) in bad {
      let result = try run(servers: text)
      XCTAssertEqual(result.status, 2, text)
      assertOneErrorLine(result.err, "ERROR: servers.txt:\(line): ")
    }
  }

  func testServersFilesWithoutAServer() throws {
    for text in [nil, "", "\n# nothing\n", "\u{feff}\r\n"] {
      let result = try run(servers: text)
      XCTAssertEqual(result.status, 2, text ?? "missing")
      assertOneErrorLine(result.err, "ERROR: servers.txt:")
    }
  }

  func testServersFileMayBeNamed() throws {
    let directory = try Directory()
    let port = try freePort()
    try directory.write("\u{feff}\r\n# own\r\n  127.0.0.1:\(port)\t # me\r\n\r\n", to: "own list")
    let child = try Child("kvnode", ["--servers", "own list"], in: directory)
    XCTAssertTrue(Node.waitUntilReady(child, port), child.stderr)
    child.signal(SIGTERM)
    XCTAssertEqual(try child.waitForExit(), 0)
    let missing = try run(["--servers", "elsewhere"], servers: nil)
    XCTAssertEqual(missing.status, 2)
    assertOneErrorLine(missing.err)
    XCTAssertTrue(missing.err.contains("elsewhere"))
  }

  func testListenOverridesWhatIsBound() throws {
    let directory = try Directory()
    let (named, bound) = (try freePort(), try freePort())
    try directory.write("127.0.0.1:\(named)\n", to: "servers.txt")
    let child = try Child("kvnode", ["--listen", "127.0.0.1:\(bound)"], in: directory)
    XCTAssertTrue(Node.waitUntilReady(child, bound), child.stderr)
    XCTAssertThrowsError(try Connection(named))
    let connection = try Connection(bound)
    connection.send("GET /-/status HTTP/1.1\r\nHost: x\r\n\r\n")
    XCTAssertTrue(try connection.reply().body.contains("\"127.0.0.1:\(named)\""), "the identity stays")
  }

  func testABusyPort() throws {
    let node = try Node()
    let directory = try Directory()
    try directory.write("127.0.0.1:\(node.port)\n", to: "servers.txt")
    let second = try Child("kvnode", [], in: directory)
    XCTAssertEqual(try second.waitForExit(), 1)
    assertOneErrorLine(second.stderr)
    XCTAssertEqual(try node.get("/-/healthy").status, "200 OK")
  }

  func testOptions() throws {
    let help = try run(["--help"], servers: nil)
    XCTAssertEqual(help.status, 0)
    for option in [
      "--servers", "--data", "--memory", "--listen", "--strict", "--log-level", "--help", "--version",
    ] {
      XCTAssertTrue(help.out.contains(option), option)
    }
    let version = try run(["--version"], servers: nil)
    XCTAssertEqual(version.status, 0)
    XCTAssertFalse(version.out.isEmpty)
    for arguments in [["--nonsense"], ["--servers"], ["surplus"], ["--log-level", "chatty"], ["-x"]] {
      let result = try run(arguments, servers: "127.0.0.1:7001\n")
      XCTAssertEqual(result.status, 2, "\(arguments)")
      assertOneErrorLine(result.err)
    }
  }

  func testItSaysOnceThatItServes() throws {
    for (arguments, state) in [([], "durable"), (["--memory"], "memory")] {
      let node = try Node(arguments)
      _ = try node.get("/a=b")
      let lines = node.child.stderr.split(separator: "\n").filter { $0.contains("event=serving") }
      XCTAssertEqual(lines.count, 1, node.child.stderr)
      for part in ["address=127.0.0.1:\(node.port)", "members=1", "view=0", "state=\(state)"] {
        XCTAssertTrue(lines.first?.contains(part) == true, "\(lines)")
      }
      XCTAssertFalse(node.child.stderr.contains("a=b"), "no line a request")
      XCTAssertEqual(node.child.stdout, "")
    }
  }

  func testItTakesNoProcessorFromOthersUnlessToldHow() throws {
    let (batch, idle): (Int32, Int32) = (3, 5)  // sched(7)
    let node = try Node()
    for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(node.child.pid)/task") {
      XCTAssertEqual(sched_getscheduler(try XCTUnwrap(pid_t(thread))), batch)
    }
    var none = sched_param()
    sched_setscheduler(0, idle, &none)
    defer { sched_setscheduler(0, 0, &none) }
    let chosen = try Node()
    XCTAssertEqual(sched_getscheduler(chosen.child.pid), idle, "who starts it may choose")
  }

  func testSignalsEndIt() throws {
    for number in [SIGTERM, SIGINT] {
      let node = try Node()
      let idle = try node.connect()
      idle.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
      _ = try idle.reply()
      let half = try node.connect()
      half.send("GET /half HTTP/1.1\r\nHo")
      half.waitUntilRead()
      node.child.signal(number)
      XCTAssertEqual(try node.child.waitForExit(), 0, node.child.stderr)
      XCTAssertThrowsError(try node.connect())
    }
  }

  func testWhatIsInFlightIsFinished() throws {
    let node = try Node()
    let connections = try (0..<20).map { _ in try node.connect() }
    for (number, connection) in connections.enumerated() {
      connection.send("PUT /k\(number) HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nv")
      connection.waitUntilRead()
    }
    node.child.signal(SIGTERM)
    for (number, connection) in connections.enumerated() {
      XCTAssertEqual(try connection.reply().body, "k\(number)=NIL")
    }
    XCTAssertEqual(try node.child.waitForExit(), 0)
  }

  func testAWriteToAClosedConnectionIsSurvived() throws {
    let node = try Node()
    for _ in 0..<50 {
      let connection = try node.connect()
      for _ in 0..<50 { connection.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n") }
    }
    XCTAssertEqual(try node.get("/-/healthy").status, "200 OK")
    XCTAssertNil(node.child.poll())
  }
}
