import VSR

/// A server's disk: what is on it, and what a crash would lose.
struct Disk {
  let incarnation: Incarnation
  private(set) var state = HardState.blank
  private(set) var log = Log()
  private(set) var snapshot: SnapshotState?
  /// Kept without a quorum.
  private var overlay: [[UInt8]] = []
  /// Written and not synced.
  private var pending: [JournalRecord] = []
  private var pendingSnapshot: SnapshotState?
  /// Records that the process that runs now has asked for, and those of them that are synced.
  private var position: JournalPosition = 0
  private var synced: JournalPosition = 0

  init(incarnation: Incarnation) {
    self.incarnation = incarnation
  }

  var isIdle: Bool { pending.isEmpty && pendingSnapshot == nil }

  /// Another process starts on it: what was not synced is gone.
  mutating func restored() -> Restored {
    pending = []
    pendingSnapshot = nil
    position = 0
    synced = 0
    return Restored(incarnation: incarnation, state: state, snapshot: snapshot, log: log, overlay: overlay)
  }

  mutating func write(_ effects: Effects) {
    pending += effects.journal
    position += UInt64(effects.journal.count)
    if let snapshot = effects.snapshot { pendingSnapshot = snapshot }
    if let op = effects.recycleThrough, op <= snapshot?.op ?? 0 { log.recycle(through: op) }
  }

  /// Syncs the first `count` records that wait. Returns the event that tells of it.
  mutating func sync(_ count: Int) -> Event? {
    let count = min(count, pending.count)
    guard count > 0 else { return nil }
    for record in pending[..<count] { apply(record) }
    pending.removeFirst(count)
    synced += UInt64(count)
    return .synced(synced)
  }

  mutating func saveSnapshot() -> Event? {
    guard let saved = pendingSnapshot else { return nil }
    snapshot = saved
    pendingSnapshot = nil
    return .snapshotSaved(saved.op)
  }

  private mutating func apply(_ record: JournalRecord) {
    switch record {
    case .append(let entry): log.append(entry)
    case .state(let state): self.state = state
    case .install(let state, let segment):
      self.state = state
      if log.connects(to: segment) {
        log.truncate(after: segment.after)
      } else {
        log = Log(base: segment.after, digest: segment.digest)
      }
      for entry in segment.entries { log.append(entry) }
    case .keep(_, let write): if !overlay.contains(write) { overlay.append(write) }
    case .end(let identity): overlay.removeAll { mergeIdentity(of: $0) == identity }
    }
  }
}
