/// Four numbers of 0 to 255 without leading zeros, or nil.
func ipv4Address(parsing bytes: ArraySlice<UInt8>) -> UInt32? {
  let parts = bytes.split(separator: dot, omittingEmptySubsequences: false)
  guard parts.count == 4 else { return nil }
  var address: UInt32 = 0
  for part in parts {
    guard (1...3).contains(part.count), part.allSatisfy(isDigit),
      part.count == 1 || part.first != UInt8(ascii: "0")
    else { return nil }
    let value = part.reduce(0) { $0 * 10 + UInt32($1 - UInt8(ascii: "0")) }
    guard value <= 255 else { return nil }
    address = address << 8 | value
  }
  return address
}

/// An IPv6 address as two halves, high first.
package struct IPv6Groups: Hashable, Sendable {
  package let high: UInt64
  package let low: UInt64

  /// Reads the text form of RFC 4291, section 2.2, with `::` and a dotted tail, or nil. No zone.
  init?(parsing bytes: ArraySlice<UInt8>) {
    var head: [UInt16] = []
    var tail: [UInt16] = []
    if let gap = Self.gap(in: bytes) {
      guard Self.groups(in: bytes[..<gap], into: &head, mayEndDotted: false),
        Self.groups(in: bytes[(gap + 2)...], into: &tail, mayEndDotted: true),
        head.count + tail.count <= 7
      else { return nil }
      head += [UInt16](repeating: 0, count: 8 - head.count - tail.count)
    } else {
      guard !bytes.isEmpty, Self.groups(in: bytes, into: &head, mayEndDotted: true), head.count == 8 else {
        return nil
      }
    }
    let groups = head + tail
    high = groups[..<4].reduce(0) { $0 << 16 | UInt64($1) }
    low = groups[4...].reduce(0) { $0 << 16 | UInt64($1) }
  }

  /// Where the first `::` stands. A second one is an empty group, which no group parser takes.
  private static func gap(in bytes: ArraySlice<UInt8>) -> Int? {
    let colon = UInt8(ascii: ":")
    return bytes.indices.dropLast().first { bytes[$0] == colon && bytes[$0 + 1] == colon }
  }

  private static func groups(
    in bytes: ArraySlice<UInt8>, into groups: inout [UInt16], mayEndDotted: Bool
  ) -> Bool {
    if bytes.isEmpty { return true }
    let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if mayEndDotted, index == parts.count - 1, part.contains(dot) {
        guard let address = ipv4Address(parsing: part) else { return false }
        groups += [UInt16(address >> 16), UInt16(truncatingIfNeeded: address)]
      } else {
        guard (1...4).contains(part.count), part.allSatisfy({ isDigit($0) || isHexLetter($0) }),
          let value = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
        else { return false }
        groups.append(value)
      }
    }
    return true
  }

  private static func isHexLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
  }
}
