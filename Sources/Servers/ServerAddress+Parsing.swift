/// Why an entry is not an address, in words for the one who wrote it.
package struct AddressError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension ServerAddress {
  /// Reads `host:port`: IPv4, `[IPv6]` or a name, and a port from 1 to 65535. Nothing may surround it.
  package init(parsing bytes: ArraySlice<UInt8>) throws(AddressError) {
    guard !bytes.isEmpty else { throw AddressError("empty entry: expected host:port") }
    let split = try Self.split(bytes)
    port = try Self.port(split.port, of: bytes)
    endpoint = split.isBracketed ? try Self.bracketed(split.host) : try Self.plain(split.host, of: bytes)
    host = String(decoding: split.host, as: UTF8.self)
    text = String(decoding: bytes, as: UTF8.self)
  }

  private typealias Split = (host: ArraySlice<UInt8>, port: ArraySlice<UInt8>, isBracketed: Bool)

  private static func split(_ bytes: ArraySlice<UInt8>) throws(AddressError) -> Split {
    guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else {
      throw AddressError("\(quoted(bytes)) has no port: expected host:port")
    }
    let host = bytes[..<colon]
    let port = bytes[(colon + 1)...]
    if bytes.first == UInt8(ascii: "[") {
      guard host.count >= 2, host.last == UInt8(ascii: "]") else {
        throw AddressError("\(quoted(bytes)) is not [IPv6]:port")
      }
      return (host.dropFirst().dropLast(), port, true)
    }
    guard !host.contains(UInt8(ascii: ":")) else {
      throw AddressError("\(quoted(bytes)) is not host:port; an IPv6 address stands in brackets: [::1]:8081")
    }
    return (host, port, false)
  }

  private static func port(
    _ digits: ArraySlice<UInt8>, of entry: ArraySlice<UInt8>
  ) throws(AddressError) -> UInt16 {
    guard !digits.isEmpty else { throw AddressError("\(quoted(entry)) has no port: expected host:port") }
    guard digits.allSatisfy(isDigit) else { throw AddressError("port \(quoted(digits)) is not a number") }
    guard digits.first != UInt8(ascii: "0") || digits.count == 1 else {
      throw AddressError("port \(quoted(digits)) begins with a zero")
    }
    var value = 0
    for digit in digits where value <= 65_535 { value = value * 10 + Int(digit - UInt8(ascii: "0")) }
    guard let port = UInt16(exactly: value), port > 0 else {
      throw AddressError("port \(quoted(digits)) is out of range: 1 to 65535")
    }
    return port
  }

  private static func bracketed(_ host: ArraySlice<UInt8>) throws(AddressError) -> Endpoint {
    let percent = host.firstIndex(of: UInt8(ascii: "%"))
    let zone = percent.map { host[($0 + 1)...] } ?? []
    guard percent == nil || (!zone.isEmpty && zone.allSatisfy(isNameByte)),
      let groups = IPv6Groups(parsing: host[..<(percent ?? host.endIndex)])
    else { throw AddressError("\(quoted(host)) is not an IPv6 address") }
    return .ipv6(groups, zone: String(decoding: zone, as: UTF8.self))
  }

  private static func plain(
    _ host: ArraySlice<UInt8>, of entry: ArraySlice<UInt8>
  ) throws(AddressError) -> Endpoint {
    guard !host.isEmpty else { throw AddressError("\(quoted(entry)) has no host: expected host:port") }
    // A last label of digits alone is never a name (RFC 1123, section 2.1): a mistyped address must not be
    // sent to a resolver, nor read as octal or as one number, as inet_aton would.
    if host.split(separator: dot, omittingEmptySubsequences: false).last?.allSatisfy(isDigit) == true,
      host.last != dot
    {
      guard let address = ipv4Address(parsing: host) else {
        throw AddressError("\(quoted(host)) is not an IPv4 address")
      }
      return .ipv4(address)
    }
    return .name(try name(host))
  }

  private static func name(_ host: ArraySlice<UInt8>) throws(AddressError) -> String {
    let rootless = host.last == dot ? host.dropLast() : host
    guard rootless.count <= nameLengthMax else {
      throw AddressError("\(quoted(host)) is longer than \(nameLengthMax) bytes")
    }
    for label in rootless.split(separator: dot, omittingEmptySubsequences: false) {
      guard (1...labelLengthMax).contains(label.count), label.allSatisfy({ isNameByte($0) && $0 != dot }),
        label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-")
      else { throw AddressError("\(quoted(host)) is not a host name") }
    }
    return String(decoding: rootless, as: UTF8.self).lowercased()
  }
}

let dot = UInt8(ascii: ".")

func isDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// Letters, digits, `-`, `.`, and `_`, which many real names have.
func isNameByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
  case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
  default: isDigit(byte)
  }
}

/// The bytes for a message of one line: in quotes, what is not printable ASCII as `\xNN`, cut when long.
func quoted(_ bytes: ArraySlice<UInt8>) -> String {
  let shownMax = 80
  var text = "\""
  for byte in bytes.prefix(shownMax) {
    switch byte {
    case UInt8(ascii: " ")..<0x7f where byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\"):
      text.unicodeScalars.append(Unicode.Scalar(byte))
    case 0..<0x10: text += "\\x0" + String(byte, radix: 16)
    default: text += "\\x" + String(byte, radix: 16)
    }
  }
  return text + (bytes.count > shownMax ? "…\"" : "\"")
}
