import HTTP
import KVStore
import XCTest

@testable import Frontend

final class StopTests: FrontendTestCase {
  func testWhatIsInFlightIsAnswered() throws {
    try start()
    let idle = try connect()
    let busy = try connect()
    busy.send(get("a") + get("b=1"))
    run { backend.asked.count == 1 }
    var hasStopped = false
    frontend.stop { hasStopped = true }
    run { idle.hasEnded }
    XCTAssertFalse(busy.hasEnded)
    answer("a", "1")
    run { backend.asked.count == 2 }
    answerWrite("b=1")
    run { busy.hasEnded }
    XCTAssertEqual(busy.bodies, ["a=1", "b=NIL"])
    XCTAssertTrue(busy.heads[1].contains("Connection: close"))
    busy.stream.close()
    run { hasStopped }
  }

  /// It was sent before its client could know that this is the end.
  func testWhatIsOnItsWayIsAnswered() throws {
    try start()
    let client = try connect()
    let late = try connect()
    var hasStopped = false
    frontend.stop { hasStopped = true }
    client.send(get("a"))
    run { backend.asked.count == 1 }
    answer("a", "1")
    run { client.hasEnded }
    XCTAssertEqual(client.codes, ["200"])
    XCTAssertTrue(client.heads[0].contains("Connection: close"))
    client.stream.close()
    run { late.hasEnded && hasStopped }
  }

  func testNewRequestsAreRefusedWhileStopping() throws {
    var options = FrontendOptions()
    options.partingTimeout = 1
    try start(options)
    let client = try connect()
    client.send(get("a"))
    run { backend.asked.count == 1 }
    frontend.stop {}
    run { !frontend.isParting }
    client.send(get("b"))
    let connection = try XCTUnwrap(frontend.connections.compactMap { $0 }.first)
    run { connection.requestCount == 2 }
    answer("a", "1")
    run { client.hasEnded }
    XCTAssertEqual(client.codes, ["200", "503"])
    XCTAssertTrue(client.heads[1].contains("Connection: close"))
    XCTAssertTrue(client.heads[1].contains("Retry-After: 1"))
  }

  func testWhatIsNeverAnsweredDoesNotHoldTheStop() throws {
    var options = FrontendOptions()
    options.stopTimeout = 60
    try start(options)
    let client = try connect()
    client.send(get("a"))
    run { backend.asked.count == 1 }
    var hasStopped = false
    frontend.stop { hasStopped = true }
    run { hasStopped }
    run { client.hasEnded || client.hasFailed }
  }
}
