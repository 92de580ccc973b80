/// JSON (RFC 8259) as it is written: commas and quotes in their places.
struct JSONText {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  mutating func object(_ fill: (inout JSONText) -> Void) {
    enclose("{", "}", fill)
  }

  mutating func array<Element>(_ elements: [Element], _ put: (inout JSONText, Element) -> Void) {
    enclose("[", "]") { text in
      for element in elements {
        text.separate()
        put(&text, element)
        text.needsComma = true
      }
    }
  }

  /// A member's name; its value is to follow.
  mutating func name(_ name: String) {
    separate()
    quote(name)
    append(":")
  }

  mutating func member(_ name: String, _ value: String) {
    self.name(name)
    quote(value)
    needsComma = true
  }

  /// `text`: UTF-8; nil is `null`.
  mutating func member(_ name: String, _ text: [UInt8]?) {
    guard let text else { return member(name, literal: "null") }
    self.name(name)
    quote(text)
    needsComma = true
  }

  /// nil is `null`.
  mutating func member(_ name: String, _ value: String?) {
    if let value { member(name, value) } else { member(name, literal: "null") }
  }

  mutating func member(_ name: String, _ value: UInt64) { member(name, literal: String(value)) }

  mutating func member(_ name: String, _ value: Int) { member(name, literal: String(value)) }

  mutating func member(_ name: String, _ value: Bool) { member(name, literal: value ? "true" : "false") }

  private mutating func member(_ name: String, literal: String) {
    self.name(name)
    append(literal)
    needsComma = true
  }

  private mutating func enclose(_ open: String, _ close: String, _ fill: (inout JSONText) -> Void) {
    append(open)
    needsComma = false
    fill(&self)
    append(close)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { append(",") }
    needsComma = false
  }

  private mutating func quote(_ text: String) { quote(Array(text.utf8)) }

  /// Byte by byte: what is to be escaped is ASCII.
  private mutating func quote(_ text: [UInt8]) {
    append("\"")
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""): append("\\\"")
      case UInt8(ascii: "\\"): append("\\\\")
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
      default: bytes.append(byte)
      }
    }
    append("\"")
  }

  private mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }
}
