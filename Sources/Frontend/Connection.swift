import HTTP
import UV

/// One client: the bytes that came, its requests in order, the bytes that go.
///
/// Nothing is written and nothing is taken up again within an event: an event marks the connection, and `settle()`
/// does the rest once, at the end of the turn.
final class Connection {
  enum Phase {
    case serving
    /// A peer's: once all before are answered the stream is handed over. `leftover` goes with it.
    case upgrading
    /// The last reply is made. It is sent, then the FIN.
    case finishing
    /// Our FIN is out; what still comes is discarded until the client's.
    case lingering
    case closed
  }

  let frontend: Frontend
  let stream: Stream
  let slot: Int
  var phase = Phase.serving
  var parser: RequestParser
  /// Bytes that came and must wait: too many requests are open, or one must be answered before the next.
  var leftover: [UInt8] = []
  /// There may be whole requests in it, or in the parser.
  var hasMore = false
  /// Replies of this turn.
  var output: [UInt8] = []
  /// The requests without a sent reply, in order: a list in the frontend's table.
  var first = RequestTable.none
  var last = RequestTable.none
  var requestCount = 0
  /// The last of the list, if it is not yet with the backend.
  var held = RequestTable.none
  /// Those that are with the backend write; or they read.
  var openWrites = false
  /// The last request that this connection may make was taken.
  var takesNoMore = false
  /// A client with a body waits for `100 Continue`.
  var owesContinue = false
  /// A reply under way that is made slice by slice.
  var dump: DumpReply?
  /// The client's FIN came.
  var hasEnded = false
  /// The parser was told so.
  var hasToldEnd = false
  var isReading = false
  var isDirty = false
  /// A request was completed since the wait began: the next one has its own time.
  var hasProgressed = true
  /// When the head began that is not whole yet, milliseconds.
  var headBegan: UInt64 = 0
  /// What was pending when the wait for the client's taking began.
  var drainMark = 0

  init(_ frontend: Frontend, _ stream: Stream, slot: Int) {
    self.frontend = frontend
    self.stream = stream
    self.slot = slot
    parser = RequestParser(frontend.familiar)
  }

  func markDirty() {
    if isDirty || phase == .closed { return }
    isDirty = true
    frontend.dirty.append(self)
  }

  /// Whether one more request may be taken from the bytes that came.
  var canTake: Bool {
    phase == .serving && !takesNoMore && held == RequestTable.none && !owesContinue && dump == nil
      && requestCount < FrontendOptions.pipelineMax
      && output.count + stream.pendingWriteBytes < FrontendOptions.outputMax
  }
}

extension Connection: StreamHandler {
  func stream(_ stream: Stream, received bytes: UnsafeRawBufferPointer) {
    frontend.metrics.receivedBytes += UInt64(bytes.count)
    switch phase {
    case .serving: break
    case .upgrading:
      leftover.append(contentsOf: bytes)
      return
    case .finishing, .lingering, .closed: return
    }
    frontend.beginTurn()
    if hasMore { leftover.append(contentsOf: bytes) } else { take(bytes) }
    // At once, or this turn would go on reading into memory.
    if hasMore || phase == .upgrading, isReading { pauseReading() }
    markDirty()
  }

  func streamEnded(_ stream: Stream) {
    hasEnded = true
    isReading = false
    switch phase {
    case .serving, .upgrading, .finishing: markDirty()
    case .lingering, .closed: frontend.close(self)
    }
  }

  func streamDrained(_ stream: Stream) {
    markDirty()
  }

  func streamFinished(_ stream: Stream) {
    if hasEnded { frontend.close(self) }
  }

  func stream(_ stream: Stream, failed error: UVError) {
    frontend.metrics.connectionErrors += 1
    frontend.close(self)
  }
}
