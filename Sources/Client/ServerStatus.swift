/// What a server's `/-/status` says, as far as one line has room for it.
package struct ServerStatus: Sendable {
  /// The JSON as it came, without line ends.
  package let text: [UInt8]
  private let members: [(name: String, value: String)]

  /// Nil where it is not a JSON object.
  package init?(parsing bytes: [UInt8]) {
    guard let members = TopLevelMembers.parse(bytes) else { return nil }
    self.members = members
    text = bytes.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
  }

  package var isLinearizable: Bool { self["linearizable"] == "true" }

  private subscript(name: String) -> String? {
    members.first { $0.name == name }?.value
  }

  /// `primary normal linearizable view=3 op=17 commit=17 keys=4`; and at the end what it says of it.
  package var summary: String {
    var words = [self["role"] ?? "?", self["status"] ?? "?"]
    words.append(isLinearizable ? "linearizable" : "not-linearizable")
    for name in ["view", "op", "commit", "keys", "bytes", "version"] {
      if let value = self[name] { words.append("\(name)=\(value)") }
    }
    if let reason = self["reason"], reason != "null", !reason.isEmpty {
      words.append("reason=\"\(reason)\"")
    }
    return words.joined(separator: " ")
  }
}

/// The members of a JSON object (RFC 8259) whose values are no objects or arrays. Not a validator: what it is
/// given comes from a server of our own, and what it does not understand it refuses.
enum TopLevelMembers {
  static func parse(_ bytes: [UInt8]) -> [(name: String, value: String)]? {
    var scanner = Scanner(bytes: bytes)
    guard scanner.take("{") else { return nil }
    if scanner.take("}") { return [] }
    var members: [(String, String)] = []
    repeat {
      guard let name = scanner.string(), scanner.take(":") else { return nil }
      switch scanner.value() {
      case .none: return nil
      case .some(.nested): break
      case .some(.scalar(let value)): members.append((name, value))
      }
    } while scanner.take(",")
    return scanner.take("}") ? members : nil
  }

  private enum Value {
    case scalar(String)
    case nested
  }

  private struct Scanner {
    let bytes: [UInt8]
    var index = 0

    private mutating func skipSpace() {
      while index < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[index]) { index += 1 }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      skipSpace()
      guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
      index += 1
      return true
    }

    /// The text between the quotes, escapes left as they are, but for quotes and backslashes.
    mutating func string() -> String? {
      guard take("\"") else { return nil }
      var text: [UInt8] = []
      while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
        if bytes[index] == UInt8(ascii: "\\") {
          index += 1
          guard index < bytes.count else { return nil }
          if bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\") {
            text.append(UInt8(ascii: "\\"))
          }
        }
        text.append(bytes[index])
        index += 1
      }
      guard index < bytes.count else { return nil }
      index += 1
      return String(decoding: text, as: UTF8.self)
    }

    mutating func value() -> Value? {
      skipSpace()
      guard index < bytes.count else { return nil }
      switch bytes[index] {
      case UInt8(ascii: "\""): return string().map { .scalar($0) }
      case UInt8(ascii: "{"), UInt8(ascii: "["): return skipNested() ? .nested : nil
      default:
        let start = index
        while index < bytes.count, !Array(",}] \t\r\n".utf8).contains(bytes[index]) { index += 1 }
        return index > start ? .scalar(String(decoding: bytes[start..<index], as: UTF8.self)) : nil
      }
    }

    /// Steps over an object or array by counting brackets outside strings.
    private mutating func skipNested() -> Bool {
      var depth = 0
      while index < bytes.count {
        switch bytes[index] {
        case UInt8(ascii: "\""):
          guard string() != nil else { return false }
          continue
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
        index += 1
        if depth == 0 { return true }
      }
      return false
    }
  }
}
