/// Times of the transport, in milliseconds. The defaults are what servers use; tests shorten some.
package struct PeerTimes: Sendable {
  /// Until a TCP connection stands.
  package var connect: UInt64 = 500
  /// From there to a verified link, for who dialled.
  package var greeting: UInt64 = 1_000
  /// The same for who was dialled, and for the end after a refusal.
  package var handshake: UInt64 = 2_000
  /// Without a byte from the peer, which pings 20 times in it.
  package var silence: UInt64 = 1_000
  /// Without the peer taking any of the bytes that are pending.
  package var stall: UInt64 = 2_000
  /// Between attempts to connect: the first, and what it doubles to.
  package var redialMin: UInt64 = 10
  package var redialMax: UInt64 = 100
  /// After the peer, or this server, found that the two do not fit.
  package var redialRefused: UInt64 = 1_000
  /// Between two hints that a dial was refused.
  package var refusalHint: UInt64 = 100
  /// Between two log lines that say the same of the same peer.
  package var noteAgain: UInt64 = 10_000
  /// How exactly the longer times are kept.
  package var tick: UInt64 = 50

  package init() {}
}

/// What the transport keeps at most.
package enum PeerBounds {
  /// Bytes of protocol frames that wait for a peer's socket: two of the longest frames fit. Beyond, the link is
  /// reset: it is of no use, and the protocol repeats what counts.
  package static let outputBytesMax = 16 << 20
  /// Bytes of bulk frames that wait: one of the longest fits. Beyond, the oldest is dropped.
  package static let bulkBytesMax = 8 << 20
  /// Bytes gathered in one turn before they are given to an idle socket without waiting for `flush()`.
  static let burstBytesMax = 256 << 10
  /// Capacity of an output buffer that is kept once it is empty.
  static let idleBytesMax = 256 << 10
  /// Connections that came and are not verified: one more ends the oldest.
  package static let arrivalsMax = 16
  /// Bytes of the reply to an upgrade.
  static let upgradeBytesMax = 2048
  /// Log lines remembered, so as not to repeat them.
  static let notesMax = 64
}
