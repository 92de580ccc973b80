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
  private let format: Format
  private var context = FrameContext()
  private var bytes: [UInt8] = []
  /// Where the next frame begins.
  private var start = 0
  private var failure: FrameError?

  /// Version 1. `serverCount`: how many servers there are; whoever names another is refused.
  package init(serverCount: Int) {
    self.init(serverCount: serverCount, format: .one)
  }

  /// One direction of a connection, from its begin. `sender`: who speaks there; version 1 says it in every frame,
  /// and the caller has to look.
  package init(serverCount: Int, version: WireVersion, sender: ServerIndex) {
    precondition((0..<serverCount).contains(sender))
    switch version {
    case .one: self.init(serverCount: serverCount, format: .one)
    case .two: self.init(serverCount: serverCount, format: .two(sender: sender))
    }
  }

  private init(serverCount: Int, format: Format) {
    precondition((1...serversMax).contains(serverCount))
    self.serverCount = serverCount
    self.format = format
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
    bytes.put(piece)
  }

  /// The next message, nil if it is not whole yet. Once it has thrown it throws the same for ever.
  package mutating func next() throws(FrameError) -> Message? {
    if let failure { throw failure }
    var frame: Frame?
    var result: Result<Message?, FrameError> = .success(nil)
    bytes.withUnsafeBytes { raw in
      result = Result { () throws(FrameError) in
        frame = try Frame(UnsafeRawBufferPointer(rebasing: raw[start...]), format)
        return try frame?.message(format, after: context, serverCount: serverCount)
      }
    }
    switch result {
    case .success(let message):
      start += frame?.count ?? 0
      if let message, format != .one { context.remember(message) }
      return message
    case .failure(let error):
      failure = error
      bytes = []
      start = 0
      throw error
    }
  }
}

private enum Format: Hashable, Sendable {
  case one
  case two(sender: ServerIndex)
}

/// One whole frame, borrowed.
private struct Frame {
  private let kind: FrameKind
  /// Version 2: what is left out.
  private let code: UInt8
  private let fields: UnsafeRawBufferPointer
  /// Bytes of it, the length field included.
  let count: Int

  /// The frame that `bytes` begin with; nil if it is not whole.
  init?(_ bytes: UnsafeRawBufferPointer, _ format: Format) throws(FrameError) {
    switch format {
    case .one: try self.init(versionOne: bytes)
    case .two: try self.init(versionTwo: bytes)
    }
  }

  private init?(versionOne bytes: UnsafeRawBufferPointer) throws(FrameError) {
    guard bytes.count > 4 else { return nil }
    guard bytes[4] == wireVersion else { throw .unknownVersion(bytes[4]) }
    guard bytes.count > 5 else { return nil }
    guard let kind = FrameKind(rawValue: bytes[5]) else { throw .unknownKind(bytes[5]) }
    let length = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
    guard length <= kind.bytesMax else { throw .oversize(length) }
    guard length >= WireBounds.headBytesMin else { throw .malformed }
    guard bytes.count >= 4 + length else { return nil }
    self.kind = kind
    code = kind.rawValue
    fields = UnsafeRawBufferPointer(rebasing: bytes[6..<4 + length])
    count = 4 + length
  }

  private init?(versionTwo bytes: UnsafeRawBufferPointer) throws(FrameError) {
    guard let (length, place) = try Frame.length(of: bytes), bytes.count > place else { return nil }
    let number = bytes[place] & FrameCode.kindMask
    guard let kind = FrameKind(rawValue: number) else { throw .unknownKind(number) }
    guard length <= kind.bytesMax else { throw .oversize(length) }
    guard length > 0 else { throw .malformed }
    guard bytes.count >= place + length else { return nil }
    self.kind = kind
    code = bytes[place]
    fields = UnsafeRawBufferPointer(rebasing: bytes[place + 1..<place + length])
    count = place + length
  }

  /// The length and how many bytes say it; nil if they are not all there.
  private static func length(
    of bytes: UnsafeRawBufferPointer
  ) throws(FrameError) -> (length: Int, place: Int)? {
    var length = 0
    for place in 0..<min(bytes.count, WireBounds.lengthBytesMax) {
      length |= Int(bytes[place] & 0x7f) << (7 * place)
      guard bytes[place] & 0x80 == 0 else { continue }
      guard bytes[place] != 0 || place == 0 else { throw .malformed }
      return (length, place + 1)
    }
    guard bytes.count < WireBounds.lengthBytesMax else { throw .oversize(length) }
    return nil
  }

  func message(
    _ format: Format, after context: FrameContext, serverCount: Int
  ) throws(FrameError) -> Message {
    do throws(MalformedBytes) {
      var fields = FieldReader(fields, serverCount: serverCount)
      switch format {
      case .one:
        let from = try fields.takeServer()
        let epoch = try fields.takeEpochID()
        let incarnation = try fields.takeWord()
        return Message(
          from: from, incarnation: incarnation, epoch: epoch, payload: try fields.takePayload(kind))
      case .two(let sender):
        return try fields.takeMessage(kind, code, from: sender, after: context)
      }
    } catch {
      throw .malformed
    }
  }
}
