import HTTP
import KVStore

/// What the clients asked for in one turn of the loop, each request under the ticket that its answer names.
///
/// The reads may be answered in any order and beside the writes: a connection that sends a read after a write (or
/// a write after a read) has had its first answer before the second is in a turn. Writes of one connection must
/// be executed in the order in which they stand here.
package struct Turn {
  package struct Read {
    package let ticket: UInt64
    package let demand: ConsistencyDemand
    let keyStart: Int
    let keyCount: Int
  }

  package struct WriteEntry {
    package let ticket: UInt64
    package let demand: ConsistencyDemand
    /// Never answered degraded: refuse instead.
    package let isConditional: Bool
    /// Where its encoding stands in `writeBytes`.
    package let range: Range<Int>
  }

  package struct Dump {
    package let ticket: UInt64
    package let demand: ConsistencyDemand
  }

  package private(set) var reads: [Read] = []
  package private(set) var writes: [WriteEntry] = []
  package private(set) var dumps: [Dump] = []
  private var keys: [UInt8] = []
  /// The encodings of `writes`, one after another: the bytes of a batch.
  package private(set) var writeBytes: [UInt8] = []

  package init() {}

  /// Bytes of the keys of `reads`.
  package var keyBytes: Int { keys.count }
  var count: Int { reads.count + writes.count + dumps.count }
  package var isEmpty: Bool { reads.isEmpty && writes.isEmpty && dumps.isEmpty }

  /// The key that `read` asks for, borrowed.
  @inline(__always)
  package func withKey<Result>(of read: Read, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    keys.withUnsafeBytes { keys in
      body(UnsafeRawBufferPointer(rebasing: keys[read.keyStart..<read.keyStart + read.keyCount]))
    }
  }

  mutating func addRead(_ ticket: UInt64, key: UnsafeRawBufferPointer, demand: ConsistencyDemand) {
    reads.append(Read(ticket: ticket, demand: demand, keyStart: keys.count, keyCount: key.count))
    keys.append(contentsOf: key)
  }

  /// `fill` appends the write's encoding.
  mutating func addWrite(
    _ ticket: UInt64, demand: ConsistencyDemand, isConditional: Bool, fill: (inout [UInt8]) -> Void
  ) {
    let start = writeBytes.count
    fill(&writeBytes)
    writes.append(
      WriteEntry(
        ticket: ticket, demand: demand, isConditional: isConditional, range: start..<writeBytes.count))
  }

  mutating func addDump(_ ticket: UInt64, demand: ConsistencyDemand) {
    dumps.append(Dump(ticket: ticket, demand: demand))
  }

  mutating func removeAll() {
    reads.removeAll(keepingCapacity: true)
    writes.removeAll(keepingCapacity: true)
    dumps.removeAll(keepingCapacity: true)
    keys.removeAll(keepingCapacity: true)
    writeBytes.removeAll(keepingCapacity: true)
  }
}
