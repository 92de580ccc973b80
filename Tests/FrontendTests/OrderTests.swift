import HTTP
import KVStore
import XCTest

@testable import Frontend

final class OrderTests: FrontendTestCase {
  func testRepliesLeaveInTheOrderOfTheRequests() throws {
    try start()
    let client = try connect()
    client.send(get("a") + get("b") + get("c"))
    run { backend.asked.count == 3 }
    answer("c", "3")
    answer("b", nil)
    for _ in 0..<5 { loop.poll() }
    XCTAssertEqual(client.text, "", "the first has no answer yet")
    answer("a", "1")
    run { client.bodies.count == 3 }
    XCTAssertEqual(client.bodies, ["a=1", "b=NIL", "c=3"])
  }

  func testARefusalWaitsForItsTurn() throws {
    try start()
    let client = try connect()
    client.send(get("a") + "GET / HTTP/1.1\r\nHost: x\r\n\r\n" + get("-/healthy") + get("b"))
    run { backend.asked.count == 2 }
    answer("b", "2")
    answer("a", "1")
    run { client.codes.count == 4 }
    XCTAssertEqual(client.codes, ["200", "400", "200", "200"])
  }

  func testAPipelineIsOneTurn() throws {
    try start()
    let client = try connect()
    client.send((0..<100).map { get("k\($0)") }.joined())
    run { backend.asked.count == 100 }
    XCTAssertEqual(backend.turns, [100])
    XCTAssertEqual(backend.whats, (0..<100).map { "k\($0)" })
  }

  func testAReadWaitsForTheWriteBeforeIt() throws {
    try start()
    let client = try connect()
    client.send(get("a=1") + get("b=2") + get("a") + get("a=3"))
    run { backend.asked.count == 2 }
    for _ in 0..<5 { loop.poll() }
    XCTAssertEqual(backend.whats, ["a=1", "b=2"], "writes keep their order by themselves; the read waits")
    answerWrite("b=2")
    for _ in 0..<5 { loop.poll() }
    XCTAssertEqual(backend.asked.count, 2)
    answerWrite("a=1")
    run { backend.asked.count == 3 }
    XCTAssertEqual(backend.whats.last, "a")
    answer("a", "1")
    run { backend.asked.count == 4 }
    answerWrite("a=3")
    run { client.bodies.count == 4 }
    XCTAssertEqual(client.bodies, ["a=NIL", "b=NIL", "a=1", "a=NIL"])
  }

  func testHalfCloseCancelsNothing() throws {
    try start()
    let client = try connect()
    client.send(get("a") + get("b"))
    client.stream.shutdown()
    run { backend.asked.count == 2 }
    for _ in 0..<5 { loop.poll() }
    answer("b", "2")
    answer("a", "1")
    run { client.hasEnded }
    XCTAssertEqual(client.bodies, ["a=1", "b=2"])
    run { frontend.connectionCount == 0 }
  }

  func testAnAnswerForAClientThatIsGoneIsDropped() throws {
    try start()
    let gone = try connect()
    gone.send(get("a"))
    run { backend.asked.count == 1 }
    let ticket = backend.ticket("a")
    gone.stream.reset()
    run { frontend.connectionCount == 0 }
    XCTAssertEqual(frontend.requests.waiting, 0)

    // The next client gets the same place; the old ticket must not reach it.
    let next = try connect()
    next.send(get("b"))
    run { backend.asked.count == 2 }
    frontend.refuse(ticket, .fault)
    answer("b", "2")
    frontend.refuse(backend.ticket("b"), .fault)
    run { next.bodies.count == 1 }
    XCTAssertEqual(next.bodies, ["b=2"])
  }

  func testManyRequestsThroughTheStore() throws {
    try startWithStore()
    let client = try connect()
    let count = 3 * FrontendOptions.pipelineMax
    client.send((0..<count).map { get("k\($0 % 7)=\($0)") + get("k\($0 % 7)") }.joined())
    run { client.replyCount == 2 * count }
    let bodies = client.bodies
    XCTAssertEqual(bodies.count, 2 * count)
    for index in 0..<count {
      let before = index < 7 ? "NIL" : "\(index - 7)"
      XCTAssertEqual(bodies[2 * index], "k\(index % 7)=\(before)")
      XCTAssertEqual(bodies[2 * index + 1], "k\(index % 7)=\(index)")
    }
  }
}
