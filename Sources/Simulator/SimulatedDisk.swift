import VSR

/// A server's disk as a list of records: what is synced survives a crash, of what was merely written any
/// beginning may.
struct SimulatedDisk: Sendable {
  private(set) var incarnation: Incarnation
  private(set) var snapshot: SnapshotState?
  private var state = HardState.blank
  private var log = Log()
  /// Written, but not known to be on disk.
  private var unsynced: [JournalRecord] = []
  /// Of this process' records: how many were written, how many are on disk.
  private(set) var written: JournalPosition = 0
  private(set) var synced: JournalPosition = 0
  private var recycleThrough: Op = 0
  /// What a record said that cannot follow what was there.
  private(set) var contradiction: String?

  init(incarnation: Incarnation) {
    self.incarnation = incarnation
  }

  /// The epoch that a start would find.
  var epoch: Epoch { state.epoch }
  var unsyncedCount: Int { unsynced.count }

  mutating func write(_ records: [JournalRecord]) {
    unsynced.append(contentsOf: records)
    written += UInt64(records.count)
  }

  mutating func sync(through position: JournalPosition) {
    guard position > synced else { return }
    let count = Int(position - synced)
    for record in unsynced[..<count] { apply(record) }
    unsynced.removeFirst(count)
    synced = position
    recycle(through: recycleThrough)
  }

  mutating func save(_ snapshot: SnapshotState) {
    self.snapshot = snapshot
  }

  mutating func recycle(through op: Op) {
    recycleThrough = max(recycleThrough, op)
    guard let snapshot else { return }
    log.recycle(through: min(recycleThrough, log.head, snapshot.op))
  }

  /// The process ends; of what was not synced the first `kept` records are found again.
  mutating func crash(keeping kept: Int) {
    for record in unsynced[..<kept] { apply(record) }
    unsynced.removeAll()
    written = 0
    synced = 0
    recycle(through: recycleThrough)
  }

  mutating func wipe(incarnation: Incarnation) {
    self = SimulatedDisk(incarnation: incarnation)
  }

  /// What a start finds.
  func restored() -> Restored {
    Restored(incarnation: incarnation, state: state, snapshot: snapshot, log: log)
  }

  private mutating func apply(_ record: JournalRecord) {
    switch record {
    case .state(let next): state = next
    case .append(let entry):
      guard entry.op == log.head + 1 else {
        contradiction = "op \(entry.op) appended behind op \(log.head)"
        return
      }
      log.append(entry)
    case .install(let next, let segment):
      state = next
      if log.connects(to: segment) {
        log.truncate(after: segment.after)
      } else {
        log = Log(base: segment.after, digest: segment.digest)
      }
      for entry in segment.entries { log.append(entry) }
    }
  }
}
