import UV
import VSR
import Wire

/// What waits to be sent over one connection. Protocol frames keep their order, which their encoding depends on,
/// and none of them is left out. Bulk frames stand for themselves: they go in their place while the socket takes
/// everything, and behind all protocol frames when it does not.
struct Outgoing {
  enum Result: Equatable {
    case queued
    /// So many older bulk messages were dropped to make room.
    case displaced(Int)
    /// No frame has room for it.
    case tooLong
    /// Left out: the other end's program knows no such message.
    case unknown
    /// More waits than may.
    case overflow
  }

  private var writer: FrameWriter
  private var frames: [UInt8] = []
  private var frameCount = 0
  /// Each one frame, oldest first.
  private var bulk: [[UInt8]] = []
  private var bulkBytes = 0

  init(_ version: WireVersion) {
    writer = FrameWriter(version)
  }

  var version: WireVersion { writer.version }
  /// Bytes of protocol frames that wait.
  var frameBytes: Int { frames.count }
  /// Messages that wait.
  var messageCount: Int { frameCount + bulk.count }

  /// `isBehind`: the socket has bytes pending.
  mutating func put(_ message: Message, isBehind: Bool) -> Result {
    guard version.carries(message.payload.kind) else { return .unknown }
    if message.payload.kind.isBulk, isBehind || !bulk.isEmpty { return putBulk(message) }
    guard writer.put(message, into: &frames) else { return .tooLong }
    frameCount += 1
    return frames.count > PeerBounds.outputBytesMax ? .overflow : .queued
  }

  private mutating func putBulk(_ message: Message) -> Result {
    var frame: [UInt8] = []
    guard writer.put(message, into: &frame) else { return .tooLong }
    var dropped = 0
    while !bulk.isEmpty, bulkBytes + frame.count > PeerBounds.bulkBytesMax {
      bulkBytes -= bulk.removeFirst().count
      dropped += 1
    }
    bulkBytes += frame.count
    bulk.append(frame)
    return dropped > 0 ? .displaced(dropped) : .queued
  }

  /// Writes what is next: all protocol frames, or one of bulk. Nil: nothing waits.
  mutating func give(to stream: UV.Stream) -> (messages: Int, bytes: Int)? {
    if !frames.isEmpty {
      let given = (messages: frameCount, bytes: frames.count)
      stream.write(frames)
      frames.removeAll(keepingCapacity: frames.capacity <= PeerBounds.idleBytesMax)
      frameCount = 0
      return given
    }
    guard !bulk.isEmpty else { return nil }
    let frame = bulk.removeFirst()
    bulkBytes -= frame.count
    stream.write(frame)
    return (1, frame.count)
  }
}
