/// What a server says of itself and of its cluster: the fields of `/-/status`, in its order.
package struct ServerReport: Sendable {
  package enum Role: String, Sendable { case primary, backup, learner }

  package enum State: String, Sendable, CaseIterable {
    case normal
    case viewChange = "view-change"
    case catchingUp = "catching-up"
    case quorumLost = "quorum-lost"
    case unborn
  }

  package enum Link: String, Sendable { case up, down, connecting }

  package struct Member: Sendable {
    package var id: String
    package var incarnation: UInt64
    package var weight: Int
    package var isVoting: Bool

    package init(id: String, incarnation: UInt64, weight: Int, isVoting: Bool) {
      (self.id, self.incarnation, self.weight, self.isVoting) = (id, incarnation, weight, isVoting)
    }
  }

  package struct Traffic: Sendable {
    package var messages: UInt64
    package var bytes: UInt64

    package init(messages: UInt64, bytes: UInt64) {
      (self.messages, self.bytes) = (messages, bytes)
    }
  }

  package struct Peer: Sendable {
    package var id: String
    package var link: Link
    package var isSuspected: Bool
    /// The last op that it acknowledged.
    package var acked: UInt64
    /// Ops that it is behind.
    package var lag: UInt64
    package var sent: Traffic
    package var received: Traffic
    /// After how long a silence it is suspected, milliseconds: what it has taught.
    package var silenceMax: UInt64 = 0

    package init(
      id: String, link: Link, isSuspected: Bool, acked: UInt64, lag: UInt64, sent: Traffic, received: Traffic
    ) {
      (self.id, self.link, self.isSuspected, self.acked, self.lag) = (id, link, isSuspected, acked, lag)
      (self.sent, self.received) = (sent, received)
    }
  }

  /// Only ever grows. In `/-/status` under its name, in `/-/metrics` as `kv_NAME_total`.
  package struct Counter: Sendable {
    /// In snake case, with its unit where it has one.
    package let name: String
    /// One sentence.
    package let help: String
    package let value: UInt64

    package init(_ name: String, _ help: String, _ value: UInt64) {
      (self.name, self.help, self.value) = (name, help, value)
    }
  }

  /// Its address as written in servers.txt.
  package var id: String
  /// The program's version.
  package var version: String
  /// The digest of the sorted set of servers, in hexadecimal.
  package var cluster: String
  package var epoch: UInt64 = 0
  package var incarnation: UInt64
  package var view: UInt64 = 0
  package var role = Role.primary
  package var state = State.normal
  /// Replies are linearizable now.
  package var isLinearizable = true
  /// In one line for people: what would be survived next, or why they are not and what would end that.
  package var reason = ""
  /// The primary's address, if one is known.
  package var primary: String?
  package var op: UInt64 = 0
  package var commit: UInt64 = 0
  /// Writes are on disk before they are acknowledged.
  package var isDurable = false
  package var lineage: UInt64 = 0
  package var isLossPossible = false
  package var members: [Member] = []
  package var peers: [Peer] = []
  package var keys = 0
  /// Bytes of all keys and values.
  package var bytes = 0
  /// What the limit of the store counts, and the limit.
  package var chargedBytes = 0
  package var storeLimit = 0
  /// What else the server counts since its start.
  package var counters: [Counter] = []

  package init(id: String, version: String, cluster: String, incarnation: UInt64) {
    (self.id, self.version, self.cluster, self.incarnation) = (id, version, cluster, incarnation)
  }
}
