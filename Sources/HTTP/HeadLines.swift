/// A line of a head, without its end.
struct HeadLine {
  let bytes: UnsafeRawBufferPointer
  /// It ended in CRLF; otherwise in a bare LF or with the input.
  let endsInCRLF: Bool
}

/// The lines of a head up to the empty one. The last may lack its end: a classic request needs none.
struct HeadLines {
  private var rest: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) {
    rest = bytes
  }

  mutating func next() -> HeadLine? {
    guard !rest.isEmpty else { return nil }
    let lineFeed = rest.firstLineFeed(from: 0)
    let length = lineFeed ?? rest.count
    let hasReturn = length > 0 && rest[length - 1] == .carriageReturn
    let line = rest[from: 0, to: hasReturn ? length - 1 : length]
    rest = rest[from: lineFeed.map { $0 + 1 } ?? length, to: rest.count]
    return line.isEmpty ? nil : HeadLine(bytes: line, endsInCRLF: hasReturn && lineFeed != nil)
  }

  /// What follows the lines taken.
  var remaining: UnsafeRawBufferPointer { rest }
}

/// `name: value` (RFC 9112 §5). The value is trimmed.
struct FieldLine {
  let name: UnsafeRawBufferPointer
  let value: UnsafeRawBufferPointer

  enum Outcome {
    case field(FieldLine)
    /// Not a field line, and why. What follows such a line cannot be trusted to be what it seems.
    case fault(StaticString)
  }

  static func parse(_ line: UnsafeRawBufferPointer) -> Outcome {
    var colon = 0
    while colon < line.count, line[colon].isTokenCharacter { colon &+= 1 }
    guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else {
      return .fault(fault(in: line, at: colon))
    }
    guard line.isFieldText else { return .fault("a header line has a control character") }
    let value = line[from: colon &+ 1, to: line.count].trimmed()
    return .field(FieldLine(name: line[from: 0, to: colon], value: value))
  }

  private static func fault(in line: UnsafeRawBufferPointer, at offset: Int) -> StaticString {
    guard offset < line.count else { return "a header line has no colon" }
    guard line[offset].isBlank else { return "a header line has no proper name" }
    return offset == 0 ? "a folded header line" : "white space before the colon of a header line"
  }
}

extension UInt8 {
  /// A `tchar` of RFC 9110 §5.6.2, as bits of two words.
  var isTokenCharacter: Bool {
    let low: UInt64 = 0x03ff_6cfa_0000_0000
    let high: UInt64 = 0x57ff_ffff_c7ff_fffe
    guard self < 128 else { return false }
    return (self < 64 ? low : high) &>> UInt64(self & 63) & 1 == 1
  }
}
