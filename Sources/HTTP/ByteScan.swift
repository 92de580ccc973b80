/// Finding bytes eight at a time. A word's high bits mark the bytes that match; the lowest mark is exact, those
/// above it may be false (Warren, Hacker's Delight, §6-1), so only the lowest is used.
extension UnsafeRawBufferPointer {
  /// The offset of the first line feed at or after `offset`.
  func firstLineFeed(from offset: Int) -> Int? {
    first(of: .lineFeed, from: offset)
  }

  @inline(__always)
  func first(of byte: UInt8, from offset: Int = 0) -> Int? {
    let pattern = UInt64(byte) &* 0x0101_0101_0101_0101
    var index = offset
    while index &+ 8 <= count {
      let marks = Self.marksOfZero(word(at: index) ^ pattern)
      if marks != 0 { return index &+ marks.trailingZeroBitCount &>> 3 }
      index &+= 8
    }
    while index < count {
      if self[index] == byte { return index }
      index &+= 1
    }
    return nil
  }

  /// No NUL, no CR, no other control character but tab: what a field line may hold (RFC 9110 §5.5).
  var isFieldText: Bool {
    var index = 0
    while index &+ 8 <= count {
      let word = word(at: index)
      let marks = Self.marksBelowSpace(word) | Self.marksOfZero(word ^ 0x7f7f_7f7f_7f7f_7f7f)
      if marks != 0, !self[from: index, to: index &+ 8].isFieldTextBytewise { return false }
      index &+= 8
    }
    return self[from: index, to: count].isFieldTextBytewise
  }

  private var isFieldTextBytewise: Bool {
    for byte in self where (byte < 0x20 && byte != UInt8(ascii: "\t")) || byte == 0x7f { return false }
    return true
  }

  func word(at offset: Int) -> UInt64 {
    UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  static func marksOfZero(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }

  static func marksBelowSpace(_ word: UInt64) -> UInt64 {
    (word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080
  }
}
