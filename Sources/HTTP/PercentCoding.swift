/// Percent-encoding (RFC 3986 §2.1).
enum PercentCoding {
  /// Decodes `bytes` in place, which only makes them fewer: the decoded front, or nil at a bad sequence. The bytes
  /// must be the parser's own (`HeldBytes`), not borrowed from the caller.
  static func decodeInPlace(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard var from = bytes.first(of: UInt8(ascii: "%")) else { return bytes }
    let output = UnsafeMutableRawBufferPointer(mutating: bytes)
    var to = from
    while from < bytes.count {
      var byte = bytes[from]
      if byte == UInt8(ascii: "%") {
        guard from + 2 < bytes.count, let high = bytes[from + 1].hexadecimalValue,
          let low = bytes[from + 2].hexadecimalValue
        else { return nil }
        byte = high << 4 | low
        from += 2
      }
      output[to] = byte
      from += 1
      to += 1
    }
    return bytes[from: 0, to: to]
  }
}

extension [UInt8] {
  /// Appends `bytes` percent-encoded but for the unreserved characters of RFC 3986 §2.3.
  package mutating func putPercentEncoded(_ bytes: UnsafeRawBufferPointer) {
    for byte in bytes {
      if byte.isUnreserved {
        append(byte)
      } else {
        append(UInt8(ascii: "%"))
        append(Self.hexadecimalDigit(byte >> 4))
        append(Self.hexadecimalDigit(byte & 15))
      }
    }
  }

  private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }
}

extension UInt8 {
  /// Letters, digits, `-`, `.`, `_`, `~`.
  var isUnreserved: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
