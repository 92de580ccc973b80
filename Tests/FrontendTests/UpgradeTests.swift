import UV
import XCTest

import class UV.Stream

@testable import Frontend

/// Takes what it is handed over, or not.
private final class Taker: UpgradeHandler, StreamHandler {
  private(set) var streams: [Stream] = []
  private(set) var early: [[UInt8]] = []
  private(set) var received: [UInt8] = []
  private(set) var hasEnded = false
  var wantsIt = true

  func frontend(_ frontend: Frontend, upgraded stream: Stream, early: UnsafeRawBufferPointer) {
    XCTAssertFalse(stream.hasHandler)
    self.early.append(Array(early))
    streams.append(stream)
    guard wantsIt else { return }
    stream.attach(self)
    stream.startReading()
  }

  func stream(_ stream: Stream, received bytes: UnsafeRawBufferPointer) { received += bytes }
  func streamEnded(_ stream: Stream) { hasEnded = true }
  func stream(_ stream: Stream, failed error: UVError) { hasEnded = true }
}

final class UpgradeTests: FrontendTestCase {
  private let taker = Taker()
  private let request = "GET /-/peer HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: quorate/1\r\n\r\n"
  private let switching =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: quorate/1\r\n\r\n"

  private func startUpgrading() throws {
    try start()
    frontend.upgradeHandler = taker
  }

  override func tearDown() {
    for stream in taker.streams { stream.close() }
    super.tearDown()
  }

  func testTheStreamIsHandedOverWithWhatCameEarly() throws {
    try startUpgrading()
    let client = try connect()
    client.send(request + "early\r\n\r\nGET /")
    run { !self.taker.streams.isEmpty && client.text == self.switching }
    XCTAssertEqual(taker.early, [Array("early\r\n\r\nGET /".utf8)])
    XCTAssertEqual(frontend.connectionCount, 0)
    XCTAssertEqual(frontend.metrics.connectionsUpgraded, 1)
    client.send("late")
    run { self.taker.received == Array("late".utf8) }
    taker.streams[0].write(Array("answer".utf8))
    run { client.text == self.switching + "answer" }
    client.stream.close()
    run { self.taker.hasEnded }
  }

  /// Whatever way the bytes come, each goes to its side.
  func testARequestInPiecesIsHandedOverWhole() throws {
    try startUpgrading()
    let client = try connect()
    for character in request + "xy" {
      client.send(String(character))
      loop.runOnce()
    }
    run { (self.taker.early.first ?? []) + self.taker.received == Array("xy".utf8) }
  }

  func testEarlierRequestsAreAnsweredFirst() throws {
    try startUpgrading()
    let client = try connect()
    client.send(get("a") + get("b") + request + "early")
    run { self.backend.asked.count == 2 }
    client.send("more")
    answer("b", "2")
    run { self.frontend.dirty.isEmpty }
    XCTAssertEqual(taker.streams.count, 0)
    answer("a", "1")
    run { client.text.hasSuffix(self.switching) && !self.taker.streams.isEmpty }
    XCTAssertEqual(client.bodies.prefix(2), ["a=1", "b=2"])
    run { self.taker.early[0] + self.taker.received == Array("earlymore".utf8) }
    XCTAssertTrue(taker.early[0].starts(with: Array("early".utf8)))
  }

  func testAStreamThatNobodyTakesIsReset() throws {
    try startUpgrading()
    taker.wantsIt = false
    let client = try connect()
    client.send(request)
    run { client.hasFailed }
    XCTAssertEqual(frontend.connectionCount, 0)
  }

  func testWithoutAHandlerPeersAreToldToComeLater() throws {
    try start()
    let client = try connect()
    client.send(request)
    run { client.codes == ["503"] }
  }

  /// The end is news for the new owner, as all that comes after the request.
  func testAnEndBehindTheRequestIsHandedOverToo() throws {
    try startUpgrading()
    let client = try connect()
    client.send(get("a") + request + "last")
    client.stream.shutdown()
    run { self.backend.asked.count == 1 }
    answer("a", "1")
    run { self.taker.hasEnded }
    XCTAssertEqual(taker.early, [Array("last".utf8)])
  }

  func testAFrontendThatStopsUpgradesNobody() throws {
    try startUpgrading()
    let client = try connect()
    client.send(get("a") + request)
    run { self.backend.asked.count == 1 }
    var hasStopped = false
    frontend.stop { hasStopped = true }
    answer("a", "1")
    run { hasStopped && client.hasEnded }
    XCTAssertEqual(taker.streams.count, 0)
  }

  /// A peer is no client: neither idleness nor a stop ends its stream.
  func testTheFrontendForgetsTheStream() throws {
    var options = FrontendOptions()
    options.idleTimeout = 1
    try start(options)
    frontend.upgradeHandler = taker
    let client = try connect()
    client.send(request)
    run { !self.taker.streams.isEmpty }
    let idle = try connect()
    run { idle.hasEnded }
    XCTAssertFalse(taker.hasEnded)
    var hasStopped = false
    frontend.stop { hasStopped = true }
    run { hasStopped }
    taker.streams[0].write(Array("still".utf8))
    run { client.text.hasSuffix("still") }
  }
}
