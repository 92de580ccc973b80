/// What a key and a value may be: valid UTF-8 without control characters (C0, DEL, C1) and without brackets;
/// a key has no `=`. Length counts Unicode scalars.
package enum TextRules {
  package static let keyScalarsMax = 128
  package static let valueScalarsMax = 2048

  /// Why these bytes are no key, in one line; nil if they are one.
  package static func keyFault(_ bytes: UnsafeRawBufferPointer) -> StaticString? {
    if bytes.isEmpty { return "the key is empty" }
    switch fault(in: bytes, scalarsMax: keyScalarsMax) {
    case .tooLong: return "the key has more than 128 characters"
    case .notUTF8: return "the key is not valid UTF-8"
    case .control: return "the key has a control character"
    case .bracket: return "the key has a bracket: brackets go around key and value, or nowhere"
    case nil: return bytes.first(of: UInt8(ascii: "=")) == nil ? nil : "the key has an equals sign"
    }
  }

  /// Why these bytes are no value, in one line; nil if they are one.
  package static func valueFault(_ bytes: UnsafeRawBufferPointer) -> StaticString? {
    switch fault(in: bytes, scalarsMax: valueScalarsMax) {
    case .tooLong: return "the value has more than 2048 characters"
    case .notUTF8: return "the value is not valid UTF-8"
    case .control: return "the value has a control character"
    case .bracket: return "the value has a bracket: brackets go around key and value, or nowhere"
    case nil: return nil
    }
  }

  enum Fault {
    case tooLong
    case notUTF8
    case control
    case bracket
  }

  static func fault(in bytes: UnsafeRawBufferPointer, scalarsMax: Int) -> Fault? {
    // No scalar has more than four bytes: longer input need not be looked at.
    if bytes.count > 4 * scalarsMax { return .tooLong }
    var scalars = 0
    var index = 0
    while index < bytes.count {
      let run = plainRun(bytes, from: index)
      scalars += run
      index += run
      guard index < bytes.count else { break }
      guard let scalar = UTF8Scalar(bytes, at: index) else { return .notUTF8 }
      if let fault = fault(of: scalar.value) { return fault }
      scalars += 1
      index += scalar.length
    }
    return scalars > scalarsMax ? .tooLong : nil
  }

  private static func fault(of scalar: UInt32) -> Fault? {
    switch scalar {
    case 0..<0x20, 0x7f..<0xa0: .control
    case 0x5b, 0x5d: .bracket
    default: nil
    }
  }

  /// How many bytes from `start` are ASCII without anything forbidden.
  private static func plainRun(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start
    while index &+ 8 <= bytes.count, UnsafeRawBufferPointer.isPlain(bytes.word(at: index)) { index &+= 8 }
    while index < bytes.count, bytes[index].isPlain { index &+= 1 }
    return index &- start
  }
}

extension UnsafeRawBufferPointer {
  /// All eight bytes are plain.
  fileprivate static func isPlain(_ word: UInt64) -> Bool {
    let brackets =
      marksOfZero(word ^ 0x5b5b_5b5b_5b5b_5b5b) | marksOfZero(word ^ 0x5d5d_5d5d_5d5d_5d5d)
    let deleted = marksOfZero(word ^ 0x7f7f_7f7f_7f7f_7f7f)
    let beyondASCII = word & 0x8080_8080_8080_8080
    return marksBelowSpace(word) | deleted | beyondASCII | brackets == 0
  }
}

extension UInt8 {
  fileprivate var isPlain: Bool { self &- 0x20 < 0x5f && self != 0x5b && self != 0x5d }
}

/// One scalar of strict UTF-8 (Unicode Standard, table 3-7: no overlong form, no surrogate).
struct UTF8Scalar {
  let value: UInt32
  let length: Int

  init?(_ bytes: UnsafeRawBufferPointer, at index: Int) {
    let lead = bytes[index]
    let least: UInt32
    var value: UInt32
    switch lead {
    case 0..<0x80: (value, length, least) = (UInt32(lead), 1, 0)
    case 0xc2...0xdf: (value, length, least) = (UInt32(lead & 0x1f), 2, 0x80)
    case 0xe0...0xef: (value, length, least) = (UInt32(lead & 0x0f), 3, 0x800)
    case 0xf0...0xf4: (value, length, least) = (UInt32(lead & 0x07), 4, 0x10000)
    default: return nil
    }
    guard index + length <= bytes.count else { return nil }
    for offset in 1..<max(length, 1) {
      let byte = bytes[index + offset]
      guard byte & 0xc0 == 0x80 else { return nil }
      value = value << 6 | UInt32(byte & 0x3f)
    }
    guard value >= least, value <= 0x10ffff, !(0xd800...0xdfff).contains(value) else { return nil }
    self.value = value
  }
}
