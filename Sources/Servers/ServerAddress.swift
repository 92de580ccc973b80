/// Where a server listens. **Its identity is the text as written**: two spellings are two identities, which is
/// why spellings that can only be a mistake (a leading zero in the port) are not read at all.
package struct ServerAddress: Sendable {
  /// As written, `[…]` included, for example `192.168.2.2:8081` or `[::1]:8081`. ASCII.
  package let text: String
  /// The host as written, without brackets.
  package let host: String
  /// 1 to 65535.
  package let port: UInt16
  /// What the host denotes, whatever its spelling.
  package let endpoint: Endpoint

  /// What a host says once its spelling is taken away.
  package enum Endpoint: Hashable, Sendable {
    /// The address in host byte order.
    case ipv4(UInt32)
    /// Eight groups in host byte order, and the zone (`%eth0`), empty without one.
    case ipv6(IPv6Groups, zone: String)
    /// Lower case, without the root's dot. To be resolved anew at each connect.
    case name(String)
  }

  /// Longest name (RFC 1035, section 2.3.4) without the root's dot.
  package static let nameLengthMax = 253
  /// Longest label of a name (RFC 1035, section 2.3.4).
  package static let labelLengthMax = 63

  /// True where no resolver is needed.
  package var isNumeric: Bool {
    switch endpoint {
    case .ipv4, .ipv6: true
    case .name: false
    }
  }

  /// True where both lead to the same place in every resolver's eyes: `A.example:1` and `a.example.:1`.
  package func isSamePlace(as other: ServerAddress) -> Bool {
    port == other.port && endpoint == other.endpoint
  }
}

extension ServerAddress: Hashable, Comparable {
  package static func == (left: ServerAddress, right: ServerAddress) -> Bool {
    left.text == right.text
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(text)
  }

  /// The canonical order: that of the text's bytes.
  package static func < (left: ServerAddress, right: ServerAddress) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}

extension ServerAddress: CustomStringConvertible {
  package var description: String { text }
}
