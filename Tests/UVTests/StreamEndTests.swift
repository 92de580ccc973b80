import UV
import XCTest

import class UV.Stream

/// Connections that end badly, or in the middle of something.
final class StreamEndTests: LoopTestCase {
  func testResetIsHeardByThePeer() throws {
    let pair = try Pair(self)
    pair.client.reset()
    pair.client.reset()
    run { pair.serverSide.error != nil }
    XCTAssertEqual(pair.serverSide.events, [.failed(.connectionReset)])
    XCTAssertEqual(pair.clientSide.events, [.connected])
    XCTAssertFalse(pair.server.isOpen)
    pair.close()
  }

  func testResetBeforeTheConnectionStandsAndAfterShutdownCloses() throws {
    let listener = try Listener(loop, at: .loopback(port: 0), handler: Acceptor())
    let recorder = Recorder()
    try Stream.connect(loop, to: listener.address, handler: recorder).reset()
    listener.close()
    let pair = try Pair(self)
    pair.client.write([UInt8](repeating: 0, count: 10_000_000))
    pair.client.shutdown()
    pair.client.reset()
    pair.server.close()
    runToEnd()
    XCTAssertEqual(recorder.events, [])
  }

  func testWriteToADeadPeerFailsLaterAndOnce() throws {
    let pair = try Pair(self)
    pair.server.pauseReading()
    pair.client.pauseReading()
    pair.server.reset()
    loop.poll()
    var wasWithinCall = false
    var isWriting = true
    pair.clientSide.onEvent = { _, _ in wasWithinCall = isWriting }
    for _ in 0..<3 { pair.client.write([1, 2, 3]) }
    isWriting = false
    run { pair.clientSide.error != nil }
    XCTAssertFalse(wasWithinCall)
    XCTAssertTrue([.brokenPipe, .connectionReset].contains(pair.clientSide.error))
    XCTAssertEqual(pair.clientSide.events.count, 2)
    XCTAssertFalse(pair.client.isOpen)
    XCTAssertFalse(pair.client.write([4]))
    pair.client.shutdown()
    pair.client.startReading()
  }

  func testPeerThatDiesWithWritesPending() throws {
    let pair = try Pair(self)
    pair.server.pauseReading()
    for _ in 0..<3 { pair.client.write([UInt8](repeating: 1, count: 5_000_000)) }
    XCTAssertGreaterThan(pair.client.pendingWriteBytes, 0)
    pair.server.reset()
    run { pair.clientSide.error != nil }
    XCTAssertEqual(pair.clientSide.events.count, 2)
    pair.close()
  }

  func testCloseWithWritesAndShutdownPendingSaysNothing() throws {
    let pair = try Pair(self)
    for _ in 0..<3 { pair.client.write([UInt8](repeating: 1, count: 5_000_000)) }
    pair.client.shutdown()
    pair.close()
    XCTAssertEqual(pair.client.pendingWriteBytes, 0)
    runToEnd()
    XCTAssertEqual(pair.clientSide.events, [.connected])
    XCTAssertEqual(pair.serverSide.events, [])
  }

  func testCloseWhileConnecting() throws {
    let listener = try Listener(loop, at: .loopback(port: 0), handler: Acceptor())
    let recorder = Recorder()
    let client = try Stream.connect(loop, to: listener.address, handler: recorder)
    client.write([1, 2, 3])
    client.shutdown()
    client.close()
    listener.close()
    runToEnd()
    XCTAssertEqual(recorder.events, [])
  }

  /// Each event closes the stream that tells it: no other event follows, and nothing is touched after.
  func testCloseWithinEachEvent() throws {
    for last: Recorder.Event in [.received, .ended, .drained, .finished] {
      let pair = try Pair(self)
      pair.clientSide.onEvent = { event, stream in if event == last { stream.close() } }
      pair.client.write([UInt8](repeating: 1, count: 6_000_000))
      pair.client.shutdown()
      pair.server.write([UInt8](repeating: 2, count: 300_000))
      pair.server.shutdown()
      run { !pair.client.isOpen }
      XCTAssertEqual(pair.clientSide.events.last, last)
      pair.close()
    }
    runToEnd()
  }

  func testCloseWithinConnectedAndFailed() throws {
    let acceptor = Acceptor()
    let listener = try Listener(loop, at: .loopback(port: 0), handler: acceptor)
    for closesListener in [false, true] {
      if closesListener {
        listener.close()
        loop.poll()
      }
      let recorder = Recorder()
      recorder.onEvent = { _, stream in stream.close() }
      let client = try Stream.connect(loop, to: listener.address, handler: recorder)
      run { !client.isOpen }
      XCTAssertEqual(recorder.events, [closesListener ? .failed(.connectionRefused) : .connected])
    }
    for stream in acceptor.streams { stream.close() }
  }

  func testWriteAndResetWithinReading() throws {
    let pair = try Pair(self)
    pair.serverSide.onEvent = { event, stream in
      guard event == .received else { return }
      stream.write([UInt8](repeating: 3, count: 5_000_000))
      stream.reset()
      stream.write([4])
    }
    pair.client.write([1])
    run { pair.clientSide.error != nil }
    XCTAssertEqual(pair.clientSide.error, .connectionReset)
    runToEnd()
  }
}
