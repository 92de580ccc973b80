import Bytes
import KVStore

/// What happens to a replica. Together with the state it came upon, an event decides everything that follows.
package enum Event: Sendable {
  /// 10 ms have passed.
  case tick
  /// The wall clock, milliseconds since 1970: told now and then, for display alone.
  case wallClock(UInt64)
  /// The process was held up (stopped, overloaded) for so many ticks, which are not delivered. What lies in the
  /// sockets is best read before.
  case stalled(ticks: Tick)
  /// A moment for work that can wait: once a turn of the loop while `Effects.wantsSlice`.
  case slice
  case message(Message)
  /// Writes of this server's clients, in the store's encoding; numbered from `first` on, in one sequence for the
  /// session. Each is answered once, by its number.
  /// `isStrict`: none of them is to be answered without a quorum.
  case writes(first: UInt64, count: Int, bytes: [UInt8], isStrict: Bool = false)
  /// Reads of this server's clients. Each is answered once, by its ticket.
  case reads(Reads)
  /// Everything through this journal position is on disk.
  case synced(JournalPosition)
  /// The snapshot asked for last, of this op, is on disk.
  case snapshotSaved(Op)
  /// The connection to a server was refused or reset: a hint that its process is gone.
  case linkReset(ServerIndex)
  /// An operator declares these servers gone for good.
  case recover(without: ServerMask)
  /// An operator has seen that this lineage may lack what an earlier one acknowledged.
  case acknowledgeLoss
  /// The process is about to end: let another be primary. `Replica.isHandedOver` tells when.
  case handOver
}

/// Reads that arrived together: they share a probe.
package struct Reads: Sendable {
  private struct Item: Sendable {
    var ticket: UInt64
    /// Where its key ends among `keys`: it begins where the one before it ends.
    var end: Int
  }

  private var items: [Item] = []
  private var keys: [UInt8] = []
  /// Which of them ask for the whole store, and which are not to be answered without a quorum: hardly ever any.
  private var wholes: [Int] = []
  private var stricts: [Int] = []

  package init() {}

  package var count: Int { items.count }
  package var isEmpty: Bool { items.isEmpty }
  package var tickets: some BidirectionalCollection<UInt64> { items.lazy.map(\.ticket) }
  package func ticket(at index: Int) -> UInt64 { items[index].ticket }

  /// Room for so many more.
  package mutating func reserve(count: Int, keyBytes: Int) {
    items.reserveCapacity(items.count + count)
    keys.reserveCapacity(keys.count + keyBytes)
  }

  /// `isStrict`: it is not to be answered without a quorum.
  package mutating func append(ticket: UInt64, key: UnsafeRawBufferPointer, isStrict: Bool = false) {
    if isStrict { stricts.append(count) }
    keys.append(contentsOf: key)
    items.append(Item(ticket: ticket, end: keys.count))
  }

  /// A read of every key, as one snapshot: answered by `Effects.storeOutcomes`.
  package mutating func appendAll(ticket: UInt64) {
    wholes.append(count)
    items.append(Item(ticket: ticket, end: keys.count))
  }

  package mutating func append(contentsOf other: Reads) {
    reserve(count: other.count, keyBytes: other.keys.count)
    for index in 0..<other.count { append(other, at: index) }
  }

  mutating func append(_ other: Reads, at index: Int) {
    if other.isWhole(at: index) { return appendAll(ticket: other.ticket(at: index)) }
    other.withKey(at: index) {
      append(ticket: other.ticket(at: index), key: $0, isStrict: other.isStrict(at: index))
    }
  }

  /// Whether this one asks for the whole store: then it has no key.
  package func isWhole(at index: Int) -> Bool { !wholes.isEmpty && wholes.contains(index) }

  package func isStrict(at index: Int) -> Bool {
    isWhole(at: index) || (!stricts.isEmpty && stricts.contains(index))
  }

  package func withKey<Result>(at index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    keys.withUnsafeBytes {
      body(UnsafeRawBufferPointer(rebasing: $0[(index == 0 ? 0 : items[index - 1].end)..<items[index].end]))
    }
  }

  package mutating func removeAll() {
    items.removeAll(keepingCapacity: true)
    keys.removeAll(keepingCapacity: true)
    wholes.removeAll()
    stricts.removeAll()
  }
}
