import HTTP
import KVStore
import XCTest

@testable import Frontend

/// Each time is made short, and the others stay so long that only the tested one can be what happened.
final class DeadlineTests: FrontendTestCase {
  private func start(_ change: (inout FrontendOptions) -> Void) throws {
    var options = FrontendOptions()
    options.requestTimeout = 600_000
    options.idleTimeout = 600_000
    options.headTimeout = 600_000
    options.bodyTimeout = 600_000
    options.lineTimeout = 600_000
    options.lingerTimeout = 600_000
    change(&options)
    try start(options)
  }

  func testWhatIsNotAnsweredInTime() throws {
    try start { $0.requestTimeout = 60 }
    let reader = try connect()
    let writer = try connect()
    reader.send(get("a"))
    writer.send(get("b=1") + get("c"))
    run { reader.codes.count == 1 && writer.codes.count == 2 }
    XCTAssertEqual(reader.codes, ["503"], "a read is certainly not executed")
    XCTAssertEqual(writer.codes[0], "504", "a write may be")
    XCTAssertTrue(reader.text.contains("Retry-After"))
    // The connection goes on, and the late answer is dropped.
    answer("a", "1")
    reader.send(get("d"))
    run { backend.whats.contains("d") }
    answer("d", "4")
    run { reader.codes.count == 2 }
    XCTAssertEqual(reader.bodies.last, "d=4")
  }

  /// Its time begins when it is taken up, also where no byte came in that turn.
  func testARequestTakenUpAfterAnAnswerHasItsOwnTime() throws {
    try start { _ in }
    let client = try connect()
    client.send(get("a=1") + get("b"))
    run { backend.whats == ["a=1"] }
    answerWrite("a=1")
    run { backend.whats.last == "b" }
    frontend.expire()
    let other = try connect()
    other.send(get("c"))
    run { backend.whats.last == "c" }
    XCTAssertEqual(client.codes, ["200"])
    answer("b", "2")
    run { client.codes.count == 2 }
    XCTAssertEqual(client.bodies.last, "b=2")
  }

  func testAnIdleConnectionIsClosed() throws {
    try start { $0.idleTimeout = 60 }
    let client = try connect()
    run { client.hasEnded }
    XCTAssertEqual(client.text, "")
  }

  func testAWaitingRequestIsNotIdle() throws {
    try start { $0.idleTimeout = 60 }
    let client = try connect()
    client.send(get("a"))
    run { backend.asked.count == 1 }
    let other = try connect()
    run { other.hasEnded }
    XCTAssertFalse(client.hasEnded)
    answer("a", "1")
    run { client.hasEnded }
    XCTAssertEqual(client.bodies, ["a=1"])
  }

  func testALateHead() throws {
    try start {
      $0.headTimeout = 60
      $0.lineTimeout = 60
    }
    let client = try connect()
    client.send("GET /a HTTP/1.1\r\nHost: x\r\nA:")
    run { client.hasEnded }
    XCTAssertEqual(client.codes, ["408"])
    XCTAssertTrue(client.text.contains("Connection: close"))
  }

  func testALateBody() throws {
    try start { $0.bodyTimeout = 60 }
    let client = try connect()
    client.send("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
    run { client.hasEnded }
    XCTAssertEqual(client.codes, ["408"])
    XCTAssertEqual(backend.asked, [])
  }

  func testSilenceCompletesAClassicLine() throws {
    try start { $0.lineTimeout = 60 }
    let client = try connect()
    client.send("GET a b HTTP/1.1\r\n")
    run { backend.whats == ["a b"] }
    answer("a b", "1")
    run { client.hasEnded }
    XCTAssertTrue(client.text.hasPrefix("HTTP/1.0 200 OK\r\n"))
    XCTAssertTrue(client.text.hasSuffix("\r\n\r\na b=1"))
  }

  /// The rest of a head comes while the server is held up, after it has asked for events: that is no silence.
  func testAStallOfTheServersOwnIsNoSilence() throws {
    let limit: UInt64 = 400
    try start { $0.lineTimeout = limit }
    let other = try connect()
    for attempt in 1...20 {
      let client = try connect()
      func asked() -> Int { backend.whats.count { $0 == "a" } }
      client.send("GET /a HTTP/1.1\r\n")
      run { frontend.deadlines.longest(.line) != nil || asked() == attempt }
      var isInTime = false
      backend.onSubmit = { [unowned self] in
        backend.onSubmit = nil
        isInTime = frontend.deadlines.longest(.line) != nil
        client.send("Host: x\r\n\r\n")
        usleep(UInt32(limit) * 1_100)
        loop.updateTime()
      }
      usleep(UInt32(FrontendOptions.tick) * 1_100)  // so that the tick is due when this request comes
      other.send(get("b"))
      run { backend.onSubmit == nil && asked() == attempt }
      answer("b", "1")
      answer("a", "1")
      run { client.replyCount == 1 }
      if isInTime { return XCTAssertTrue(client.text.hasPrefix("HTTP/1.1 200 OK\r\n"), client.text) }
    }
    XCTFail("this machine never ran the test in time")
  }

  func testTheServerLingersUntilTheClientsEnd() throws {
    try start { _ in }
    let client = try connect()
    client.send("GET a\n\n")
    run { backend.asked.count == 1 }
    answer("a", "1")
    run { client.hasEnded }
    // What the client still sends is discarded, and no reset comes of it.
    client.send(String(repeating: "x", count: 100_000))
    client.stream.shutdown()
    run { frontend.connectionCount == 0 }
    XCTAssertFalse(client.hasFailed)
    XCTAssertEqual(backend.asked.count, 1)
  }

  func testTheServerDoesNotLingerForEver() throws {
    try start { $0.lingerTimeout = 60 }
    let client = try connect()
    client.send("GET a\n\n")
    run { backend.asked.count == 1 }
    answer("a", "1")
    run { frontend.connectionCount == 0 }
    XCTAssertTrue(client.text.hasSuffix("a=1"))
  }

  func testAtAShortageTheLongestIdleClientGoes() throws {
    try start { _ in }
    let first = try connect()
    let second = try connect()
    first.send(get("a"))
    run { backend.asked.count == 1 }
    answer("a", "1")
    run { first.bodies.count == 1 }
    let listener = try XCTUnwrap(frontend.listeners.first)
    frontend.listener(listener, isShortOf: .tooManyOpenFiles)
    run { second.hasEnded || second.hasFailed }
    XCTAssertFalse(first.hasEnded)
    XCTAssertEqual(frontend.connectionCount, 1)
  }
}
