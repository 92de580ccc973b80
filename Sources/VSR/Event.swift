import Bytes
import KVStore

/// What happens to a replica. Together with the state it came upon, an event decides everything that follows.
package enum Event: Sendable {
  /// 10 ms have passed.
  case tick
  /// The process was held up (stopped, overloaded) for so many ticks, which are not delivered. What lies in the
  /// sockets is best read before.
  case stalled(ticks: Tick)
  /// A moment for work that can wait: once a turn of the loop while `Effects.wantsSlice`.
  case slice
  case message(Message)
  /// Writes of this server's clients, in the store's encoding; numbered from `first` on, in one sequence for the
  /// session. Each is answered once, by its number.
  case writes(first: UInt64, count: Int, bytes: [UInt8])
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
  package private(set) var tickets: [UInt64] = []
  private var keys: [UInt8] = []
  private var ends: [Int] = []
  /// Which of them ask for the whole store: hardly ever any.
  private var wholes: [Int] = []

  package init() {}

  package var count: Int { tickets.count }
  package var isEmpty: Bool { tickets.isEmpty }

  package mutating func append(ticket: UInt64, key: UnsafeRawBufferPointer) {
    tickets.append(ticket)
    keys.append(contentsOf: key)
    ends.append(keys.count)
  }

  /// A read of every key, as one snapshot: answered by `Effects.storeOutcomes`.
  package mutating func appendAll(ticket: UInt64) {
    wholes.append(count)
    tickets.append(ticket)
    ends.append(keys.count)
  }

  package mutating func append(contentsOf other: Reads) {
    for index in 0..<other.count { append(other, at: index) }
  }

  mutating func append(_ other: Reads, at index: Int) {
    if other.isWhole(at: index) { return appendAll(ticket: other.tickets[index]) }
    other.withKey(at: index) { append(ticket: other.tickets[index], key: $0) }
  }

  /// Whether this one asks for the whole store: then it has no key.
  package func isWhole(at index: Int) -> Bool { !wholes.isEmpty && wholes.contains(index) }

  package func withKey<Result>(at index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    keys.withUnsafeBytes {
      body(UnsafeRawBufferPointer(rebasing: $0[(index == 0 ? 0 : ends[index - 1])..<ends[index]]))
    }
  }

  package mutating func removeAll() {
    tickets.removeAll(keepingCapacity: true)
    keys.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    wholes.removeAll()
  }
}
