import KVStore
import VSR
import Wire

/// One server: its disk, and its process while there is one.
final class SimulatedServer {
  let index: ServerIndex
  var disk: SimulatedDisk
  var process: SimulatedProcess?
  /// Counts starts of the process: what belongs to an earlier one is lost on the way.
  var life: UInt32 = 0
  /// The greatest wire version that its program speaks.
  var wire = WireVersion.two
  /// Gone for good.
  var isDestroyed = false
  /// Everything that happens to the process before this moment waits in `inbox`.
  var heldUntil: UInt64 = 0
  var inbox: [Event] = []
  var ticksMissed = 0
  var tickPeriod: UInt64 = 10_000
  /// What its process began with, and every event since; kept where the run records it.
  var capsule: [UInt8] = []
  /// What clients sent in this turn of the loop.
  var front = Front()
  var isSyncing = false
  var syncFails = false
  var snapshotUnderWay: Op?
  /// It was told to end.
  var stop: OrderlyStop?
  /// Until then the loop runs late again and again.
  var slowUntil: UInt64 = 0
  var slowBy: UInt64 = 0
  /// When it last gave reason to be suspected: by an end, a pause, a hand-over; a slow loop is none.
  var troubledAt: UInt64 = 0

  init(index: ServerIndex, disk: SimulatedDisk) {
    self.index = index
    self.disk = disk
  }

  var isUp: Bool { process != nil }

  /// Whether this life of a member can still be counted on: its state is there, or will be after a start.
  func holdsState(of incarnation: Incarnation, isDurable: Bool) -> Bool {
    !isDestroyed && disk.incarnation == incarnation && !disk.isRotten && (isDurable || isUp)
  }
}

/// A process. A class, so that looking into its replica copies nothing.
final class SimulatedProcess {
  var replica: Replica

  init(_ replica: Replica) {
    self.replica = replica
  }

  /// Looks into the replica where it is: a question asked of a class' property is asked of a copy.
  func look<Result>(_ body: (inout Replica) -> Result) -> Result { body(&replica) }
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

  /// Groups that are full already.
  private(set) var full: [Event] = []

  /// Whether the group is one of writes that are not to be answered without a quorum.
  private var isStrict = false

  /// One more write; it begins another group where this one has no room, or is of another kind.
  mutating func append(_ write: [UInt8], isStrict: Bool) {
    let isFull = writes.count + write.count > Bounds.groupBytesMax || writeCount == Bounds.groupWritesMax
    if writeCount > 0, isFull || isStrict != self.isStrict { close() }
    self.isStrict = isStrict
    writes.append(contentsOf: write)
    writeCount += 1
  }

  private mutating func close() {
    full.append(.writes(first: firstNumber, count: writeCount, bytes: writes, isStrict: isStrict))
    firstNumber += UInt64(writeCount)
    writeCount = 0
    writes.removeAll()
  }

  mutating func takeWrites() -> [Event] {
    if writeCount > 0 { close() }
    defer { full.removeAll() }
    return full
  }

  mutating func takeReads() -> Event {
    defer { reads.removeAll() }
    return .reads(reads)
  }
}
