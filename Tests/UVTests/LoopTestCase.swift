import UV
import XCTest

import class UV.Stream
import class UV.Timer

/// A test on a loop of its own, which must close with nothing left.
class LoopTestCase: XCTestCase {
  private(set) var loop: Loop!

  override func setUpWithError() throws {
    ignoreBrokenPipes()
    loop = try Loop()
  }

  override func tearDown() {
    XCTAssertEqual(loop.close(), [], "handles left open")
    loop = nil
  }

  /// Runs the loop until `condition` holds; fails after a time that only a hang can take.
  func run(_ condition: () -> Bool, file: StaticString = #filePath, line: UInt = #line) {
    var isLate = false
    let guardian = Timer(loop) { isLate = true }
    guardian.start(after: 30_000)
    while !condition(), !isLate { loop.runOnce() }
    guardian.close()
    if isLate { XCTFail("never came", file: file, line: line) }
  }

  /// Runs the loop until nothing is left to wait for.
  func runToEnd(file: StaticString = #filePath, line: UInt = #line) {
    var isLate = false
    let guardian = Timer(loop) { isLate = true }
    guardian.start(after: 30_000)
    guardian.unreference()
    while loop.runOnce(), !isLate {}
    guardian.close()
    if isLate { XCTFail("never ended", file: file, line: line) }
  }
}

/// A stream's owner that notes what it is told, and does what the test wants then.
final class Recorder: StreamHandler {
  enum Event: Equatable { case connected, received, ended, drained, finished, failed(UVError) }

  private(set) var events: [Event] = []
  private(set) var received: [UInt8] = []
  var onEvent: (Event, Stream) -> Void = { _, _ in }

  var error: UVError? {
    for case .failed(let error) in events { return error }
    return nil
  }

  private func note(_ event: Event, _ stream: Stream) {
    if event != .received || events.last != .received { events.append(event) }
    onEvent(event, stream)
  }

  func streamConnected(_ stream: Stream) { note(.connected, stream) }
  func streamEnded(_ stream: Stream) { note(.ended, stream) }
  func streamDrained(_ stream: Stream) { note(.drained, stream) }
  func streamFinished(_ stream: Stream) { note(.finished, stream) }
  func stream(_ stream: Stream, failed error: UVError) { note(.failed(error), stream) }

  func stream(_ stream: Stream, received bytes: UnsafeRawBufferPointer) {
    XCTAssertFalse(bytes.isEmpty)
    received += bytes
    note(.received, stream)
  }
}

/// A listener's owner that reads from what it accepts.
final class Acceptor: ListenerHandler {
  var streams: [Stream] = []
  var recorders: [Recorder] = []
  var shortages: [UVError] = []
  var onAccept: (Stream, Recorder) -> Void = { _, _ in }
  var onShortage: (Listener) -> Void = { _ in }

  func listener(_ listener: Listener, accepted stream: Stream) {
    let recorder = Recorder()
    streams.append(stream)
    recorders.append(recorder)
    stream.attach(recorder)
    stream.startReading()
    onAccept(stream, recorder)
  }

  func listener(_ listener: Listener, isShortOf error: UVError) {
    shortages.append(error)
    onShortage(listener)
  }
}

/// Both ends of a connection over loopback.
final class Pair {
  let client: Stream
  let server: Stream
  let clientSide: Recorder
  let serverSide: Recorder

  init(_ test: LoopTestCase) throws {
    let acceptor = Acceptor()
    let listener = try Listener(test.loop, at: .loopback(port: 0), handler: acceptor)
    let recorder = Recorder()
    clientSide = recorder
    client = try Stream.connect(test.loop, to: listener.address, handler: recorder)
    test.run { recorder.events == [.connected] && !acceptor.streams.isEmpty }
    listener.close()
    client.startReading()
    server = acceptor.streams[0]
    serverSide = acceptor.recorders[0]
  }

  func close() {
    client.close()
    server.close()
  }
}

extension Array where Element == UInt8 {
  /// Bytes in which a piece that is lost, doubled or moved shows.
  static func pattern(_ count: Int) -> [UInt8] {
    let block = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count { bytes.append(contentsOf: block.prefix(count - bytes.count)) }
    return bytes
  }
}
