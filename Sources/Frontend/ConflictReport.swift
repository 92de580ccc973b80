import HTTP
import KVStore

/// Writes that were kept without a quorum and lost when they were merged: what `/-/conflicts` tells.
package struct ConflictReport: Sendable {
  package var conflicts: Conflicts
  /// The servers as written in servers.txt, by their index in the sorted set.
  package var servers: [String]

  package init(conflicts: Conflicts, servers: [String]) {
    (self.conflicts, self.servers) = (conflicts, servers)
  }

  var json: [UInt8] {
    var text = JSONText()
    text.object { text in
      text.member("recorded", conflicts.recorded)
      text.member("dropped", conflicts.dropped)
      text.name("conflicts")
      text.array(Array(conflicts)) { put($1, &$0) }
    }
    return text.bytes
  }

  private func put(_ conflict: Conflict, _ text: inout JSONText) {
    let server = Int(conflict.server)
    var written: [UInt8] = []
    DateText.put(milliseconds: conflict.writtenAt, into: &written)
    text.object { text in
      text.member("key", conflict.key)
      text.member("lost", conflict.lost)
      text.member("kept", conflict.kept)
      text.member("written", written)
      text.member("server", servers.indices.contains(server) ? servers[server] : nil)
      text.member("reason", conflict.reason.name)
    }
  }
}

extension Conflict.Reason {
  fileprivate var name: String {
    switch self {
    case .overwritten: "overwritten"
    case .keyReused: "key-reused"
    case .expired: "expired"
    case .storeFull: "store-full"
    }
  }
}

extension ServerReport.Counter {
  /// In the report of every backend.
  package static func conflicts(_ recorded: UInt64) -> ServerReport.Counter {
    ServerReport.Counter(
      "conflicts", "Writes kept without a quorum that lost when they were merged, ever.", recorded)
  }
}
