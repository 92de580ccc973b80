import Bytes
import KVStore
import VSR

/// Whose disk is opened. What a directory says of itself must agree.
package struct DiskIdentity {
  /// Digest of the sorted set of servers.
  package var cluster: Digest
  /// The server's own address as written.
  package var address: [UInt8]
  package var serverCount: Int
  /// Of the store: kept with the journal, for replicas of one log must not differ in them.
  package var limits: Limits
  package var hashKey: HashKey
  /// Drawn at random: taken where there is no journal, or a damaged one.
  package var freshIncarnation: UInt64
  /// The sorted set of servers as written, kept to say what differs where another set is found.
  package var servers: [String]

  package init(
    cluster: Digest, address: [UInt8], serverCount: Int, limits: Limits, hashKey: HashKey,
    freshIncarnation: UInt64, servers: [String] = []
  ) {
    self.cluster = cluster
    self.address = address
    self.serverCount = serverCount
    self.limits = limits
    self.hashKey = hashKey
    self.freshIncarnation = freshIncarnation
    self.servers = servers
  }

  var founding: Founding { Founding(limits: limits, servers: servers) }
}

/// A disk that is ready, and what was on it.
package struct OpenedDisk {
  package let disk: Disk
  package let restored: Restored
  /// For the log, in order.
  package let notes: [DiskNote]
}

/// What opening found: a line of the log each.
package enum DiskNote: Equatable, Sendable {
  /// No journal was there: one was begun.
  case empty
  /// Everything ever recorded.
  case intact
  /// Everything that was ever reported durable; what followed was cut off there.
  case torn(segment: UInt64, sector: Int)
  /// The files were set aside in a directory of their own, and a new incarnation begun.
  case damaged(reason: String, setAside: String)

  package var message: String {
    switch self {
    case .empty: "no journal yet: begun"
    case .intact: "journal intact"
    case .torn(let segment, let sector):
      "journal ends in a write that no sync covered: cut off at segment \(segment) sector \(sector)"
    case .damaged(let reason, let setAside):
      "journal damaged (\(reason)): set aside in \(setAside), begun anew as a new incarnation"
    }
  }
}

/// Who is told how far the disk is. Called from the loop, never from within a call of the disk's.
package protocol DiskHandler: AnyObject {
  /// So many of the records given to `record` since the start are durable.
  func disk(_ disk: Disk, syncedThrough position: JournalPosition)
  /// The snapshot of this op is durable.
  func disk(_ disk: Disk, saved op: Op)
  /// The process must end and say nothing more that rests on the disk. Called once; nothing follows.
  func disk(_ disk: Disk, failed failure: DiskFailure)
}
