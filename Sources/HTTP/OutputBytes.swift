/// Appending text to a byte array that the caller owns and reuses.
extension [UInt8] {
  package mutating func put(_ text: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// At most 20 digits.
  package mutating func putDecimal(_ value: UInt64) {
    var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
    Swift.withUnsafeMutableBytes(of: &digits) { text in
      append(contentsOf: UnsafeRawBufferPointer(rebasing: text[formatDecimal(value, into: text)...]))
    }
  }
}
