import Bytes
import VSR

// A frame of version 2, on a connection whose sender is known:
//
//   length        varint: the bytes that follow
//   code          u8: kind, and what is left out
//   epoch         number (varint), hash u64     } unless they are the last frame's
//   incarnation   u64                           }
//   payload       what the kind has
//
// docs/wire.md says more.

/// Writes the frames of one direction of a connection, from its begin and in order.
package struct FrameWriter: Sendable {
  package let version: WireVersion
  private var context = FrameContext()

  package init(_ version: WireVersion) {
    self.version = version
  }

  /// Appends the message's frame. False: it is longer than its kind may be, or has more ops than
  /// `WireBounds.segmentOpsMax`, and nothing was appended. All that was appended must be sent, in the same order;
  /// only frames of a bulk kind may be sent later or not at all.
  package mutating func put(_ message: Message, into bytes: inout [UInt8]) -> Bool {
    switch version {
    case .one: return bytes.put(frame: message)
    case .two:
      guard bytes.put(message, after: context) else { return false }
      context.remember(message)
      return true
    }
  }
}

extension [UInt8] {
  fileprivate mutating func put(_ message: Message, after context: FrameContext) -> Bool {
    let start = count
    let kind = message.payload.kind
    let header = FrameContext.Header(epoch: message.epoch, incarnation: message.incarnation)
    var code = kind.rawValue
    if !kind.isBulk, header == context.header { code |= FrameCode.sameHeader }
    put(0 as UInt8)  // the length, most often
    put(code)
    if code & FrameCode.sameHeader == 0 {
      putVarint(header.epoch.number)
      put(header.epoch.hash)
      put(header.incarnation)
    }
    if case .prepare(let prepare) = message.payload {
      let isContinued = context.isContinued(by: prepare)
      if isContinued { self[start + 1] |= FrameCode.continues }
      put(prepare, isContinued: isContinued)
    } else {
      put(message.payload)
    }
    let length = count - start - 1
    guard length <= kind.bytesMax, message.payload.segmentOps <= WireBounds.segmentOpsMax else {
      removeLast(count - start)
      return false
    }
    setLength(length, at: start)
    return true
  }

  private mutating func put(_ prepare: Prepare, isContinued: Bool) {
    let entry = prepare.entry
    if !isContinued {
      putVarint(prepare.view)
      putVarint(entry.op)
    }
    putDistance(from: prepare.commit, to: entry.op)
    if !isContinued { put(prepare.parent) }
    put(entry.kind.rawValue)
    if !isContinued { putVarint(entry.view) }
    put(entry.body)
  }

  /// How far `op` is beyond `commit`; behind it, for a repeated one, counts too (zigzag).
  private mutating func putDistance(from commit: Op, to op: Op) {
    let distance = Int64(op) - Int64(commit)
    putVarint(UInt64(bitPattern: distance << 1 ^ distance >> 63))
  }

  /// Replaces the one byte at `place`.
  private mutating func setLength(_ length: Int, at place: Int) {
    if length < 0x80 {
      self[place] = UInt8(length)
      return
    }
    var bytes: [UInt8] = []
    bytes.putVarint(length)
    replaceSubrange(place..<place + 1, with: bytes)
  }
}
