import Servers
import Support
import UV
import XCTest

@testable import Client

/// Errands over real connections, on one loop with the servers.
final class SessionTests: XCTestCase {
  private var loop: Loop!
  private var servers: [ScriptedServer] = []
  private var session: ClientSession?

  override func setUpWithError() throws {
    loop = try Loop()
  }

  override func tearDown() {
    session?.close()
    servers.forEach { $0.close() }
    XCTAssertEqual(loop.close(), [], "handles left")
    weak let left = session
    session = nil
    XCTAssertNil(left, "a session that was closed is held by something")
    servers = []
    loop = nil
  }

  private func serve(_ respond: @escaping (ScriptedServer.Request) -> ScriptedServer.Reply) throws {
    servers.append(try ScriptedServer(loop, respond: respond))
  }

  private func address(_ text: String) throws -> ServerAddress {
    try ServerAddress(parsing: Array(text.utf8)[...])
  }

  private func run(
    _ call: Call, timeout: UInt64 = 5000, extra: [String] = []
  ) throws -> (outcome: CallOutcome, host: String?) {
    let hosts = try (servers.map(\.address) + extra).map { try address($0) }
    let session = session ?? ClientSession(loop, hosts: hosts)
    self.session = session
    var ended: (CallOutcome, String?)?
    session.submit(call, timeout: timeout) { outcome, host in
      ended = (outcome, host.map { session.address($0).text })
    }
    loop.wait("the outcome") { ended != nil }
    return ended ?? (.unanswered, nil)
  }

  private func name(_ outcome: CallOutcome) -> String { ErrandScript.name(outcome) }

  private func body(_ outcome: CallOutcome) -> String {
    guard case .done(let answer) = outcome else { return "no answer" }
    return String(decoding: answer.body, as: UTF8.self)
  }

  private let read = Call(.read(key: Array("color".utf8)))
  private let write = Call(.write(key: Array("color".utf8), value: Array("blue".utf8)))

  func testAsksAsTheInterfaceSays() throws {
    try serve { _ in .answer(200, ["ETag: \"1-5\""], "color=red") }
    let ended = try run(write)
    XCTAssertEqual(body(ended.outcome), "color=red")
    XCTAssertEqual(ended.host, servers[0].address)
    let request = try XCTUnwrap(servers[0].requests.first)
    XCTAssertEqual(request.line, "PUT /color HTTP/1.1")
    XCTAssertEqual(request.body, "blue")
    XCTAssertEqual(request.fields["host"], servers[0].address)
    let parts = request.idempotencyKey.split(separator: "-")
    XCTAssertEqual(parts.count, 2)
    let age = Double(Date().timeIntervalSince1970) - Double(try XCTUnwrap(UInt64(parts[0]))) / 1000
    XCTAssertLessThan(abs(age), 60)
  }

  func testAKeyIsPercentEncodedAndCannotBecomeAPath() throws {
    try serve { _ in .answer(200, [], "-/a b%ü=1") }
    XCTAssertEqual(name(try run(Call(.read(key: Array("-/a b%ü".utf8)))).outcome), "done")
    XCTAssertEqual(servers[0].requests[0].line, "GET /-%2Fa%20b%25%C3%BC HTTP/1.1")
  }

  func testMovesOnFromAHostThatRefuses() throws {
    try serve { _ in .answer(200, [], "color=red") }
    let refusing = (1...3).map { _ in RefusingPort() }
    for _ in 0..<4 {
      XCTAssertEqual(try run(read, extra: refusing.map(\.address)).host, servers[0].address)
      session?.close()
      session = nil
    }
  }

  func testNobodyThere() throws {
    let refusing = (1...2).map { _ in RefusingPort() }
    XCTAssertEqual(try run(write, extra: refusing.map(\.address)).outcome, .unreachable)
    XCTAssertEqual(session?.fault(0), "connection refused")
  }

  func testAWriteThatIsResetIsSentElsewhereUnderTheSameKey() throws {
    var asked: [String] = []
    for _ in 0..<2 {
      try serve { request in
        asked.append(request.idempotencyKey)
        return asked.count == 1 ? .reset : .answer(200, ["KV-Replayed: ?1"], "color=red")
      }
    }
    XCTAssertEqual(name(try run(write).outcome), "done")
    XCTAssertEqual(asked.count, 2)
    XCTAssertEqual(asked[0], asked[1])
    XCTAssertEqual(servers.map(\.requests.count), [1, 1])
  }

  func testAWriteThatIsAlwaysResetIsUnknown() throws {
    try serve { _ in .reset }
    XCTAssertEqual(try run(write, timeout: 1000).outcome, .unknown(nil))
    XCTAssertGreaterThan(servers[0].requests.count, 1, "asked about again")
    XCTAssertEqual(Set(servers[0].requests.map(\.idempotencyKey)).count, 1)
  }

  func testASilentHostIsHedged() throws {
    var asked = 0
    for _ in 0..<2 {
      try serve { _ in
        asked += 1
        return asked == 1 ? .silence : .answer(200, [], "color=red")
      }
    }
    XCTAssertEqual(body(try run(read).outcome), "color=red")
    XCTAssertEqual(asked, 2)
  }

  func testALinearizableAnswerIsPreferred() throws {
    var asked = 0
    for _ in 0..<3 {
      try serve { _ in
        asked += 1
        return asked < 3
          ? .answer(200, ["KV-Consistency: degraded", "Age: 7"], "color=old")
          : .answer(200, [], "color=new")
      }
    }
    XCTAssertEqual(body(try run(read).outcome), "color=new")
  }

  func testADegradedAnswerIsBetterThanNone() throws {
    try serve { _ in .answer(200, ["KV-Consistency: degraded", "Age: 7"], "color=old") }
    try serve { _ in .answer(200, ["KV-Consistency: degraded", "Age: 3"], "color=less old") }
    let outcome = try run(read).outcome
    XCTAssertEqual(body(outcome), "color=less old")
    guard case .done(let answer) = outcome else { return XCTFail("\(outcome)") }
    XCTAssertEqual(answer.assurance, .degraded(age: 3))
  }

  func testDemandsAreSent() throws {
    try serve { _ in .answer(200, ["KV-Consistency: local"], "color=old") }
    XCTAssertEqual(name(try run(Call(read.action, demand: .any)).outcome), "done local")
    XCTAssertEqual(servers[0].requests[0].fields["kv-consistency"], "local")
    XCTAssertEqual(
      name(try run(Call(read.action, demand: .linearizable), timeout: 200).outcome), "unanswered")
    XCTAssertEqual(servers[0].requests[1].fields["kv-consistency"], "linearizable")
  }

  func testAnUnavailableServerIsAskedAgain() throws {
    var asked = 0
    try serve { _ in
      asked += 1
      return asked < 3 ? .answer(503, ["Retry-After: 0"], "no quorum") : .answer(200, [], "color=red")
    }
    XCTAssertEqual(name(try run(write).outcome), "done")
    XCTAssertEqual(servers[0].connections, 1)
  }

  func testAFloorGivesThisKeyAndTheNextAHigherTime() throws {
    let floor = UInt64(Date().timeIntervalSince1970 * 1000) + 3_600_000
    try serve { request in
      let time = UInt64(request.idempotencyKey.split(separator: "-")[0])!
      return time <= floor ? .answer(409, ["KV-Time: \(floor)"], "late") : .answer(200, [], "color=red")
    }
    XCTAssertEqual(name(try run(write).outcome), "done")
    XCTAssertEqual(servers[0].requests.count, 2)
    XCTAssertEqual(name(try run(write).outcome), "done")
    XCTAssertEqual(servers[0].requests.count, 3, "the clock was learned")
  }

  func testANameIsResolved() throws {
    try serve { _ in .answer(200, [], "color=red") }
    session = ClientSession(loop, hosts: [try address("localhost:\(servers[0].port)")])
    XCTAssertEqual(name(try run(read).outcome), "done")
  }

  func testANameThatIsNoneIsUnreachable() throws {
    XCTAssertEqual(try run(read, extra: ["no-such-host.invalid:1"]).outcome, .unreachable)
  }

  func testAReplyInPieces() throws {
    let reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ncolor=\r\n3\r\nred\r\n0\r\n\r\n"
    var pieces = Array(reply)[...]
    try serve { _ in .raw(String(pieces.removeFirst())) }
    // The connection dribbles: one character, and the rest piece by piece as time passes.
    let hosts = [try address(servers[0].address)]
    let session = ClientSession(loop, hosts: hosts)
    self.session = session
    var outcome: CallOutcome?
    session.submit(read, timeout: 5000) { ended, _ in outcome = ended }
    let dribble = UV.Timer(loop) { [servers] in
      if !servers[0].requests.isEmpty, let piece = pieces.popFirst() { servers[0].send(String(piece)) }
    }
    dribble.start(after: 1, repeating: 1)
    loop.wait("the outcome") { outcome != nil }
    dribble.close()
    XCTAssertEqual(outcome.map(body), "color=red")
  }

  func testAReplyThatEndsWithTheConnection() throws {
    try serve { _ in .rawAndClose("HTTP/1.0 200 OK\r\n\r\ncolor=red") }
    XCTAssertEqual(body(try run(read).outcome), "color=red")
  }

  func testWhatIsNotAnAnswerIsNone() throws {
    let replies = [
      "SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nother=red", "HTTP/1.1 200 OK\r\n",
    ]
    for reply in replies {
      try serve { _ in .rawAndClose(reply) }
      XCTAssertEqual(name(try run(write, timeout: 400).outcome), "unknown", reply)
      XCTAssertEqual(name(try run(read, timeout: 400).outcome), "unanswered", reply)
      session?.close()
      session = nil
      servers.removeLast().close()
    }
  }

  func testManyErrandsShareAConnection() throws {
    try serve { request in
      let key = request.line.split(separator: " ")[1].dropFirst()
      return .answer(200, [], "\(key)=\(request.body)")
    }
    let session = ClientSession(loop, hosts: [try address(servers[0].address)])
    self.session = session
    var bodies: [Int: String] = [:]
    for number in 0..<300 {
      let call = Call(.write(key: Array("k\(number)".utf8), value: Array("v\(number)".utf8)))
      session.submit(call, timeout: 5000) { outcome, _ in bodies[number] = self.body(outcome) }
    }
    loop.wait("all outcomes") { bodies.count == 300 }
    XCTAssertTrue(bodies.allSatisfy { $0.value == "k\($0.key)=v\($0.key)" })
    XCTAssertEqual(servers[0].connections, 1)
    XCTAssertEqual(session.running, 0)
  }

  func testErrandsSurviveAConnectionThatBreaksAmongThem() throws {
    var asked = 0
    try serve { request in
      asked += 1
      if asked == 20 { return .reset }
      return .answer(200, [], request.line.split(separator: " ")[1].dropFirst() + "=1")
    }
    let session = ClientSession(loop, hosts: [try address(servers[0].address)])
    self.session = session
    var outcomes: [String] = []
    for number in 0..<100 {
      session.submit(Call(.write(key: Array("k\(number)".utf8), value: [])), timeout: 5000) { outcome, _ in
        outcomes.append(self.name(outcome))
      }
    }
    loop.wait("all outcomes") { outcomes.count == 100 }
    XCTAssertEqual(Set(outcomes), ["done"])
    XCTAssertGreaterThan(servers[0].connections, 1)
  }

  func testReadsSpreadOverTheHosts() throws {
    for _ in 0..<3 { try serve { _ in .answer(200, [], "color=red") } }
    for _ in 0..<30 { XCTAssertEqual(name(try run(read).outcome), "done") }
    XCTAssertEqual(servers.map(\.requests.count), [10, 10, 10])
  }
}
