/// Numbers as people read them.
enum Figures {
  /// Three digits or more and a unit: `812 µs`, `1.20 ms`, `12.3 s`.
  static func duration(_ nanoseconds: UInt64) -> String {
    switch nanoseconds {
    case 0: "0"
    case ..<1_000_000: "\(threeDigits(Double(nanoseconds) / 1e3)) µs"
    case ..<1_000_000_000: "\(threeDigits(Double(nanoseconds) / 1e6)) ms"
    default: "\(threeDigits(Double(nanoseconds) / 1e9)) s"
    }
  }

  static func threeDigits(_ value: Double) -> String {
    fixed(value, digits: value < 10 ? 2 : value < 100 ? 1 : 0)
  }

  /// With so many digits after the point.
  static func fixed(_ value: Double, digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int64((abs(value) * scale).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(scaled)" }
    let fraction = "\(scaled % Int64(scale))"
    return "\(sign)\(scaled / Int64(scale))." + String(repeating: "0", count: digits - fraction.count)
      + fraction
  }

  static func bytes(_ count: UInt64) -> String {
    switch count {
    case ..<1_000: "\(count) B"
    case ..<1_000_000: "\(threeDigits(Double(count) / 1e3)) kB"
    case ..<1_000_000_000: "\(threeDigits(Double(count) / 1e6)) MB"
    default: "\(threeDigits(Double(count) / 1e9)) GB"
    }
  }

  /// Right-aligned, or left where `width` is negative.
  static func padded(_ text: String, _ width: Int) -> String {
    let space = String(repeating: " ", count: max(0, abs(width) - text.count))
    return width < 0 ? text + space : space + text
  }
}
