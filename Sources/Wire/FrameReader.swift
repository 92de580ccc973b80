import Bytes
import VSR

/// Why bytes are no frames. The connection they came by is of no use any more.
package enum FrameError: Error, Hashable, Sendable {
  /// Longer than a frame of its kind may be.
  case oversize(Int)
  case malformed
  case unknownVersion(UInt8)
  case unknownKind(UInt8)
}

/// Cuts a stream of bytes, in whatever pieces it comes, into frames and decodes them. Any bytes are safe: what
/// no server can have sent is refused, before anything is allocated for it.
///
/// Use: `append` what was read, then `next` until it gives nil. So no more than a frame and a read is kept.
package struct FrameReader: Sendable {
  /// Capacity kept once there is nothing to keep.
  private static let idleBytesMax = 256 * 1024

  private let serverCount: Int
  private var bytes: [UInt8] = []
  /// Where the next frame begins.
  private var start = 0
  private var failure: FrameError?

  /// `serverCount`: how many servers there are; whoever names another is refused.
  package init(serverCount: Int) {
    precondition((1...serversMax).contains(serverCount))
    self.serverCount = serverCount
  }

  /// Bytes of a frame that is not whole yet.
  package var pendingCount: Int { bytes.count - start }

  package mutating func append(_ piece: UnsafeRawBufferPointer) {
    if start == bytes.count {
      bytes.removeAll(keepingCapacity: bytes.capacity <= FrameReader.idleBytesMax)
    } else if start > 0 {
      bytes.removeSubrange(..<start)
    }
    start = 0
    bytes.append(contentsOf: piece)
  }

  /// The next message, nil if it is not whole yet. Once it has thrown it throws the same for ever.
  package mutating func next() throws(FrameError) -> Message? {
    if let failure { throw failure }
    var frame: Frame?
    var result: Result<Message?, FrameError> = .success(nil)
    bytes.withUnsafeBytes { raw in
      result = Result { () throws(FrameError) in
        frame = try Frame(UnsafeRawBufferPointer(rebasing: raw[start...]))
        return try frame?.message(serverCount: serverCount)
      }
    }
    switch result {
    case .success(let message):
      start += frame?.count ?? 0
      return message
    case .failure(let error):
      failure = error
      bytes = []
      start = 0
      throw error
    }
  }
}

/// One whole frame, borrowed.
private struct Frame {
  private let kind: FrameKind
  private let body: UnsafeRawBufferPointer

  /// Bytes of it, the length field included.
  var count: Int { 4 + body.count }

  /// The frame that `bytes` begin with; nil if it is not whole.
  init?(_ bytes: UnsafeRawBufferPointer) throws(FrameError) {
    guard bytes.count > 4 else { return nil }
    guard bytes[4] == wireVersion else { throw .unknownVersion(bytes[4]) }
    guard bytes.count > 5 else { return nil }
    guard let kind = FrameKind(rawValue: bytes[5]) else { throw .unknownKind(bytes[5]) }
    let length = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
    guard length <= kind.bytesMax else { throw .oversize(length) }
    guard length >= WireBounds.headBytesMin else { throw .malformed }
    guard bytes.count >= 4 + length else { return nil }
    self.kind = kind
    body = UnsafeRawBufferPointer(rebasing: bytes[4..<4 + length])
  }

  func message(serverCount: Int) throws(FrameError) -> Message {
    do throws(MalformedBytes) {
      var fields = FieldReader(
        UnsafeRawBufferPointer(rebasing: body.dropFirst(2)), serverCount: serverCount)
      let from = try fields.takeServer()
      let epoch = try fields.takeEpochID()
      let incarnation = try fields.takeWord()
      return Message(
        from: from, incarnation: incarnation, epoch: epoch, payload: try fields.takePayload(kind))
    } catch {
      throw .malformed
    }
  }
}
