import Glibc
import UV
import XCTest

import class UV.Stream

final class ListenerTests: LoopTestCase {
  func testPortZeroIsChosenByTheSystem() throws {
    for host in ["127.0.0.1", "::1"] {
      let address = try XCTUnwrap(SocketAddress(host, port: 0))
      let listener = try Listener(loop, at: address, handler: Acceptor())
      XCTAssertNotEqual(listener.address.port, 0)
      XCTAssertEqual(listener.address.host, host)
      listener.close()
    }
  }

  func testAnyTakesBothFamilies() throws {
    let acceptor = Acceptor()
    let listener = try Listener(loop, at: .any(port: 0), handler: acceptor)
    var clients: [Stream] = []
    for host in ["127.0.0.1", "::1"] {
      let address = try XCTUnwrap(SocketAddress(host, port: listener.address.port))
      clients.append(try Stream.connect(loop, to: address, handler: Recorder()))
    }
    run { acceptor.streams.count == 2 }
    XCTAssertEqual(Set(acceptor.streams.compactMap { $0.peerAddress?.host }), ["127.0.0.1", "::1"])
    for stream in clients + acceptor.streams { stream.close() }
    listener.close()
  }

  func testWhyAnAddressCannotBeBound() throws {
    let listener = try Listener(loop, at: .loopback(port: 0), handler: Acceptor())
    XCTAssertThrowsError(try Listener(loop, at: listener.address, handler: Acceptor())) {
      XCTAssertEqual($0 as? UVError, .addressInUse)
    }
    listener.close()
    // RFC 5737: TEST-NET-1 is nobody's.
    let foreign = try XCTUnwrap(SocketAddress("192.0.2.1", port: 0))
    XCTAssertThrowsError(try Listener(loop, at: foreign, handler: Acceptor())) {
      XCTAssertEqual($0 as? UVError, .addressNotAvailable)
    }
  }

  func testAnAddressIsFreeAtOnceThoughItsConnectionsLinger() throws {
    let acceptor = Acceptor()
    let listener = try Listener(loop, at: .loopback(port: 0), handler: acceptor)
    let client = try Stream.connect(loop, to: listener.address, handler: Recorder())
    run { !acceptor.streams.isEmpty }
    acceptor.streams[0].close()  // the side that closes first keeps TIME_WAIT
    loop.poll()
    client.close()
    listener.close()
    let next = try Listener(loop, at: listener.address, handler: Acceptor())
    next.close()
  }

  func testMoreConnectionsThanOneTurnTakes() throws {
    let acceptor = Acceptor()
    let listener = try Listener(loop, at: .loopback(port: 0), handler: acceptor)
    let count = 2 * Listener.acceptsPerTurnMax + 1
    let clients = try (0..<count).map { _ in
      try Stream.connect(loop, to: listener.address, handler: Recorder())
    }
    run { acceptor.streams.count == count }
    for stream in clients + acceptor.streams { stream.close() }
    listener.close()
  }

  func testCloseWithinAccept() throws {
    let acceptor = Acceptor()
    let listener = try Listener(loop, at: .loopback(port: 0), handler: acceptor)
    acceptor.onAccept = { [unowned listener] stream, _ in
      listener.close()
      listener.close()
      stream.close()
    }
    for _ in 0..<3 { _ = try Stream.connect(loop, to: listener.address, handler: Ender()) }
    runToEnd()
    XCTAssertEqual(acceptor.streams.count, 1)
  }

  func testAConnectionThatNobodyTakesIsReset() throws {
    let refuser = Refuser()
    let listener = try Listener(loop, at: .loopback(port: 0), handler: refuser)
    let recorder = Recorder()
    recorder.onEvent = { event, stream in if event == .connected { stream.startReading() } }
    let client = try Stream.connect(loop, to: listener.address, handler: recorder)
    run { !client.isOpen }
    XCTAssertEqual(recorder.error, .connectionReset)
    listener.close()
  }
}

/// Closes its stream at the first event.
private final class Ender: StreamHandler {
  func streamConnected(_ stream: Stream) { stream.startReading() }
  func stream(_ stream: Stream, received bytes: UnsafeRawBufferPointer) { stream.close() }
  func streamEnded(_ stream: Stream) { stream.close() }
  func stream(_ stream: Stream, failed error: UVError) {}
}

private final class Refuser: ListenerHandler {
  func listener(_ listener: Listener, accepted stream: Stream) {}
  func listener(_ listener: Listener, isShortOf error: UVError) {}
}
