import Bytes

/// The servers of one cluster as every one of them must see it: sorted, with this server's own place.
package struct ServerSet: Equatable, Sendable {
  /// In canonical order, the same at every server. A server's index in it is its number in the protocol.
  package let members: [ServerAddress]
  /// This server's index in `members`.
  package let ownIndex: Int
  /// Equal exactly where the sorted sets are equal. Does not tell which is the own one.
  package let digest: Digest

  package var own: ServerAddress { members[ownIndex] }
  package var count: Int { members.count }

  /// The first entry is the server itself.
  package init(_ file: ServersFile) {
    let sorted = file.entries.sorted()
    guard let own = file.entries.first, let index = sorted.firstIndex(of: own) else {
      preconditionFailure("a servers file has entries")
    }
    members = sorted
    ownIndex = index
    digest = Self.digest(of: sorted)
  }

  /// Reads a servers.txt; `file` is its name in errors.
  package init(parsing bytes: [UInt8], file: String) throws(ServersError) {
    self.init(try ServersFile(parsing: bytes, file: file))
  }

  private static func digest(of sorted: [ServerAddress]) -> Digest {
    var text: [UInt8] = []
    text.putVarint(sorted.count)
    for member in sorted { text.putCounted([UInt8](member.text.utf8)) }
    var sip = SipHash(isWide: true)
    sip.update(text)
    return sip.digest()
  }
}

extension ServerSet {
  /// How another server's set differs; nil where it does not.
  package struct Difference: Equatable, Sendable, CustomStringConvertible {
    /// As written, sorted.
    package let onlyHere: [String]
    /// As written, sorted.
    package let onlyThere: [String]

    /// For the refusal's one line: `only here: a:1 b:2; only there: c:3`.
    package var description: String {
      var parts: [String] = []
      if !onlyHere.isEmpty { parts.append("only here: " + onlyHere.joined(separator: " ")) }
      if !onlyThere.isEmpty { parts.append("only there: " + onlyThere.joined(separator: " ")) }
      return parts.joined(separator: "; ")
    }
  }

  /// Compares with the texts of another server's set, in any order.
  package func difference(to others: [String]) -> Difference? {
    let here = members.map(\.text)
    let onlyHere = here.filter { !others.contains($0) }
    let onlyThere = others.filter { !here.contains($0) }.sorted()
    if onlyHere.isEmpty && onlyThere.isEmpty { return nil }
    return Difference(onlyHere: onlyHere, onlyThere: onlyThere)
  }
}
