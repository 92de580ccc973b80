import HTTP

/// An input and what must come of it: lines of a `Transcript`, of which a refusal's reason may be left out.
struct Sample {
  let name: String
  let input: [UInt8]
  let end: RequestParser.End?
  let expected: [String]

  init(_ name: String, _ input: String, end: RequestParser.End? = nil, _ expected: String...) {
    self.name = name
    self.input = Array(input.utf8)
    self.end = end
    self.expected = expected
  }

  init(_ name: String, bytes: [UInt8], end: RequestParser.End? = nil, _ expected: String...) {
    self.name = name
    input = bytes
    self.end = end
    self.expected = expected
  }

  /// What differs, or nil.
  func mismatch(_ transcript: Transcript) -> String? {
    let lines = transcript.lines
    let fits =
      lines.count == expected.count
      && zip(lines, expected).allSatisfy { line, wanted in
        line == wanted || (Self.isRefusal(wanted) && line.hasPrefix(wanted))
      }
    return fits ? nil : "\(name): got \(lines), want \(expected)"
  }

  /// `S1.1- 400`
  private static func isRefusal(_ line: String) -> Bool {
    line.utf8.suffix(4).first == UInt8(ascii: " ")
      && line.utf8.suffix(3).allSatisfy { (48...57).contains($0) }
  }
}
