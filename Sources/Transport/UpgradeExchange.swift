/// The one exchange of HTTP before a connection is a peer's.
enum UpgradeExchange {
  enum Verdict: Equatable {
    case incomplete
    /// Bytes of the reply; the peer protocol follows.
    case upgraded(Int)
    /// The reply's first line.
    case refused(String)
  }

  /// `host`: as written in servers.txt.
  static func request(host: String) -> [UInt8] {
    Array("GET /-/peer HTTP/1.1\r\nHost: \(host)\r\nConnection: Upgrade\r\nUpgrade: quorate/1\r\n\r\n".utf8)
  }

  /// Judges the reply that `bytes` begin with.
  static func judge(_ bytes: ArraySlice<UInt8>) -> Verdict {
    let head = bytes.prefix(PeerBounds.upgradeBytesMax)
    guard let end = endOfHead(head) else {
      return head.count < PeerBounds.upgradeBytesMax ? .incomplete : .refused("a reply without end")
    }
    if head.starts(with: Array("HTTP/1.1 101 ".utf8)) { return .upgraded(end - bytes.startIndex) }
    return .refused(printable(head.prefix { $0 != UInt8(ascii: "\r") }))
  }

  /// By hand: `firstRange(of:)` would bring the library of regular expressions into the program.
  private static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
    let mark = Array("\r\n\r\n".utf8)
    return bytes.indices.first { bytes[$0...].starts(with: mark) }.map { $0 + mark.count }
  }

  private static func printable(_ line: ArraySlice<UInt8>) -> String {
    String(decoding: line.prefix(80).map { 0x20...0x7e ~= $0 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
