import Bytes
import VSR
import Wire

/// What the core's records amount to, kept beside the journal as a list of records: what a start finds must be
/// what all synced records say, and perhaps some of those behind them, in order.
struct RecordedLog: Sendable {
  private(set) var state = HardState.blank
  private(set) var log = Log()
  /// Writes kept without a quorum, in order.
  private(set) var overlay = KeptWrites()
  /// Written or waiting to be, but not known to be on disk.
  private(set) var unsynced: [JournalRecord] = []
  /// What a record said that cannot follow what was there.
  private(set) var contradiction: String?

  init() {}

  /// As a start found it.
  init(_ found: Restored) {
    state = found.state
    log = found.log
    overlay = KeptWrites(found.overlay)
  }

  mutating func add(_ records: [JournalRecord]) {
    unsynced.append(contentsOf: records)
  }

  /// The first `count` records are on disk.
  mutating func sync(_ count: Int) {
    for record in unsynced[..<count] { apply(record) }
    unsynced.removeFirst(count)
  }

  mutating func recycle(through op: Op) {
    log.recycle(through: min(op, log.head))
  }

  var overlayText: String { "\(overlay.all.compactMap { mergeIdentity(of: $0).map(short) })" }

  /// Whether a start may find this: the synced records, at least `certain` of the others, and any number more.
  func explains(_ found: Restored, certain: Int) -> Bool {
    var expected = self
    for count in 0...unsynced.count {
      if count >= certain, expected.isSame(as: found) { return true }
      if count < unsynced.count { expected.apply(unsynced[count]) }
    }
    return false
  }

  private func isSame(as found: Restored) -> Bool {
    guard state == found.state, overlay.all == found.overlay else { return false }
    if let snapshot = found.snapshot, log.digest(at: snapshot.op) != snapshot.digest {
      // It stands for a log that is another's, or not there yet; one before the log may be the own as well, found
      // where the next has rotted.
      let isAlone = found.log.head == snapshot.op && found.log.headDigest == snapshot.digest
      if isAlone || snapshot.op >= log.base { return isAlone }
    }
    return found.log.head == log.head && found.log.headDigest == log.headDigest
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
    case .keep(let place, let write): _ = overlay.keep(write, at: place)
    case .end(let identity): overlay.end(identity)
    }
  }
}
