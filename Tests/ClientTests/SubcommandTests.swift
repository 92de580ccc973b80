import Foundation
import Support
import XCTest

/// status, dump, load and recover of the built program.
final class SubcommandTests: ProgramTestCase {
  private func run(_ arguments: [String], stdin: Data? = nil) throws -> ProgramRun {
    try kvclient(arguments, stdin: stdin)
  }

  private func refusingAddress() -> String {
    refusing.append(RefusingPort())
    return refusing.last!.address
  }

  private func status(_ role: String, linearizable: Bool, reason: String = "null") -> String {
    """
    {"id":"a:1","view":3,"role":"\(role)","status":"normal","linearizable":\(linearizable),"reason":\(reason),
    "op":17,"commit":17,"members":[{"id":"x","weight":1}],"keys":4}
    """
  }

  // MARK: status

  func testStatusIsALineAServer() throws {
    let reason = "linearizable; survives 1 more failure"
    try serve { _ in .answer(200, [], self.status("primary", linearizable: true, reason: "\"\(reason)\"")) }
    try serve { _ in .answer(200, [], self.status("backup", linearizable: true)) }
    let run = try run(["status"] + hosts)
    let words = "normal linearizable view=3 op=17 commit=17 keys=4"
    XCTAssertEqual(
      run.stdout,
      """
      \(servers[0].address) primary \(words) reason="\(reason)"
      \(servers[1].address) backup \(words)

      """)
    XCTAssertEqual(run.status, 0)
    XCTAssertEqual(servers[0].requests.map(\.line), ["GET /-/status HTTP/1.1"])
  }

  func testStatusTellsWhatIsNotWell() throws {
    try serve { _ in .answer(200, [], self.status("backup", linearizable: false, reason: #""no quorum""#)) }
    try serve { _ in .answer(404, [], "no such path") }
    try serve { _ in .answer(200, [], "what?") }
    let down = refusingAddress()
    let run = try run(["status", "-h", (servers.map(\.address) + [down]).joined(separator: ",")])
    XCTAssertEqual(
      run.stdout,
      """
      \(servers[0].address) backup normal not-linearizable view=3 op=17 commit=17 keys=4 reason="no quorum"
      \(servers[1].address) down: 404 no such path
      \(servers[2].address) down: no status in its answer
      \(down) down: connection refused

      """)
    XCTAssertEqual(run.status, 1)
  }

  func testStatusOfNobody() throws {
    let down = refusingAddress()
    let run = try run(["status", "-h", down])
    XCTAssertEqual(run.stdout, "ERROR: no connection to any server: \(down): connection refused\n")
    XCTAssertEqual(run.status, 3)
  }

  func testStatusAsJSON() throws {
    try serve { _ in .answer(200, [], "{\"linearizable\":true,\n\"view\":3}\n") }
    let down = refusingAddress()
    let run = try run(["status", "--json", "-h", "\(servers[0].address),\(down)"])
    XCTAssertEqual(
      run.stdout,
      """
      {"host":"\(servers[0].address)","status":{"linearizable":true,"view":3}}
      {"host":"\(down)","error":"connection refused"}

      """)
    XCTAssertEqual(run.status, 1)
  }

  // MARK: dump and recover

  func testDumpPrintsEveryLine() throws {
    let pairs = (0..<20_000).map { "k\($0)=v\($0)\n" }.joined()
    try serve { _ in .answer(503, ["Retry-After: 60"], "no quorum") }
    try serve { _ in .answer(200, [], pairs) }
    let run = try run(["dump"] + hosts)
    XCTAssertEqual(run.stdout, pairs)
    XCTAssertEqual(run.status, 0)
  }

  func testRecoverIsSentOnce() throws {
    try serve { _ in .answer(200, [], "recovering") }
    let first = try run(["recover"] + hosts)
    XCTAssertEqual(first.stdout, "recovering\n")
    XCTAssertEqual(first.status, 0)
    XCTAssertEqual(servers[0].requests.map(\.line), ["POST /-/recover HTTP/1.1"])
    try serve { _ in .reset }
    let second = try run(["recover", "-h", servers[1].address])
    XCTAssertEqual(second.status, 5)
    XCTAssertEqual(servers[1].requests.count, 1)
  }

  func testRecoverNamesThoseThatAreGone() throws {
    try serve { _ in .answer(200, [], "recovering without 192.0.2.1:8081") }
    let gone = "192.0.2.1:8081,192.0.2.2:8081"
    let run = try run([
      "recover", "--without", gone, "-h", "\(gone),\(refusingAddress()),\(servers[0].address)",
    ])
    XCTAssertEqual(run.stdout, "recovering without 192.0.2.1:8081\n")
    XCTAssertEqual(run.status, 0)
    XCTAssertEqual(servers[0].requests.map(\.line), ["POST /-/recover HTTP/1.1"])
    XCTAssertEqual(servers[0].requests.map(\.body), ["without=\(gone)"])
  }

  func testRecoverSaysWhatTheServerSays() throws {
    let words =
      "not reached: 192.0.2.1:8081; if it is gone for good: kvclient recover --without 192.0.2.1:8081"
    try serve { _ in .answer(400, [], words + "\n") }
    let run = try run(["recover"] + hosts)
    XCTAssertEqual(run.stdout, "ERROR: not executed: 400 from \(servers[0].address): \(words)\n")
    XCTAssertEqual(run.status, 4)
    XCTAssertEqual(servers[0].requests.map(\.body), [""])
  }

  func testRecoverIsAskedOfThisMachineOnly() throws {
    try serve { _ in .answer(200, [], "no") }
    let local = servers[0].address
    let cases = [
      (["-h", "192.0.2.1:8081,no-such.invalid:1"], "192.0.2.1:8081, no-such.invalid:1"),
      (["-h", local, "--without", local], local),
    ]
    for (words, list) in cases {
      let run = try run(["recover"] + words)
      XCTAssertEqual(
        run.stdout,
        "ERROR: recover goes to a server of this machine that is to go on: none of \(list) is one\n")
      XCTAssertEqual(run.status, 2)
    }
    XCTAssertEqual(servers[0].connections, 0)
  }

  // MARK: load

  private func file(_ text: String) throws -> String {
    let file = directory.appendingPathComponent("pairs.txt")
    try Data(text.utf8).write(to: file)
    return "pairs.txt"
  }

  /// Stores as a server would, and remembers each key's values in order.
  private func serveStore(_ written: @escaping (String, String) -> Void) throws {
    try serve { request in
      let key = String(request.line.split(separator: " ")[1].dropFirst())
      written(key, request.body)
      return .answer(200, ["KV-Present: ?0"], "\(key)=NIL")
    }
  }

  func testLoadWritesEveryLine() throws {
    var written: [String: [String]] = [:]
    for _ in 0..<2 { try serveStore { written[$0, default: []].append($1) } }
    let run = try run(
      ["load", try file("a=1\r\n\nb=x=y\nc=\n" + (0..<2000).map { "k\($0)=v\($0)\n" }.joined())] + hosts)
    XCTAssertEqual(run.stdout, "loaded 2003\n")
    XCTAssertEqual(run.status, 0)
    XCTAssertEqual(run.stderr, "")
    XCTAssertEqual(written.count, 2003)
    XCTAssertEqual(written["a"], ["1"])
    XCTAssertEqual(written["b"], ["x=y"])
    XCTAssertEqual(written["c"], [""])
    XCTAssertEqual(written["k1999"], ["v1999"])
    XCTAssertTrue(servers.allSatisfy { $0.requests.count > 500 }, "spread over the hosts")
  }

  func testLoadKeepsTheOrderOfOneKey() throws {
    var written: [String: [String]] = [:]
    for _ in 0..<3 { try serveStore { written[$0, default: []].append($1) } }
    let text = (0..<300).map { "k\($0 % 7)=\($0)\n" }.joined()
    XCTAssertEqual(try run(["load", "-"] + hosts, stdin: Data(text.utf8)).stdout, "loaded 300\n")
    for key in 0..<7 {
      XCTAssertEqual(written["k\(key)"], stride(from: key, to: 300, by: 7).map(String.init))
    }
  }

  func testLoadChecksTheWholeFileFirst() throws {
    try serveStore { _, _ in }
    let cases = [
      ("a=1\nb\n", "pairs.txt:2: no key=value"),
      ("a=1\n\n=x\n", "pairs.txt:3: the key is empty"),
      ("a=1\nb=[x]\n", "pairs.txt:2: the value has a bracket: brackets go around key and value, or nowhere"),
    ]
    for (text, message) in cases {
      let run = try run(["load", try file(text)] + hosts)
      XCTAssertEqual(run.stdout, "ERROR: \(message)\n")
      XCTAssertEqual(run.status, 2)
    }
    XCTAssertEqual(servers[0].connections, 0)
  }

  func testLoadNamesTheLineThatFailed() throws {
    try serve { request in
      let key = String(request.line.split(separator: " ")[1].dropFirst())
      return key == "bad" ? .answer(507, [], "the store is full") : .answer(200, [], "\(key)=1")
    }
    let text = (0..<50).map { "k\($0)=1\n" }.joined() + "bad=1\n"
    let run = try run(["load", try file(text)] + hosts)
    XCTAssertEqual(
      run.stdout, "ERROR: pairs.txt:51: not executed: 507 from \(servers[0].address): the store is full\n")
    XCTAssertEqual(run.status, 4)
  }

  /// One server executes and then resets, for good, from its hundredth request on.
  func testLoadGoesOnWithoutAServerThatDies() throws {
    var executed: [String: String] = [:]
    let store = { (request: ScriptedServer.Request) in
      let key = String(request.line.split(separator: " ")[1].dropFirst())
      // As servers do: by idempotency key, each write once.
      let earlier = executed.updateValue("\(key)=\(request.body)", forKey: request.idempotencyKey)
      XCTAssertTrue(earlier == nil || earlier == "\(key)=\(request.body)", "another write under the same key")
      return ScriptedServer.Reply.answer(200, ["KV-Present: ?0"], "\(key)=NIL")
    }
    var taken = 0
    try serve { request in
      taken += 1
      let reply = store(request)
      return taken < 100 ? reply : .reset
    }
    for _ in 0..<2 { try serve(store) }
    let lines = (0..<2000).map { "k\($0)=v\($0)" }
    let run = try run(["load", try file(lines.joined(separator: "\n"))] + hosts)
    XCTAssertEqual(run.stdout, "loaded 2000\n")
    XCTAssertEqual(run.status, 0)
    XCTAssertEqual(executed.values.sorted(), lines.sorted(), "each line under one key, and none twice")
    XCTAssertGreaterThan(taken, 100)
  }

  func testLoadSaysHowFarItIs() throws {
    var isFirst = true
    try serve { request in
      defer { isFirst = false }
      let key = String(request.line.split(separator: " ")[1].dropFirst())
      return isFirst
        ? .answer(503, ["Retry-After: 1"], "wait") : .answer(200, ["KV-Present: ?0"], "\(key)=NIL")
    }
    let text = (0..<300).map { "k\($0)=1\n" }.joined()
    let run = try run(["load", "--verbose", try file(text)] + hosts)
    XCTAssertEqual(run.stdout, "loaded 300\n")
    XCTAssertTrue(run.stderr.contains("kvclient: 300 of 300 lines loaded\n"), run.stderr)
  }

  func testLoadOfNothing() throws {
    XCTAssertEqual(try run(["load", try file("\n"), "-h", "127.0.0.1:1"]).stdout, "loaded 0\n")
  }
}
