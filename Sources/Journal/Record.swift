import Bytes

package enum RecordKind: UInt8, Sendable {
  /// An op of the log: its number, the chain's digest at it, and a payload that only the core reads.
  case entry = 1
  /// What the core must not forget (views, epoch): the last one holds, and each new segment begins with it.
  case state = 2
  /// The log from this op on is void.
  case truncate = 3
  /// The log is void: it goes on after the snapshot of this op, which is durable already.
  case checkpoint = 4
  /// Nothing follows in this segment. The journal's own.
  case end = 5
  /// What the core keeps beside the log, and that it is kept no more: of no place in the log.
  case keep = 6
  case dropKept = 7
}

/// One record, its payload borrowed: valid only within the closure that received it.
package struct Record {
  package let kind: RecordKind
  /// Of an entry, its number; of a cut, the first op that is void; of a checkpoint, the snapshot's.
  package let op: UInt64
  package let chain: Digest
  package let payload: UnsafeRawBufferPointer
}

/// What stands before a record's payload in the stream of its group.
enum RecordHeader {
  /// kind u8, three zeros, payload length u32, op u64, chain 16 bytes.
  static let size = 32

  static func put(
    _ kind: RecordKind, op: UInt64, chain: Digest, payloadCount: Int, into bytes: inout [UInt8]
  ) {
    bytes.put(UInt32(kind.rawValue))
    bytes.put(UInt32(payloadCount))
    bytes.put(op)
    bytes.put(chain)
  }
}

extension ByteReader {
  mutating func takeRecord() throws(MalformedBytes) -> Record {
    let word = try take(UInt32.self)
    let count = Int(try take(UInt32.self))
    let op = try take(UInt64.self)
    let chain = try takeDigest()
    guard word <= 0xff, let kind = RecordKind(rawValue: UInt8(word)) else { throw MalformedBytes() }
    return Record(kind: kind, op: op, chain: chain, payload: try take(count: count))
  }
}
