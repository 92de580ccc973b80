import Bytes

// A snapshot has one form for one state, whatever the history or the process' hash key:
//
//   header    magic (4 bytes), the three limits, lineage (8 bytes), counter, outcomes recorded so far,
//             floor (one byte: there is one; then the floor), how many entries, how many outcomes
//   entries   by key bytes, ascending: write counter, identity (16 bytes), key and value, each counted
//   outcomes  by idempotency key, ascending: place in log order, digest of the request (16 bytes), key and
//             reply, each counted
//   trailer   digest of all before it (16 bytes)
//
// Numbers without a size are varints.

struct SnapshotHeader: Equatable {
  private static let magic: UInt32 = 0x3153_4b51  // "QKS1"
  /// Magic, seven varints of at most ten bytes, lineage, the floor's flag, and the floor.
  static let bytesMax = 4 + 7 * 10 + 8 + 1 + 10

  var limits: Limits
  var lineage: UInt64
  var counter: UInt64
  var sequence: UInt64
  var floor: UInt64?
  var entryCount: Int
  var outcomeCount: Int

  init(_ store: Store) {
    limits = store.limits
    lineage = store.lineage
    counter = store.counter
    sequence = store.clients.sequence
    floor = store.clients.floor
    entryCount = store.entries.count
    outcomeCount = store.clients.count
  }

  init(from reader: inout ByteReader) throws(MalformedBytes) {
    guard try reader.take(UInt32.self) == Self.magic else { throw MalformedBytes() }
    limits = Limits(
      storeBytes: try reader.takeCount(max: Limits.storeBytesMax),
      outcomes: try reader.takeCount(max: Limits.outcomesMax),
      outcomeBytes: try reader.takeCount(max: Limits.outcomeBytesMax))
    lineage = try reader.take(UInt64.self)
    counter = try reader.takeVarint()
    sequence = try reader.takeVarint()
    switch try reader.take(UInt8.self) {
    case 0: floor = nil
    case 1: floor = try reader.takeVarint()
    default: throw MalformedBytes()
    }
    entryCount = try reader.takeCount(max: limits.storeBytes)
    outcomeCount = try reader.takeCount(max: limits.outcomes)
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
