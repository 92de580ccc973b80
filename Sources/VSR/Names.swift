/// A server's index in the sorted set of servers.txt: 0..<7.
package typealias ServerIndex = Int
/// A random number that names one life of a server's memory: with a journal it survives restarts, without one
/// a start is a new incarnation, which has promised nothing. Incarnations have no order.
package typealias Incarnation = UInt64
/// A random number that names one run of a server's process: request numbers, probes and nonces are its own.
package typealias Session = UInt64
/// Position in the replicated log, from 1; it goes on across views and epochs.
package typealias Op = UInt64
/// View number within an epoch, from 0.
package typealias View = UInt64
/// The replica's only clock: ticks of 10 ms that it is told of.
package typealias Tick = UInt64
/// How many journal records a server has asked for since it started: what is on disk is a prefix of them.
package typealias JournalPosition = UInt64

/// The most servers there can be: the interface's limit.
package let serversMax = 7

/// Which configuration a message belongs to. Two epochs may share a number (siblings, of which at most one ever
/// commits), so the hash decides: it covers the configuration and everything before it.
package struct EpochID: Hashable, Sendable {
  package var number: UInt64
  package var hash: UInt64

  /// Before birth.
  package static let none = EpochID(number: 0, hash: 0)

  package init(number: UInt64, hash: UInt64) {
    self.number = number
    self.hash = hash
  }
}

/// How much a log knows, for choosing among logs: the epoch first, then the view in which it was last agreed
/// upon, then its length. An op number alone says nothing (Viewstamped Replication Revisited, section 4.2).
package struct LogRank: Hashable, Comparable, Sendable {
  package var epoch: UInt64
  package var logView: View
  package var op: Op

  package init(epoch: UInt64, logView: View, op: Op) {
    self.epoch = epoch
    self.logView = logView
    self.op = op
  }

  package static func < (left: LogRank, right: LogRank) -> Bool {
    (left.epoch, left.logView, left.op) < (right.epoch, right.logView, right.op)
  }
}

/// A set of servers, as bits.
package struct ServerMask: Hashable, Sendable {
  package var bits: UInt8

  package init(bits: UInt8 = 0) {
    self.bits = bits
  }

  package init(_ servers: some Sequence<ServerIndex>) {
    bits = 0
    for server in servers { insert(server) }
  }

  package mutating func insert(_ server: ServerIndex) {
    bits |= 1 << UInt8(server)
  }

  package mutating func remove(_ server: ServerIndex) {
    bits &= ~(1 << UInt8(server))
  }

  package func contains(_ server: ServerIndex) -> Bool {
    bits & (1 << UInt8(server)) != 0
  }

  package var count: Int { bits.nonzeroBitCount }
}

/// From the least on.
extension ServerMask: Sequence {
  package struct Iterator: IteratorProtocol {
    fileprivate var bits: UInt8

    package mutating func next() -> ServerIndex? {
      guard bits != 0 else { return nil }
      defer { bits &= bits - 1 }
      return bits.trailingZeroBitCount
    }
  }

  package func makeIterator() -> Iterator { Iterator(bits: bits) }
}
