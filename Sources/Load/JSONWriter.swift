import Bytes

/// Writes JSON (RFC 8259) as it is told to; commas and quotes are its own business.
struct JSONWriter {
  private(set) var text = ""
  private var needsComma = false

  mutating func object(_ body: (inout JSONWriter) -> Void) { nested("{", "}", body) }

  mutating func array(_ body: (inout JSONWriter) -> Void) { nested("[", "]", body) }

  private mutating func nested(_ open: String, _ close: String, _ body: (inout JSONWriter) -> Void) {
    put(open)
    needsComma = false
    body(&self)
    text += close
    needsComma = true
  }

  private mutating func put(_ piece: String) {
    if needsComma { text += "," }
    text += piece
    needsComma = true
  }

  mutating func name(_ name: String) {
    put("\"\(name)\":")
    needsComma = false
  }

  mutating func value(_ value: some BinaryInteger) { put("\(value)") }
  mutating func value(_ value: Bool) { put("\(value)") }

  /// With so many digits after the point.
  mutating func value(_ value: Double, digits: Int) { put(Figures.fixed(value, digits: digits)) }

  mutating func value(_ value: String) {
    var quoted = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case "\n": quoted += "\\n"
      case _ where scalar.value < 0x20: quoted += "\\u" + hexadecimal(UInt64(scalar.value)).suffix(4)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    put(quoted + "\"")
  }

  mutating func member(_ name: String, _ value: some BinaryInteger) {
    self.name(name)
    self.value(value)
  }

  mutating func member(_ name: String, _ value: Bool) {
    self.name(name)
    self.value(value)
  }

  mutating func member(_ name: String, _ value: String) {
    self.name(name)
    self.value(value)
  }

  mutating func member(_ name: String, _ value: Double, digits: Int) {
    self.name(name)
    self.value(value, digits: digits)
  }
}
