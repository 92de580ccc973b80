import Bytes

/// A write that was kept without a quorum and lost when it was merged.
package struct Conflict: Hashable, Sendable {
  package enum Reason: UInt8, CaseIterable, Sendable {
    /// The key's last write is another than the one that it replaced.
    case overwritten = 0
    /// Its idempotency key had been used with another write.
    case keyReused = 1
    /// Its idempotency key is older than what is remembered: it may have been executed.
    case expired = 2
    /// The store was full: here, or where a quorum had been asked for the same write.
    case storeFull = 3
  }

  /// Of the write that lost: `Write.identity(ofIdempotencyKey:)`.
  package let identity: Digest
  package let key: [UInt8]
  /// The value that it would have stored; nil: it was a delete.
  package let lost: [UInt8]?
  /// The value that the key has instead, as of the merge; nil: none.
  package let kept: [UInt8]?
  /// When it was kept, in milliseconds since 1970 by the clock of that server.
  package let writtenAt: UInt64
  /// Which server kept it: its index in the sorted set.
  package let server: UInt8
  package let reason: Reason

  /// What `Limits.conflictBytesMax` bounds.
  var payloadBytes: Int { key.count + (lost?.count ?? 0) + (kept?.count ?? 0) }

  /// Whether both are of the same request.
  func isSameWrite(as other: Conflict) -> Bool {
    identity == other.identity && key == other.key && lost == other.lost
  }

  /// Covers everything, with its place among all that were ever recorded.
  fileprivate func hash(number: UInt64) -> Digest {
    var bytes: [UInt8] = []
    put(into: &bytes)
    var sip = SipHash(isWide: true)
    sip.update(number)
    sip.update(bytes)
    return sip.digest()
  }
}

/// The latest conflicts, oldest first: replicated state, in log order. Bounds: `Limits.conflictsMax` and
/// `Limits.conflictBytesMax`; the oldest leaves.
package struct Conflicts: RandomAccessCollection, Sendable {
  private var records: [Conflict] = []
  /// Those that left.
  package private(set) var dropped: UInt64 = 0
  /// Bytes of the keys and values of those that are kept.
  package private(set) var bytes = 0
  /// The sum of the hashes of those that are kept.
  private(set) var sum = Digest.zero

  package var startIndex: Int { records.startIndex }
  package var endIndex: Int { records.endIndex }
  package subscript(index: Int) -> Conflict { records[index] }

  /// How many were ever recorded.
  package var recorded: UInt64 { dropped + UInt64(records.count) }

  init() {}

  /// None yet, of `recorded` of which the last `count` are to be appended.
  init(recorded: UInt64, count: Int) {
    dropped = recorded - UInt64(count)
  }

  /// A write that comes to be merged once more is the same conflict, as long as that is remembered.
  mutating func record(_ conflict: Conflict) {
    if records.contains(where: { $0.isSameWrite(as: conflict) }) { return }
    append(conflict)
    while !isWithinLimits { dropFirst() }
  }

  mutating func append(_ conflict: Conflict) {
    records.append(conflict)
    bytes += conflict.payloadBytes
    sum.add(conflict.hash(number: recorded))
  }

  var isWithinLimits: Bool {
    records.count <= Limits.conflictsMax && bytes <= Limits.conflictBytesMax
  }

  private mutating func dropFirst() {
    dropped += 1
    let first = records.removeFirst()
    bytes -= first.payloadBytes
    sum.subtract(first.hash(number: dropped))
  }
}

extension Conflict {
  private static let hasLost: UInt8 = 1
  private static let hasKept: UInt8 = 2
  static let encodedBytesMax =
    16 + 10 + 1 + 1 + 1 + 2 + Write.keyBytesMax + 2 * (2 + Write.valueBytesMax)

  func put(into bytes: inout [UInt8]) {
    bytes.put(identity)
    bytes.putVarint(writtenAt)
    bytes.put(server)
    bytes.put(reason.rawValue)
    bytes.put((lost == nil ? 0 : Self.hasLost) | (kept == nil ? 0 : Self.hasKept))
    bytes.putCounted(key)
    if let lost { bytes.putCounted(lost) }
    if let kept { bytes.putCounted(kept) }
  }

  init(from reader: inout ByteReader) throws(MalformedBytes) {
    identity = try reader.takeDigest()
    writtenAt = try reader.takeVarint()
    server = try reader.take(UInt8.self)
    guard let reason = Reason(rawValue: try reader.take(UInt8.self)) else { throw MalformedBytes() }
    self.reason = reason
    let has = try reader.take(UInt8.self)
    guard has <= Self.hasLost | Self.hasKept else { throw MalformedBytes() }
    key = [UInt8](try reader.takeCounted(max: Write.keyBytesMax))
    guard !key.isEmpty else { throw MalformedBytes() }
    lost = has & Self.hasLost == 0 ? nil : [UInt8](try reader.takeCounted(max: Write.valueBytesMax))
    kept = has & Self.hasKept == 0 ? nil : [UInt8](try reader.takeCounted(max: Write.valueBytesMax))
  }
}
