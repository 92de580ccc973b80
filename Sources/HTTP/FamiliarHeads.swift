import Bytes

/// Heads as they came last, so that one that is the same but for its key need not be read again.
///
/// A client sends the same bytes behind the target of each of its requests. Where they are those of a request that was
/// read before, and the target is a plain key, everything but the key is known: `GET /`, key, ` HTTP/1.1`, fields and
/// all. What is not exactly so goes the long way. Shared by all parsers of a loop; one head a method is kept.
package final class FamiliarHeads {
  private struct Head {
    /// From the target's end to the empty line, inclusive.
    var tail: [UInt8] = []
    /// Without key and value.
    var request = Request(.read, .get, .unasked)
    var bodyLength = 0
  }

  private var get = Head()
  private var put = Head()

  /// A longer tail is not kept.
  private static let tailMax = 512
  private static let getStart: UInt64 = 0x2f_2054_4547  // "GET /", the first byte lowest.
  private static let putStart: UInt64 = 0x2f_2054_5550
  private static let startLength = 5
  private static let startMask: UInt64 = 0xff_ffff_ffff

  package init() {}

  /// A whole request at the front of `bytes`, and its length; nil: it must be read.
  @inline(__always)
  func find(in bytes: UnsafeRawBufferPointer) -> (request: Request, length: Int)? {
    guard bytes.count > 8 else { return nil }
    switch bytes.word(at: 0) & Self.startMask {
    case Self.getStart: return Self.find(get, in: bytes)
    case Self.putStart: return Self.find(put, in: bytes)
    default: return nil
    }
  }

  private static func find(
    _ head: borrowing Head, in bytes: UnsafeRawBufferPointer
  ) -> (request: Request, length: Int)? {
    let end = plainKeyEnd(bytes)
    let headLength = end &+ head.tail.count
    let length = headLength &+ head.bodyLength
    // Behind `/-` are the server's own paths.
    guard end > startLength, !head.tail.isEmpty, bytes.count >= length,
      bytes[startLength] != UInt8(ascii: "-"),
      head.tail.withUnsafeBytes({ bytes.holds($0, at: end) })
    else { return nil }
    var request = head.request
    request.key = bytes[from: startLength, to: end]
    if head.bodyLength > 0 { request.value = bytes[from: headLength, to: length] }
    guard request.action == .read || TextRules.valueFault(request.value) == nil else { return nil }
    return (request, length)
  }

  /// Where the run of characters ends that a key may have and that stand for themselves; 0: it is too long.
  @inline(__always)
  private static func plainKeyEnd(_ bytes: UnsafeRawBufferPointer) -> Int {
    let limit = min(bytes.count, startLength + TextRules.keyScalarsMax)
    var index = startLength
    while index < limit, isPlain(bytes[index]) { index &+= 1 }
    return index < bytes.count && !isPlain(bytes[index]) ? index : 0
  }

  /// Visible ASCII but `%`, `=`, `[` and `]`.
  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    let low: UInt64 = 0xdfff_ffde_0000_0000
    let high: UInt64 = 0x7fff_ffff_d7ff_ffff
    let bits = byte < 64 ? low : high
    return byte < 128 && bits >> UInt64(byte & 63) & 1 != 0
  }

  /// Keeps the head of a request that was read from the front of `bytes`, if another like it can be told by its
  /// bytes alone.
  func keep(
    _ head: RequestHead, _ request: Request, bodyLength: Int, in bytes: UnsafeRawBufferPointer,
    headLength: Int
  ) {
    guard head.form.dialect == .standard, head.form.keepsAlive, head.line.version == .http11,
      request.idempotencyKey.isEmpty, !request.isConditional, !head.expectsContinue
    else { return }
    switch (head.line.method, request.action, head.body) {
    case (.get, .read, .none): keep(&get, request, 0, in: bytes, headLength)
    case (.put, .write, .length): keep(&put, request, bodyLength, in: bytes, headLength)
    default: break
    }
  }

  private func keep(
    _ head: inout Head, _ request: Request, _ bodyLength: Int, in bytes: UnsafeRawBufferPointer,
    _ headLength: Int
  ) {
    let end = Self.plainKeyEnd(bytes)
    guard end > Self.startLength, headLength - end <= Self.tailMax, bytes.count >= headLength,
      bytes[Self.startLength] != UInt8(ascii: "-"),
      bytes[from: end, to: headLength].starts(with: " HTTP/1.1\r\n")
    else { return }
    head.tail.removeAll(keepingCapacity: true)
    head.tail.append(contentsOf: bytes[from: end, to: headLength])
    head.bodyLength = bodyLength
    head.request = request
    head.request.key = .none
    head.request.value = .none
    head.request.fieldLines = .none
  }
}

extension UnsafeRawBufferPointer {
  /// Whether `other` stands at `offset`. It must end within these bytes.
  @inline(__always)
  fileprivate func holds(_ other: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    var index = 0
    while index &+ 8 <= other.count {
      if word(at: offset &+ index) != other.word(at: index) { return false }
      index &+= 8
    }
    while index < other.count {
      if self[offset &+ index] != other[index] { return false }
      index &+= 1
    }
    return true
  }
}
