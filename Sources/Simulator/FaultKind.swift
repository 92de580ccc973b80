/// What can go wrong. A seed draws which kinds it has; a shrunk run leaves some of them out.
package enum FaultKind: String, CaseIterable, Sendable {
  // Of the whole run, at a rate.
  case loss
  case duplication
  case reordering
  case delays
  /// Bytes of an earlier connection arrive after those of a later one, also after a restart.
  case stray
  case slowDisk = "slow-disk"
  case drift
  // At a moment of the plan, for a while.
  case clog
  case halves
  case isolation
  case oneWay = "one-way"
  case star
  case chain
  case flapping
  case reset
  case crash
  case wipe
  case crashAll = "crash-all"
  case pause
  /// The loop of a process runs late again and again: timers and reads alike.
  case slowLoop = "slow-loop"
  case failedWrite = "failed-write"
  case handOver = "hand-over"
  /// An operator acknowledges that something may be lost: no fault, but something to be done at any time.
  case acknowledgement
  /// A server is gone for good.
  case destruction
  /// Servers end one after another, with time in between, down to one; they come back later.
  case attrition
  /// A disk changes what it was told to keep, while its machine is off.
  case bitRot = "bit-rot"
  // At each crash.
  case lostWrites = "lost-writes"
  // Of clients.
  case retries
  case vanishing
  case pipelining

  static let planned: [FaultKind] = [
    .clog, .halves, .isolation, .oneWay, .star, .chain, .flapping, .reset, .crash, .wipe, .crashAll, .pause,
    .slowLoop, .failedWrite, .handOver, .destruction, .bitRot, .acknowledgement, .attrition,
  ]

  /// Place in `allCases`.
  package var index: Int { FaultKind.allCases.firstIndex(of: self)! }
}

/// A set of fault kinds.
package struct FaultKinds: Hashable, Sendable {
  private var bits: UInt64 = 0

  package init(_ kinds: some Sequence<FaultKind>) {
    for kind in kinds { bits |= 1 << UInt64(kind.index) }
  }

  package func contains(_ kind: FaultKind) -> Bool {
    bits >> UInt64(kind.index) & 1 == 1
  }

  package mutating func insert(_ kind: FaultKind) {
    bits |= 1 << UInt64(kind.index)
  }

  package mutating func remove(_ kind: FaultKind) {
    bits &= ~(1 << UInt64(kind.index))
  }

  package var all: [FaultKind] { FaultKind.allCases.filter { contains($0) } }
}
