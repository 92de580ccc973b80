import KVStore
import VSR

/// What a frame may hold, derived from the bounds of the protocol. What is beyond is refused unread.
package enum WireBounds {
  /// Ops, views, epoch numbers, lineages and offsets are never greater: no sum of two of them overflows, and a
  /// view fits beside a kind in the word that the log's chain covers.
  package static let numberMax: UInt64 = 1 << 56 - 1
  /// Bytes of a number of at most `numberMax`.
  static let numberBytesMax = 8

  /// Session, first number, count and length of a group.
  static let groupHeadBytesMax = 8 + 10 + 3 + 3
  /// Bytes of one op's body: a batch is full once it has `batchBytesMax`, whatever the last group brings.
  package static let bodyBytesMax = Bounds.batchBytesMax + groupHeadBytesMax + Bounds.groupBytesMax
  /// Kind, view and length of a body.
  static let entryHeadBytesMin = 3
  static let entryHeadBytesMax = 1 + numberBytesMax + 3

  /// Ops of one segment: some times as many as a log has behind a snapshot.
  package static let segmentOpsMax = 16_384
  /// Ops that may be uncommitted, and so have to travel in one message.
  static let tailOpsMax = 2 * Int(Bounds.pipelineMax) + 2
  /// Bytes of the entries of one segment: state transfer's share, then the whole uncommitted tail.
  package static let segmentBytesMax =
    Bounds.transferBytesMax + tailOpsMax * (bodyBytesMax + entryHeadBytesMax)

  /// Version, kind, sender, epoch and incarnation; the length before them is not counted.
  static let headBytesMin = 3 + 1 + 8 + 8
  static let headBytesMax = 3 + 10 + 8 + 8
  /// The fields of any payload but entries, writes and a snapshot's bytes.
  static let fieldBytesMax = 256

  /// Keys with their lengths.
  static let relayReadsBytesMax = Bounds.relayMax * (2 + Write.keyBytesMax)
  /// A code, a version and an old value for each request.
  static let relayedBytesMax = Bounds.relayMax * (1 + 10 + 3 + Write.valueBytesMax)

  /// Bytes of a length field of version 2: enough for the longest frame.
  static let lengthBytesMax = 4

  /// The longest frame, its length field included.
  package static let frameBytesMax = 4 + headBytesMax + fieldBytesMax + segmentBytesMax
}
