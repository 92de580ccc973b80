import HTTP

/// A short way past the parser for replies that begin as one before them did.
///
/// A host's replies to reads and writes differ in little: all up to the number of `Content-Length` stays the same
/// for a second, and what follows is a tag or nothing. Where the parser read such a reply, its beginning is kept;
/// one that begins with the same bytes and goes on in the known way means the same, and anything else is left to
/// the parser. Each beginning is tried on the reply that it comes from before it is relied on.
struct FamiliarReply {
  /// After so many plain replies in a row of which no beginning could be kept, no more are tried.
  static let failuresMax = 16
  /// Longer beginnings are not kept.
  static let startMax = 1024
  /// Digits of a body's length, fewer than any bound on it has.
  private static let lengthDigitsMax = 6

  private var start: [UInt8] = []
  private var failures = 0

  /// The reply at the front of `input`, which is moved past it. Nil: the parser must look.
  @inline(__always)
  func take(_ input: inout UnsafeRawBufferPointer) -> Response? {
    guard begins(input) else { return nil }
    var index = start.count
    guard let length = Self.length(in: input, at: &index) else { return nil }
    var response = Response(status: 200, keepsAlive: true)
    if input[index] == UInt8(ascii: "E") {
      guard Self.skipTag(in: input, at: &index) else { return nil }
    }
    guard input.count - index >= 2 + length, Self.endsLine(input, at: index) else { return nil }
    index &+= 2
    response.body = UnsafeRawBufferPointer(rebasing: input[index..<index &+ length])
    input = UnsafeRawBufferPointer(rebasing: input[(index &+ length)...])
    return response
  }

  /// Eight bytes at a time, the last eight over some of those before.
  @inline(__always)
  private func begins(_ input: UnsafeRawBufferPointer) -> Bool {
    guard !start.isEmpty, input.count > start.count else { return false }
    return start.withUnsafeBytes { start in
      let last = start.count &- 8
      var difference = Self.word(start, last) ^ Self.word(input, last)
      var index = 0
      while index < last {
        difference |= Self.word(start, index) ^ Self.word(input, index)
        index &+= 8
      }
      return difference == 0
    }
  }

  @inline(__always)
  private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  /// A number as the parser takes it, and the end of its line; `index` is left behind that.
  @inline(__always)
  private static func length(in input: UnsafeRawBufferPointer, at index: inout Int) -> Int? {
    var length = 0
    let first = index
    while index < input.count, index - first < lengthDigitsMax, let digit = digit(input[index]) {
      length = length &* 10 &+ digit
      index &+= 1
    }
    guard index > first, index == first + 1 || input[first] != UInt8(ascii: "0") else { return nil }
    guard index + 2 < input.count, endsLine(input, at: index) else { return nil }
    index &+= 2
    return length
  }

  @inline(__always)
  private static func digit(_ byte: UInt8) -> Int? {
    let value = byte &- UInt8(ascii: "0")
    return value < 10 ? Int(value) : nil
  }

  @inline(__always)
  private static func endsLine(_ input: UnsafeRawBufferPointer, at index: Int) -> Bool {
    index &+ 1 < input.count && input[index] == UInt8(ascii: "\r") && input[index &+ 1] == UInt8(ascii: "\n")
  }

  /// `ETag: "L-N"`. What the tag is nobody here asks.
  @inline(__always)
  private static func skipTag(in input: UnsafeRawBufferPointer, at index: inout Int) -> Bool {
    guard input.count - index > 8, word(input, index).littleEndian & tagMask == tagStart else { return false }
    index &+= 7
    while index < input.count, digit(input[index]) != nil || input[index] == UInt8(ascii: "-") { index &+= 1 }
    guard index < input.count, input[index] == UInt8(ascii: "\"") else { return false }
    index &+= 1
    guard endsLine(input, at: index) else { return false }
    index &+= 2
    return index < input.count
  }

  /// The seven bytes of `ETag: "` as they lie in memory, the first in the lowest byte.
  private static let tagStart: UInt64 = 0x22_203a_6761_5445
  private static let tagMask: UInt64 = 0xff_ffff_ffff_ffff
}

// Learning
extension FamiliarReply {
  /// Keeps the beginning of a reply that the parser read at the front of `bytes`, if it is one that can be relied
  /// on. `rest`: what the parser left of them.
  mutating func learn(
    _ response: Response, from bytes: UnsafeRawBufferPointer, rest: UnsafeRawBufferPointer
  ) {
    guard failures < Self.failuresMax, Self.isPlain(response) else { return }
    guard let end = Self.endOfStart(in: bytes) else { return failures += 1 }
    start = Array(bytes[..<end])
    var input = bytes
    let own = take(&input)
    if let own, own.body.baseAddress == response.body.baseAddress, own.body.count == response.body.count,
      input.count == rest.count
    {
      failures = 0
    } else {
      start = []
      failures += 1
    }
  }

  /// It says nothing beside its body.
  private static func isPlain(_ response: Response) -> Bool {
    response.status == 200 && response.keepsAlive && response.isPresent && response.assurance == .linearizable
      && !response.isReplayed && response.floor == nil && response.retryAfter == nil
      && response.body.baseAddress != nil
  }

  /// Behind `Content-Length: `.
  private static func endOfStart(in bytes: UnsafeRawBufferPointer) -> Int? {
    let name = Array("\r\nContent-Length: ".utf8)
    let last = min(bytes.count, startMax) - name.count
    return (0..<max(last, 0)).first { bytes[$0...].starts(with: name) }.map { $0 + name.count }
  }
}
