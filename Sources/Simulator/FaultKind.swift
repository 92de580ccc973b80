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
  /// Servers speak different wire versions, another after a restart: a rolling upgrade, back and forth.
  case mixedWire = "mixed-wire"
  /// What lay unread in a socket is lost with its connection.
  case unread
  // At a moment of the plan, for a while.
  case clog
  case halves
  case isolation
  case oneWay = "one-way"
  case star
  case chain
  case flapping
  /// Two servers lose sight of each other, and of nobody else.
  case badLink = "bad-link"
  case reset
  /// One end has lost the connection and the other does not know: what it sends reaches nobody.
  case halfOpen = "half-open"
  /// A slow link: what it does not take waits at its sender, bulk behind all else.
  case backPressure = "back-pressure"
  case crash
  case wipe
  case crashAll = "crash-all"
  case pause
  /// All are held up at once, as by a stalled host or switch.
  case pauseAll = "pause-all"
  /// The loop of a process runs late again and again: timers and reads alike.
  case slowLoop = "slow-loop"
  case failedWrite = "failed-write"
  case handOver = "hand-over"
  /// A process is told to end: it hands over, ends, and starts again.
  case stop
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
  /// A write is sent to a second server while the first still has it, under the same idempotency key.
  case doubling

  static let planned: [FaultKind] = [
    .clog, .halves, .isolation, .oneWay, .star, .chain, .flapping, .badLink, .reset, .halfOpen,
    .backPressure, .crash, .wipe, .crashAll, .pause, .pauseAll, .slowLoop, .failedWrite, .handOver,
    .destruction,
    .bitRot, .acknowledgement, .attrition, .stop,
  ]

  /// Place in `allCases`.
  package var index: Int { FaultKind.places[self]! }

  private static let places = Dictionary(
    uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
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
