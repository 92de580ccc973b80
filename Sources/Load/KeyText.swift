import Bytes

/// The text of keys: a prefix of the run, then eight digits.
struct KeyText: Sendable {
  static let digitsCount = 8

  let prefix: [UInt8]

  /// A checked run has keys of its own, others share theirs, and leave no more behind.
  init(_ options: LoadOptions) {
    prefix = options.hasOwnKeys ? Array("c\(ValueText.tag(options.run))-".utf8) : Array("key".utf8)
  }

  var count: Int { prefix.count + Self.digitsCount }

  func text(of key: UInt32) -> [UInt8] {
    var text = prefix
    text.put(Self.digits(of: key))
    return text
  }

  /// The digits as they lie in memory, the first in the lowest byte. Two numbers of four digits, then four of
  /// two, then eight of one are divided side by side within one word, by multiplication (Paul Khuong, "How to
  /// print integers really fast", 2017).
  @inline(__always)
  static func digits(of key: UInt32) -> UInt64 {
    let fours = UInt64(key / 10_000) | UInt64(key % 10_000) << 32
    let hundreds = (fours &* 10_486) >> 20 & 0x7f_0000_007f
    let twos = hundreds | (fours &- 100 &* hundreds) << 16
    let tens = (twos &* 103) >> 10 & 0x000f_000f_000f_000f
    return (tens | (twos &- 10 &* tens) << 8) | 0x3030_3030_3030_3030
  }

  /// True where a reply's body begins with `key=`.
  @inline(__always)
  func isOf(_ body: UnsafeRawBufferPointer, digits: UInt64) -> Bool {
    let length = count
    guard body.count > length, body[length] == UInt8(ascii: "=") else { return false }
    guard body.loadUnaligned(fromByteOffset: prefix.count, as: UInt64.self).littleEndian == digits else {
      return false
    }
    return body.starts(with: prefix)
  }
}
