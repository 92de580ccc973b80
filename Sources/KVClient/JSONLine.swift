/// Writes one JSON object (RFC 8259) on one line.
struct JSONLine {
  private var bytes: [UInt8] = [UInt8(ascii: "{")]

  mutating func put(_ name: String, text: [UInt8]) {
    putName(name)
    putString(text)
  }

  /// `value` is JSON already.
  mutating func put(_ name: String, verbatim value: String) {
    put(name, verbatim: Array(value.utf8))
  }

  mutating func put(_ name: String, verbatim value: [UInt8]) {
    putName(name)
    bytes += value
  }

  /// The object and a newline.
  consuming func finish() -> [UInt8] {
    bytes + [UInt8(ascii: "}"), newline]
  }

  private mutating func putName(_ name: String) {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    putString(Array(name.utf8))
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func putString(_ text: [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        bytes += Array((byte < 0x10 ? "\\u000" : "\\u00").utf8) + Array(String(byte, radix: 16).utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
