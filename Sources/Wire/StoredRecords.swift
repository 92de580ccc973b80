import Bytes
import VSR

/// What a journal is told of a record besides its payload. Numbers are those of the journal's record kinds.
package enum StoredKind: UInt8, Sendable {
  /// An op: its number, the chain's digest at it; the payload is the entry.
  case entry = 1
  /// The payload is the state.
  case state = 2
  /// An installation begins: the first op that is void, the chain's digest before it; the payload is how many
  /// entries follow, and the state.
  case truncate = 3
  /// A write kept without a quorum: the payload is the merge write, its identity stands for the digest, its place for the op.
  case keep = 6
  /// The kept write of this identity, which stands for the digest, has ended.
  case end = 7
}

/// The core's journal records as a journal stores them, one after another; emptied and reused by its owner.
///
/// An installation is one record to the core and several here, and they need not reach the disk together: it
/// counts once the state that its beginning names has been recorded after all its entries. A journal may repeat
/// the last state where a segment begins; that changes nothing.
package struct StoredRecords: Sendable {
  package struct Item: Hashable, Sendable {
    package let kind: StoredKind
    package let op: Op
    package let chain: Digest
    /// Its place in `bytes`.
    package let payload: Range<Int>
  }

  package private(set) var items: [Item] = []
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func removeAll() {
    items.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }

  package mutating func append(_ record: JournalRecord) {
    switch record {
    case .append(let entry): append(entry)
    case .state(let state): append(state)
    case .install(let state, let segment):
      let start = bytes.count
      bytes.putVarint(segment.entries.count)
      bytes.put(state)
      close(.truncate, op: segment.after + 1, chain: segment.digest, from: start)
      for entry in segment.entries { append(entry) }
      append(state)
    case .keep(let place, let write):
      let start = bytes.count
      bytes.put(write)
      close(.keep, op: place, chain: mergeIdentity(of: write) ?? .zero, from: start)
    case .end(let identity): close(.end, op: 0, chain: identity, from: bytes.count)
    }
  }

  private mutating func append(_ entry: LogEntry) {
    let start = bytes.count
    bytes.put(entry: entry)
    close(.entry, op: entry.op, chain: entry.digest, from: start)
  }

  private mutating func append(_ state: HardState) {
    let start = bytes.count
    bytes.put(state)
    close(.state, op: 0, chain: .zero, from: start)
  }

  private mutating func close(_ kind: StoredKind, op: Op, chain: Digest, from start: Int) {
    items.append(Item(kind: kind, op: op, chain: chain, payload: start..<bytes.count))
  }

  package func withPayload<Result>(of item: Item, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[item.payload])) }
  }
}
