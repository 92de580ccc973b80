/// Small questions about borrowed bytes.
extension UnsafeRawBufferPointer {
  static var none: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

  /// The bytes of [from, to), as a buffer of their own.
  subscript(from from: Int, to to: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: self[from..<to])
  }

  /// Exactly these bytes.
  func equals(_ text: StaticString) -> Bool {
    count == text.utf8CodeUnitCount && starts(with: text)
  }

  func starts(with text: StaticString) -> Bool {
    guard count >= text.utf8CodeUnitCount else { return false }
    let start = text.utf8Start
    for index in 0..<text.utf8CodeUnitCount where self[index] != start[index] { return false }
    return true
  }

  /// These bytes up to the case of ASCII letters; `text` is in lower case.
  func equalsIgnoringCase(_ text: StaticString) -> Bool {
    count == text.utf8CodeUnitCount && startsIgnoringCase(with: text)
  }

  func startsIgnoringCase(with text: StaticString) -> Bool {
    guard count >= text.utf8CodeUnitCount else { return false }
    let start = text.utf8Start
    for index in 0..<text.utf8CodeUnitCount where self[index].lowercased != start[index] { return false }
    return true
  }

  /// Without spaces and tabs at both ends.
  func trimmed() -> UnsafeRawBufferPointer {
    var from = 0
    var to = count
    while from < to, self[from].isBlank { from += 1 }
    while to > from, self[to - 1].isBlank { to -= 1 }
    return self[from: from, to: to]
  }

  /// The value of a decimal number of at most 64 bits with digits only and no leading zero.
  func canonicalDecimal() -> UInt64? {
    guard count == 1 || (count > 1 && self[0] != UInt8(ascii: "0")) else { return nil }
    var value: UInt64 = 0
    for byte in self {
      guard byte.isDigit else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return value
  }
}

extension UInt8 {
  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")

  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
  /// Space or tab.
  var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

  var lowercased: UInt8 {
    self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self
  }

  /// The value of a hexadecimal digit.
  var hexadecimalValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
