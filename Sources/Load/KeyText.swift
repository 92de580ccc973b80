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

  /// The digits as they lie in memory, the first in the lowest byte.
  static func digits(of key: UInt32) -> UInt64 {
    var rest = key
    var word: UInt64 = 0
    for _ in 0..<digitsCount {
      word = word << 8 | UInt64(0x30 + rest % 10)
      rest /= 10
    }
    return word
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
