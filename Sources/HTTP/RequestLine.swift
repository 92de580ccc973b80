/// `METHOD target HTTP/x.y`, as both dialects read it: the target is every byte between the first space and the
/// last ` HTTP/`, or the line's end.
struct RequestLine {
  enum Version: Equatable {
    /// No ` HTTP/` in the line.
    case none
    case http10
    /// 1.1, or a later 1.x, which is to be treated alike (RFC 9110 §2.5).
    case http11
    /// Another major version.
    case unsupported
    case malformed
  }

  let method: Method
  private let isMethodToken: Bool
  let target: UnsafeRawBufferPointer
  let version: Version
  let endsInCRLF: Bool

  init(_ line: HeadLine) {
    let bytes = line.bytes
    let space = bytes.first(of: UInt8(ascii: " ")) ?? bytes.count
    let rest = bytes[from: min(space + 1, bytes.count), to: bytes.count]
    let mark = Self.lastVersionMark(rest)
    let name = bytes[from: 0, to: space]
    method = Method(name)
    isMethodToken = method != .other || (!name.isEmpty && name.allSatisfy(\.isTokenCharacter))
    target = rest[from: 0, to: mark ?? rest.count]
    version = mark.map { Self.version(rest[from: $0 + 6, to: rest.count]) } ?? .none
    endsInCRLF = line.endsInCRLF
  }

  /// `http://authority/…` (RFC 9112 §3.2.2); schemes are case-insensitive.
  var isAbsoluteForm: Bool { target.startsIgnoringCase(with: "http://") }

  /// `OPTIONS *`.
  var isAsteriskForm: Bool { method == .options && target.equals("*") }

  /// The classic dialect is chosen by a target without leading slash, a request line in a bare LF, or HTTP/1.1
  /// without Host.
  func dialect(hasHost: Bool) -> Dialect {
    let isStandardTarget = target.first == UInt8(ascii: "/") || isAbsoluteForm || isAsteriskForm
    guard endsInCRLF, isStandardTarget else { return .classic }
    return version == .http11 && !hasHost ? .classic : .standard
  }

  /// What RFC 9112 §3 forbids in the line.
  var standardFault: Fault? {
    if !isMethodToken { return Fault(.badRequest, "the request line has no proper method") }
    if version == .none { return Fault(.badRequest, "the request line has no HTTP version") }
    if version == .malformed { return Fault(.badRequest, "the request line has no proper HTTP version") }
    for byte in target where byte <= 0x20 || byte == 0x7f {
      return Fault(.badRequest, "the target has a space or a control character: percent-encode it")
    }
    if version == .unsupported { return Fault(.versionNotSupported, "HTTP/1.1 and HTTP/1.0 are spoken here") }
    return nil
  }

  /// The offset of the last ` HTTP/`.
  private static func lastVersionMark(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var index = bytes.count - 6
    while index >= 0 {
      if bytes[index] == UInt8(ascii: " "), bytes[from: index, to: index + 6].equals(" HTTP/") {
        return index
      }
      index -= 1
    }
    return nil
  }

  private static func version(_ text: UnsafeRawBufferPointer) -> Version {
    guard text.count == 3, text[0].isDigit, text[1] == UInt8(ascii: "."), text[2].isDigit else {
      return .malformed
    }
    guard text[0] == UInt8(ascii: "1") else { return .unsupported }
    return text[2] == UInt8(ascii: "0") ? .http10 : .http11
  }
}

/// A reason to refuse.
struct Fault {
  let status: Status
  let reason: StaticString
  let allow: Allow?

  init(_ status: Status, _ reason: StaticString, allow: Allow? = nil) {
    self.status = status
    self.reason = reason
    self.allow = allow
  }
}
