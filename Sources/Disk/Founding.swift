import Bytes
import KVStore

/// What a directory was made with, kept in `meta` beside the digest of the set.
struct Founding: Equatable {
  private static let textBytesMax = 1024

  /// Of the store: replicas of one log must not differ in them.
  var limits: Limits
  /// The sorted set of servers, as written: to say what differs. Empty in directories made before it was kept.
  var servers: [String]

  init(limits: Limits, servers: [String]) {
    (self.limits, self.servers) = (limits, servers)
  }

  /// Nil: this program never wrote it.
  init?(decoding bytes: [UInt8]) {
    let found = bytes.withUnsafeBytes { raw -> Founding? in
      var reader = ByteReader(raw)
      return try? Founding(from: &reader)
    }
    guard let found else { return nil }
    self = found
  }

  private init(from reader: inout ByteReader) throws(MalformedBytes) {
    var numbers: [Int] = []
    for _ in 0..<3 { numbers.append(Int(clamping: try reader.take(UInt64.self))) }
    limits = Limits(storeBytes: numbers[0], outcomes: numbers[1], outcomeBytes: numbers[2])
    servers = []
    while !reader.isAtEnd {
      servers.append(String(decoding: try reader.takeCounted(max: Self.textBytesMax), as: UTF8.self))
    }
  }

  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    for limit in [limits.storeBytes, limits.outcomes, limits.outcomeBytes] { bytes.put(UInt64(limit)) }
    for server in servers { bytes.putCounted(Array(server.utf8)) }
    return bytes
  }

  /// What the sets differ in, in words; empty where it is not known.
  func difference(from others: [String]) -> String {
    guard !servers.isEmpty else { return "" }
    let missing = servers.filter { !others.contains($0) }
    let added = others.filter { !servers.contains($0) }
    var parts: [String] = []
    if !missing.isEmpty { parts.append("only there: " + missing.joined(separator: " ")) }
    if !added.isEmpty { parts.append("only in servers.txt: " + added.joined(separator: " ")) }
    return parts.joined(separator: "; ")
  }
}
