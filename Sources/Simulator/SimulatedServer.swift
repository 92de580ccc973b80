import KVStore
import VSR

/// One server: its disk, and its process while there is one.
final class SimulatedServer {
  let index: ServerIndex
  var disk: SimulatedDisk
  var replica: Replica?
  /// Counts starts of the process: what belongs to an earlier one is lost on the way.
  var life: UInt32 = 0
  /// Gone for good.
  var isDestroyed = false
  /// Everything that happens to the process before this moment waits in `inbox`.
  var heldUntil: UInt64 = 0
  var inbox: [Event] = []
  var ticksMissed = 0
  var tickPeriod: UInt64 = 10_000
  /// What clients sent in this turn of the loop.
  var front = Front()
  /// Number of the sync that is under way, and what it covers.
  var syncTarget: JournalPosition?
  var syncFails = false
  var snapshotUnderWay: SnapshotState?
  /// Until then the loop runs late again and again.
  var slowUntil: UInt64 = 0
  var slowBy: UInt64 = 0

  init(index: ServerIndex, disk: SimulatedDisk) {
    self.index = index
    self.disk = disk
  }

  var isUp: Bool { replica != nil }

  /// Whether this life of a member can still be counted on: its state is there, or will be after a start.
  func holdsState(of incarnation: Incarnation, isDurable: Bool) -> Bool {
    !isDestroyed && disk.incarnation == incarnation && (isDurable || isUp)
  }
}

/// What stands between clients and the replica: it gathers what arrives in one turn.
struct Front {
  var reads = Reads()
  var writes: [UInt8] = []
  var firstNumber: UInt64 = 1
  var writeCount = 0
  var isFlushAsked = false

  var isEmpty: Bool { reads.isEmpty && writeCount == 0 }
  var nextNumber: UInt64 { firstNumber + UInt64(writeCount) }

  mutating func takeWrites() -> Event {
    defer {
      firstNumber += UInt64(writeCount)
      writeCount = 0
      writes.removeAll()
    }
    return .writes(first: firstNumber, count: writeCount, bytes: writes)
  }

  mutating func takeReads() -> Event {
    defer { reads.removeAll() }
    return .reads(reads)
  }
}
