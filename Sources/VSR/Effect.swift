import Bytes
import KVStore

/// What a server must find again after a crash, beside its log.
package struct HardState: Hashable, Sendable {
  package var epoch: Epoch
  package var view: View
  package var logView: View
  package var commit: Op
  /// Formation: the vector last agreed to, if not yet entered.
  package var agreed: [Incarnation]?
  package var epochHeard: UInt64

  package init(
    epoch: Epoch, view: View, logView: View, commit: Op, agreed: [Incarnation]?, epochHeard: UInt64
  ) {
    self.epoch = epoch
    self.view = view
    self.logView = logView
    self.commit = commit
    self.agreed = agreed
    self.epochHeard = epochHeard
  }

  package static let blank = HardState(
    epoch: .none, view: 0, logView: 0, commit: 0, agreed: nil, epochHeard: 0)
}

/// One record of the journal, written whole or not at all.
package enum JournalRecord: Hashable, Sendable {
  case append(LogEntry)
  case state(HardState)
  /// The log after `segment.after` is replaced, together with the state that says so.
  case install(HardState, LogSegment)
  /// A write is kept without a quorum: its place among those kept, and the merge write, encoded. One that comes again
  /// has another place.
  case keep(UInt64, [UInt8])
  /// The write kept under this identity has ended.
  case end(Digest)
}

/// A committed state: what a snapshot holds.
package struct SnapshotState: Sendable {
  package var op: Op
  package var digest: Digest
  /// The epoch as of `op`.
  package var epoch: Epoch
  package var store: Store

  package init(op: Op, digest: Digest, epoch: Epoch, store: Store) {
    self.op = op
    self.digest = digest
    self.epoch = epoch
    self.store = store
  }
}

/// What a server found on its disk: the last whole snapshot and what was recorded.
package struct Restored: Sendable {
  package var incarnation: Incarnation
  package var state: HardState
  package var snapshot: SnapshotState?
  /// Begins at the snapshot or before it.
  package var log: Log
  /// Writes kept without a quorum that have not ended, in their order.
  package var overlay: [[UInt8]]

  package init(
    incarnation: Incarnation, state: HardState, snapshot: SnapshotState?, log: Log, overlay: [[UInt8]] = []
  ) {
    self.overlay = overlay
    self.incarnation = incarnation
    self.state = state
    self.snapshot = snapshot
    self.log = log
  }
}

/// A request that was not executed, or of which that is not known.
package enum Failure: UInt8, Hashable, Sendable {
  /// Certainly not executed: no quorum in time.
  case unavailable
  /// Certainly not executed: too much waits.
  case overloaded
  /// May or may not have been executed.
  case unknown
}

/// Answers to reads, and the values they speak of: a buffer that its owner empties and reuses.
package struct ReadOutcomes: Sendable {
  package struct Record: Hashable, Sendable {
    package var ticket: UInt64
    /// The write counter at the key's last write, nil if it has no value; with `lineage`, its entity tag.
    package var counter: UInt64?
    package var lineage: UInt64
    /// Where the value stands in `values`.
    package var value: Range<Int>
  }

  package private(set) var records: [Record] = []
  package private(set) var values: [UInt8] = []

  package init() {}

  package mutating func append(ticket: UInt64, key: UnsafeRawBufferPointer, from store: Store) {
    let start = values.count
    let counter = store.read(key) { entry -> UInt64? in
      guard let entry else { return nil }
      values.put(entry.value)
      return entry.tag.counter
    }
    records.append(
      Record(ticket: ticket, counter: counter, lineage: store.lineage, value: start..<values.count))
  }

  /// What another server answered.
  mutating func append(ticket: UInt64, counter: UInt64?, lineage: UInt64, value: UnsafeRawBufferPointer?) {
    let start = values.count
    if let value { values.append(contentsOf: value) }
    records.append(
      Record(ticket: ticket, counter: counter, lineage: lineage, value: start..<values.count))
  }

  /// Removes the records of other servers' clients, and returns them.
  mutating func takeRelayed() -> [Record] {
    guard records.contains(where: { $0.ticket >= Relays.first }) else { return [] }
    defer { records.removeAll { $0.ticket >= Relays.first } }
    return records.filter { $0.ticket >= Relays.first }
  }

  package mutating func removeAll() {
    records.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
  }
}

/// Answers that are not of this server's executed state: another server's, or such that no quorum has confirmed.
package struct OtherAnswers: Sendable {
  /// Nil: they are linearizable. Otherwise how long ago a quorum last confirmed the state of whoever gave them.
  package let age: Tick?
  package let lineage: UInt64
  package var writes = Outcomes()
  package var reads = ReadOutcomes()

  package init(age: Tick?, lineage: UInt64) {
    (self.age, self.lineage) = (age, lineage)
  }
}

/// What a step asks of its surroundings. Reused from step to step.
package struct Effects {
  /// To be sent in this order, now: what must be on disk first has been waited for.
  package var messages: [(to: ServerIndex, message: Message)] = []
  /// To be written in this order; `Event.synced` tells when.
  package var journal: [JournalRecord] = []
  /// To be saved; `Event.snapshotSaved` tells when.
  package var snapshot: SnapshotState? {
    get { snapshots.first }
    set { snapshots = newValue.map { [$0] } ?? [] }
  }
  /// One at most: an array keeps effects small, which change hands twice a step.
  private var snapshots: [SnapshotState] = []
  /// The journal may drop what is through this op.
  package var recycleThrough: Op?
  /// Answers to this server's writes, by number, and to its reads, by ticket.
  package var writeOutcomes = Outcomes()
  package var readOutcomes = ReadOutcomes()
  package var others: [OtherAnswers] = []
  /// Answers to reads of the whole store: a copy that shares its memory until one of the two is written.
  package var storeOutcomes: [(ticket: UInt64, store: Store)] = []
  package var writeFailures: [(number: UInt64, failure: Failure)] = []
  package var readFailures: [(ticket: UInt64, failure: Failure)] = []
  /// There is work that can wait, to be done a bounded piece at each `Event.slice`.
  package var wantsSlice = false

  package init() {}

  /// Whether anybody's request is answered. Asked of each step, in place: a copy retains each of its parts.
  package var hasAnswers: Bool {
    mutating get {
      !(writeOutcomes.records.isEmpty && readOutcomes.records.isEmpty && storeOutcomes.isEmpty
        && others.isEmpty
        && writeFailures.isEmpty && readFailures.isEmpty)
    }
  }

  /// Whether there is one to be saved: likewise.
  package var hasSnapshot: Bool { mutating get { !snapshots.isEmpty } }

  package mutating func removeAll() {
    if !messages.isEmpty { messages.removeAll(keepingCapacity: true) }
    if !journal.isEmpty { journal.removeAll(keepingCapacity: true) }
    if !snapshots.isEmpty { snapshots = [] }
    recycleThrough = nil
    if !writeOutcomes.records.isEmpty { writeOutcomes.removeAll() }
    if !readOutcomes.records.isEmpty { readOutcomes.removeAll() }
    if !storeOutcomes.isEmpty { storeOutcomes = [] }
    if !others.isEmpty { others = [] }
    if !writeFailures.isEmpty { writeFailures.removeAll(keepingCapacity: true) }
    if !readFailures.isEmpty { readFailures.removeAll(keepingCapacity: true) }
    wantsSlice = false
  }
}
