import CLibUV

/// An IPv4 or IPv6 address with a port. Equal when they mean the same endpoint: an IPv4 address that came
/// mapped into IPv6 (`::ffff:1.2.3.4`, from a socket that takes both) is the IPv4 one.
package struct SocketAddress: Hashable, Sendable {
  package enum Family: Sendable { case ipv4, ipv6 }

  package let family: Family
  /// The address in the order of its digits; IPv4 in the last 32 bits of `low`.
  private let high: UInt64
  private let low: UInt64
  private let scope: UInt32
  package var port: UInt16

  private init(family: Family, high: UInt64, low: UInt64, scope: UInt32, port: UInt16) {
    self.family = family
    (self.high, self.low, self.scope, self.port) = (high, low, scope, port)
  }

  private init(ipv4: UInt32, port: UInt16) {
    self.init(family: .ipv4, high: 0, low: UInt64(ipv4), scope: 0, port: port)
  }

  /// Only numeric text: `127.0.0.1`, `::1`, `[::1]`, `fe80::1%eth0`. Nil: it is no address.
  package init?(_ host: String, port: UInt16) {
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    var raw = uvx_address_t()
    guard uv_ip4_addr(bare, Int32(port), &raw.v4) == 0 || uv_ip6_addr(bare, Int32(port), &raw.v6) == 0
    else { return nil }
    self.init(raw)
  }

  init?(_ raw: uvx_address_t) {
    switch Int32(raw.any.sa_family) {
    case AF_INET:
      self.init(
        ipv4: UInt32(bigEndian: raw.v4.sin_addr.s_addr), port: UInt16(bigEndian: raw.v4.sin_port))
    case AF_INET6:
      self.init(ipv6: raw.v6)
    default:
      return nil
    }
  }

  private init(ipv6 raw: sockaddr_in6) {
    let digits = unsafeBitCast(raw.sin6_addr, to: (UInt64, UInt64).self)
    let (high, low) = (digits.0.bigEndian, digits.1.bigEndian)
    let port = UInt16(bigEndian: raw.sin6_port)
    if high == 0, low >> 32 == 0xffff {
      self.init(ipv4: UInt32(truncatingIfNeeded: low), port: port)
    } else {
      self.init(family: .ipv6, high: high, low: low, scope: raw.sin6_scope_id, port: port)
    }
  }

  /// All addresses of the machine, IPv4 and IPv6.
  package static func any(port: UInt16) -> SocketAddress { SocketAddress("::", port: port)! }

  package static func loopback(port: UInt16) -> SocketAddress {
    SocketAddress(ipv4: 0x7f00_0001, port: port)
  }

  /// 127.0.0.0/8 or ::1.
  package var isLoopback: Bool {
    switch family {
    case .ipv4: low >> 24 == 127
    case .ipv6: high == 0 && low == 1
    }
  }

  /// 0.0.0.0 or ::, which binds all addresses.
  package var isAny: Bool { high == 0 && low == 0 }

  /// As C wants it.
  var raw: uvx_address_t {
    var raw = uvx_address_t()
    switch family {
    case .ipv4:
      raw.v4.sin_family = sa_family_t(AF_INET)
      raw.v4.sin_port = port.bigEndian
      raw.v4.sin_addr.s_addr = UInt32(low).bigEndian
    case .ipv6:
      raw.v6.sin6_family = sa_family_t(AF_INET6)
      raw.v6.sin6_port = port.bigEndian
      raw.v6.sin6_addr = unsafeBitCast((high.bigEndian, low.bigEndian), to: in6_addr.self)
      raw.v6.sin6_scope_id = scope
    }
    return raw
  }
}

extension SocketAddress: CustomStringConvertible {
  /// The address alone: `127.0.0.1`, `::1`.
  package var host: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(UV_IF_NAMESIZE) + 64) { text in
      var raw = raw
      let result =
        switch family {
        case .ipv4: uv_ip4_name(&raw.v4, text.baseAddress, text.count)
        case .ipv6: uv_ip6_name(&raw.v6, text.baseAddress, text.count)
        }
      precondition(result == 0)
      return String(cString: text.baseAddress!)
    }
  }

  /// `127.0.0.1:80`, `[::1]:80`.
  package var description: String {
    switch family {
    case .ipv4: "\(host):\(port)"
    case .ipv6: "[\(host)]:\(port)"
    }
  }
}
