import XCTest

import class UV.Timer

@testable import Frontend

final class GatheringTests: FrontendTestCase {
  /// How many requests the backend has been asked after each of the next turns.
  private func asked(turns: Int) -> [Int] {
    (0..<turns).map { _ in
      loop.poll()
      return backend.asked.count
    }
  }

  func testALoneRequestDoesNotWait() throws {
    backend.prefersMany = true
    try start()
    let client = try connect()
    client.send(get("a"))
    XCTAssertEqual(asked(turns: 1), [1])
  }

  func testThoseThatComeTogetherWaitWhileMoreCome() throws {
    backend.prefersMany = true
    try start()
    let clients = try (0..<4).map { _ in try connect() }
    clients[0].send(get("a"))
    clients[1].send(get("b"))
    XCTAssertEqual(asked(turns: 1), [0], "two at once")
    clients[2].send(get("c"))
    XCTAssertEqual(asked(turns: 1), [0], "one more")
    XCTAssertEqual(asked(turns: 1), [3], "and no more")
    XCTAssertEqual(backend.turns, [3])
    clients[3].send(get("d"))
    XCTAssertEqual(asked(turns: 1), [4], "what was gathered before does not count")
  }

  func testTheyDoNotWaitForEver() throws {
    backend.prefersMany = true
    try start()
    let client = try connect()
    client.send(get("a") + get("b"))
    for look in 0..<FrontendOptions.gatheringLooksMax {
      XCTAssertEqual(asked(turns: 1), [0])
      client.send(get("c\(look)"))
    }
    XCTAssertEqual(asked(turns: 1), [2 + FrontendOptions.gatheringLooksMax])
  }

  func testRepliesDoNotWaitWithThem() throws {
    backend.prefersMany = true
    try start()
    let (client, others) = (try connect(), try connect())
    client.send(get("a"))
    run { backend.asked.count == 1 }
    others.send(get("b") + get("c"))
    answer("a", "1")
    XCTAssertEqual(asked(turns: 1), [1], "these are gathered")
    loop.poll()
    XCTAssertEqual(client.bodies, ["a=1"])
    XCTAssertEqual(backend.turns, [1, 2])
  }

  func testNothingIsGatheredOnceItIsAllOneToTheBackend() throws {
    backend.prefersMany = true
    try start()
    let client = try connect()
    client.send(get("a") + get("b"))
    XCTAssertEqual(asked(turns: 1), [0])
    backend.prefersMany = false
    XCTAssertEqual(asked(turns: 1), [2])
    var (turns, isOver) = (0, false)
    let timer = Timer(loop) { isOver = true }
    timer.start(after: 200)
    while !isOver {
      loop.runOnce()
      turns += 1
    }
    timer.close()
    XCTAssertLessThan(turns, 100, "the loop waits again")
  }

  func testABackendToWhichItIsAllOneIsAskedAtOnce() throws {
    try start()
    let clients = try (0..<2).map { _ in try connect() }
    clients[0].send(get("a"))
    clients[1].send(get("b"))
    XCTAssertEqual(asked(turns: 1), [2])
  }
}
