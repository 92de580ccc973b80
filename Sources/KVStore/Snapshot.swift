import Bytes

// A snapshot has one form for one state, whatever the history or the process' hash key:
//
//   header    magic (4 bytes), the three limits, lineage (8 bytes), counter, outcomes recorded so far,
//             floor (one byte: there is one; then the floor), how many entries, how many outcomes,
//             marker of forgotten deletes (one byte: there is one; then 16), how many last deletes,
//             conflicts recorded so far, how many conflicts
//   entries   by key bytes, ascending: write counter, identity (16 bytes), key and value, each counted
//   outcomes  by idempotency key, ascending: place in log order, digest of the request (16 bytes), key and
//             reply, each counted
//   deletes   by bucket, ascending, where it is not the marker: bucket, identity (16 bytes)
//   conflicts oldest first: identity (16 bytes), written at, server (one byte), reason (one byte), one byte of
//             which values follow (1 the lost, 2 the kept one), key and values, each counted
//   trailer   digest of all before it (16 bytes)
//
// Numbers without a size are varints.
//
// The form before this one ("QKS1") had no deletes and no conflicts, and is still read: with no last delete in any
// bucket. For what this server keeps without a quorum from there on that is enough: the base of an absent key is zero,
// and it is zero again at the merge unless a delete was executed after the snapshot, as there were no bases before.
// But servers that change programs one after another begin at different places of the log, and know different deletes.
// Before they may merge, all are to execute an op at which they forget them (`Store.forgetDeletes(_:)`).

struct SnapshotHeader: Equatable {
  private static let magic: UInt32 = 0x3253_4b51  // "QKS2"
  private static let magicBeforeDeletes: UInt32 = 0x3153_4b51  // "QKS1"
  /// Magic, ten varints of at most ten bytes, lineage, flag and floor, flag and marker.
  static let bytesMax = 4 + 10 * 10 + 8 + 1 + 10 + 1 + 16

  var limits: Limits
  var lineage: UInt64
  var counter: UInt64
  var sequence: UInt64
  var floor: UInt64?
  var entryCount: Int
  var outcomeCount: Int
  /// Zero: none.
  var marker = Digest.zero
  var deleteCount = 0
  var conflictsRecorded: UInt64 = 0
  var conflictCount = 0

  init(_ store: Store) {
    limits = store.limits
    lineage = store.lineage
    counter = store.counter
    sequence = store.clients.sequence
    floor = store.clients.floor
    entryCount = store.entries.count
    outcomeCount = store.clients.count
    marker = store.deletes.marker
    deleteCount = store.deletes.count
    conflictsRecorded = store.conflicts.recorded
    conflictCount = store.conflicts.count
  }

  init(from reader: inout ByteReader) throws(MalformedBytes) {
    let magic = try reader.take(UInt32.self)
    guard magic == Self.magic || magic == Self.magicBeforeDeletes else { throw MalformedBytes() }
    limits = Limits(
      storeBytes: try reader.takeCount(max: Limits.storeBytesMax),
      outcomes: try reader.takeCount(max: Limits.outcomesMax),
      outcomeBytes: try reader.takeCount(max: Limits.outcomeBytesMax))
    lineage = try reader.take(UInt64.self)
    counter = try reader.takeVarint()
    sequence = try reader.takeVarint()
    floor = try reader.takeFlag() ? try reader.takeVarint() : nil
    entryCount = try reader.takeCount(max: limits.storeBytes)
    outcomeCount = try reader.takeCount(max: limits.outcomes)
    if magic == Self.magic { try takeMerging(from: &reader) }
  }

  private mutating func takeMerging(from reader: inout ByteReader) throws(MalformedBytes) {
    if try reader.takeFlag() {
      marker = try reader.takeDigest()
      guard marker != .zero else { throw MalformedBytes() }
    }
    deleteCount = try reader.takeCount(max: LastDeletes.bucketCount)
    conflictsRecorded = try reader.takeVarint()
    conflictCount = try reader.takeCount(max: Limits.conflictsMax)
    guard conflictsRecorded >= UInt64(conflictCount) else { throw MalformedBytes() }
  }

  func put(into bytes: inout [UInt8]) {
    bytes.put(Self.magic)
    bytes.putVarint(limits.storeBytes)
    bytes.putVarint(limits.outcomes)
    bytes.putVarint(limits.outcomeBytes)
    bytes.put(lineage)
    bytes.putVarint(counter)
    bytes.putVarint(sequence)
    bytes.put(floor == nil ? 0 as UInt8 : 1)
    if let floor { bytes.putVarint(floor) }
    bytes.putVarint(entryCount)
    bytes.putVarint(outcomeCount)
    bytes.put(marker == .zero ? 0 as UInt8 : 1)
    if marker != .zero { bytes.put(marker) }
    bytes.putVarint(deleteCount)
    bytes.putVarint(conflictsRecorded)
    bytes.putVarint(conflictCount)
  }
}

extension ByteReader {
  fileprivate mutating func takeFlag() throws(MalformedBytes) -> Bool {
    switch try take(UInt8.self) {
    case 0: false
    case 1: true
    default: throw MalformedBytes()
    }
  }
}

extension Record {
  /// Stamp, digest, and two counted fields, of which replies are the longest.
  static let encodedBytesMax = 10 + 16 + 2 + Write.keyBytesMax + 2 + Reply.bytesMax

  func put(into bytes: inout [UInt8]) {
    bytes.putVarint(stamp)
    bytes.put(digest)
    bytes.putCounted(key)
    bytes.putCounted(value)
  }
}

extension RecordParts {
  init(from reader: inout ByteReader) throws(MalformedBytes) {
    stamp = try reader.takeVarint()
    digest = try reader.takeDigest()
    key = try reader.takeCounted(max: Write.keyBytesMax)
    value = try reader.takeCounted(max: Reply.bytesMax)
  }
}
