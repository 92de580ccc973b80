import HTTP

/// The text format of Prometheus, version 0.0.4: HELP and TYPE before each family's samples.
struct MetricsText {
  enum Kind: String {
    case counter, gauge, histogram
  }

  private(set) var bytes: [UInt8] = []

  mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    line("# HELP \(name) \(help)")
    line("# TYPE \(name) \(kind.rawValue)")
  }

  /// `labels`: as they stand between the braces.
  mutating func sample(_ name: String, labels: String = "", _ value: String) {
    line(labels.isEmpty ? "\(name) \(value)" : "\(name){\(labels)} \(value)")
  }

  mutating func counter(_ name: String, _ help: String, _ value: UInt64) {
    family(name, .counter, help)
    sample(name, "\(value)")
  }

  mutating func gauge(_ name: String, _ help: String, _ value: String) {
    family(name, .gauge, help)
    sample(name, value)
  }

  mutating func gauge(_ name: String, _ help: String, _ value: Int) {
    gauge(name, help, "\(value)")
  }

  mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
    family(name, .histogram, help)
    var total: UInt64 = 0
    for (place, count) in histogram.counts.enumerated() {
      total += count
      let bound = place < Histogram.bounds.count ? seconds(nanoseconds: Histogram.bounds[place]) : "+Inf"
      sample("\(name)_bucket", labels: "le=\"\(bound)\"", "\(total)")
    }
    sample("\(name)_sum", seconds(nanoseconds: histogram.sum))
    sample("\(name)_count", "\(total)")
  }

  private mutating func line(_ text: String) {
    bytes.append(contentsOf: text.utf8)
    bytes.append(UInt8(ascii: "\n"))
  }
}

/// In seconds, exactly, without trailing zeros.
func seconds(nanoseconds: UInt64) -> String {
  let whole = nanoseconds / 1_000_000_000
  var digits = String(nanoseconds % 1_000_000_000)
  digits = String(repeating: "0", count: 9 - digits.count) + digits
  while digits.last == "0" { digits.removeLast() }
  return digits.isEmpty ? "\(whole)" : "\(whole).\(digits)"
}

/// A label's value between its quotes.
func escapedLabel(_ text: String) -> String {
  var escaped = ""
  for character in text.unicodeScalars {
    switch character {
    case "\\": escaped += "\\\\"
    case "\"": escaped += "\\\""
    case "\n": escaped += "\\n"
    default: escaped.unicodeScalars.append(character)
    }
  }
  return escaped
}
