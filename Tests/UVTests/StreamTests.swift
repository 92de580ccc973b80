import UV
import XCTest

import class UV.Stream

final class StreamTests: LoopTestCase {
  func testBytesGoBothWays() throws {
    let pair = try Pair(self)
    XCTAssertTrue(pair.client.write([1, 2, 3]))
    XCTAssertTrue(pair.server.write([4, 5]))
    run { pair.serverSide.received.count == 3 && pair.clientSide.received.count == 2 }
    XCTAssertEqual(pair.serverSide.received, [1, 2, 3])
    XCTAssertEqual(pair.clientSide.received, [4, 5])
    XCTAssertEqual(pair.client.peerAddress, pair.server.localAddress)
    XCTAssertEqual(pair.server.peerAddress, pair.client.localAddress)
    pair.close()
    XCTAssertNil(pair.client.peerAddress)
  }

  func testWhatIsWrittenBeforeTheConnectionStandsIsSent() throws {
    let acceptor = Acceptor()
    let listener = try Listener(loop, at: .loopback(port: 0), handler: acceptor)
    let recorder = Recorder()
    let client = try Stream.connect(loop, to: listener.address, handler: recorder)
    XCTAssertFalse(client.write([7]))
    XCTAssertFalse(client.write(parts: [[8], [], [9]]))
    client.shutdown()
    run { acceptor.recorders.first?.events.contains(.ended) ?? false }
    XCTAssertEqual(acceptor.recorders[0].received, [7, 8, 9])
    XCTAssertEqual(recorder.events.first, .connected)
    acceptor.streams[0].close()
    client.close()
    listener.close()
  }

  func testAConnectionIsMadeFromTheAddressNamed() throws {
    for (host, source) in [("127.0.0.1", "127.0.0.9"), ("::1", "::1")] {
      let acceptor = Acceptor()
      let address = try XCTUnwrap(SocketAddress(host, port: 0))
      let listener = try Listener(loop, at: address, handler: acceptor)
      let recorder = Recorder()
      let client = try Stream.connect(
        loop, to: listener.address, from: SocketAddress(source, port: 0), handler: recorder)
      run { recorder.events == [.connected] && acceptor.streams.count == 1 }
      XCTAssertEqual(acceptor.streams[0].peerAddress?.host, source)
      XCTAssertEqual(acceptor.streams[0].peerAddress, client.localAddress)
      acceptor.streams[0].close()
      client.close()
      listener.close()
    }
  }

  func testAnAddressThatTheMachineDoesNotHaveIsNoSource() throws {
    let listener = try Listener(loop, at: .loopback(port: 0), handler: Acceptor())
    let source = SocketAddress("192.0.2.1", port: 0)
    XCTAssertThrowsError(
      try Stream.connect(loop, to: listener.address, from: source, handler: Recorder())
    ) { XCTAssertEqual($0 as? UVError, .addressNotAvailable) }
    listener.close()
  }

  func testRefusedConnectionFailsOnceAndClosesItself() throws {
    let listener = try Listener(loop, at: .loopback(port: 0), handler: Acceptor())
    let address = listener.address
    listener.close()
    let recorder = Recorder()
    let client = try Stream.connect(loop, to: address, handler: recorder)
    XCTAssertEqual(recorder.events, [])
    runToEnd()
    XCTAssertEqual(recorder.events, [.failed(.connectionRefused)])
    XCTAssertFalse(client.isOpen)
  }

  func testWhatTheSystemDoesNotTakeIsKeptInOrder() throws {
    let pair = try Pair(self)
    let bytes = [UInt8].pattern(8_000_000)
    var isSent = true
    for start in stride(from: 0, to: bytes.count, by: 100_000) {
      isSent = bytes[start..<start + 100_000].withUnsafeBytes { pair.client.write($0) }
    }
    XCTAssertFalse(isSent)
    XCTAssertGreaterThan(pair.client.pendingWriteBytes, 0)
    run { pair.serverSide.received.count == bytes.count }
    XCTAssertTrue(pair.serverSide.received == bytes)
    run { pair.clientSide.events.contains(.drained) }
    XCTAssertEqual(pair.clientSide.events, [.connected, .drained])
    XCTAssertEqual(pair.client.pendingWriteBytes, 0)
    pair.close()
  }

  func testPartsAreSentInOrderWhereverTheSystemCutsThem() throws {
    let pair = try Pair(self)
    var parts: [[UInt8]] = []
    for index in 0..<100 { parts.append([UInt8].pattern(index * 1000 % 77_777)) }
    for _ in 0..<4 { pair.client.write(parts: parts) }
    XCTAssertGreaterThan(pair.client.pendingWriteBytes, 0)
    var whole: [UInt8] = []
    for part in parts + parts + parts + parts { whole += part }
    run { pair.serverSide.received.count == whole.count }
    XCTAssertTrue(pair.serverSide.received == whole)
    XCTAssertTrue(pair.client.write(parts: []))
    XCTAssertTrue(pair.client.write([]))
    pair.close()
  }

  func testPausedReadingHoldsThePeerBack() throws {
    let pair = try Pair(self)
    pair.server.pauseReading()
    let bytes = [UInt8].pattern(20_000_000)
    pair.client.write(bytes)
    for _ in 0..<100 { loop.poll() }
    XCTAssertEqual(pair.serverSide.received, [])
    XCTAssertGreaterThan(pair.client.pendingWriteBytes, 0)
    pair.server.startReading()
    run { pair.serverSide.received.count == bytes.count }
    XCTAssertTrue(pair.serverSide.received == bytes)
    pair.close()
  }

  func testPauseWithinReadingStopsFurtherBytes() throws {
    let pair = try Pair(self)
    pair.serverSide.onEvent = { event, stream in if event == .received { stream.pauseReading() } }
    pair.client.write([UInt8].pattern(4 * Loop.readBufferBytes))
    run { !pair.serverSide.received.isEmpty }
    let count = pair.serverSide.received.count
    for _ in 0..<100 { loop.poll() }
    XCTAssertEqual(pair.serverSide.received.count, count)
    XCTAssertLessThanOrEqual(count, Loop.readBufferBytes)
    pair.close()
  }

  func testOneDirectionEndsAndTheOtherGoesOn() throws {
    let pair = try Pair(self)
    pair.client.write([1])
    pair.client.shutdown()
    pair.client.shutdown()
    run { pair.serverSide.events.contains(.ended) }
    XCTAssertEqual(pair.serverSide.events, [.received, .ended])
    XCTAssertTrue(pair.client.isOpen && pair.server.isOpen)
    pair.server.startReading()
    pair.server.write([2, 3])
    pair.server.shutdown()
    run { pair.clientSide.events.contains(.ended) && pair.serverSide.events.contains(.finished) }
    XCTAssertEqual(pair.clientSide.received, [2, 3])
    XCTAssertEqual(pair.clientSide.events, [.connected, .finished, .received, .ended])
    pair.close()
  }

  func testFINComesAfterPendingWrites() throws {
    let pair = try Pair(self)
    let bytes = [UInt8].pattern(10_000_000)
    XCTAssertFalse(pair.client.write(bytes))
    pair.client.shutdown()
    run { pair.serverSide.events.contains(.ended) }
    XCTAssertTrue(pair.serverSide.received == bytes)
    run { pair.clientSide.events.contains(.finished) }
    XCTAssertEqual(pair.clientSide.events, [.connected, .drained, .finished])
    pair.close()
  }

  func testHandlerAndStreamGoAfterClose() throws {
    weak var stream: Stream?
    weak var recorder: Recorder?
    do {
      let pair = try Pair(self)
      stream = pair.client
      recorder = pair.clientSide
      pair.close()
      pair.client.close()
    }
    XCTAssertNil(recorder)
    XCTAssertNotNil(stream)
    runToEnd()
    XCTAssertNil(stream)
  }

  /// What was pending is sent, what comes is kept for the next owner, and the former one hears nothing more.
  func testAStreamMayChangeItsOwner() throws {
    let pair = try Pair(self)
    let bytes = [UInt8].pattern(8 << 20)
    pair.client.pauseReading()
    XCTAssertFalse(pair.server.write(bytes))
    pair.server.detach()
    XCTAssertFalse(pair.server.hasHandler)
    let heard = pair.serverSide.events
    pair.client.write([1, 2, 3])
    let next = Recorder()
    pair.server.attach(next)
    pair.server.startReading()
    pair.client.startReading()
    run { next.received == [1, 2, 3] && next.events.contains(.drained) }
    run { pair.clientSide.received.count == bytes.count }
    XCTAssertTrue(pair.clientSide.received == bytes)
    pair.client.close()
    run { next.events.last == .ended }
    XCTAssertEqual(pair.serverSide.events, heard)
    pair.close()
  }
}
