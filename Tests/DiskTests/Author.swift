import Bytes
import KVStore
import Support
import VSR
import XCTest

@testable import Disk

/// What a server would find if just the records so far were on its disk.
struct Mark: Equatable {
  var state: HardState
  var head: Op
  var headDigest: Digest
}

/// Stands in for the core: a log with its state, the records that it asks for, and what each of them makes true.
final class Author {
  private(set) var log = Log()
  private(set) var state = HardState.blank
  private(set) var store = Store(hashKey: HashKey(3, 4))
  /// After each record of this process, beginning with what the process found.
  private(set) var marks: [Mark]

  init() {
    marks = [Mark(state: .blank, head: 0, headDigest: .zero)]
  }

  /// Goes on with what a disk held.
  init(_ restored: Restored) {
    log = restored.log
    state = restored.state
    if let snapshot = restored.snapshot { store = snapshot.store }
    marks = [Mark(restored)]
  }

  private func made(_ record: JournalRecord) -> JournalRecord {
    marks.append(Mark(state: state, head: log.head, headDigest: log.headDigest))
    return record
  }

  /// The first record of every process.
  func begin() -> JournalRecord {
    made(.install(state, LogSegment(after: log.head, digest: log.headDigest, entries: [])))
  }

  func append(_ value: [UInt8]) -> JournalRecord {
    let entry = LogEntry(
      op: log.head + 1, view: state.view, kind: .requests, body: Author.body(value), parent: log.headDigest)
    log.append(entry)
    return made(.append(entry))
  }

  func commit(through op: Op) -> JournalRecord {
    state.commit = op
    return made(.state(state))
  }

  /// Replaces what follows `op` in a view of its own.
  func install(after op: Op, _ values: [[UInt8]]) -> JournalRecord {
    state.view += 1
    state.logView = state.view
    log.truncate(after: op)
    let digest = log.headDigest
    var entries: [LogEntry] = []
    for value in values {
      entries.append(
        LogEntry(
          op: log.head + 1, view: state.view, kind: .requests, body: Author.body(value),
          parent: log.headDigest))
      log.append(entries[entries.count - 1])
    }
    return made(.install(state, LogSegment(after: op, digest: digest, entries: entries)))
  }

  /// One write of this value.
  private static func body(_ value: [UInt8]) -> [UInt8] {
    var write: [UInt8] = []
    value.withUnsafeBytes { value in
      [UInt8]("key".utf8).withUnsafeBytes { write.put(Write(set: $0, to: value)) }
    }
    var body: [UInt8] = []
    Group(session: 1, first: 1, count: 1, bytes: write).put(into: &body)
    return body
  }

  /// Any record, of a few bytes or many.
  func next(_ random: inout Random, bodyMax: Int = 3000) -> JournalRecord {
    switch random.below(20) {
    case 0..<2:
      return commit(through: state.commit + UInt64(random.below(Int(log.head - state.commit) + 1)))
    case 2:
      let kept = state.commit + UInt64(random.below(Int(log.head - state.commit) + 1))
      return install(after: kept, (0..<random.below(12)).map { _ in random.noise(random.below(bodyMax)) })
    default:
      return append(random.noise(random.isTrue(percent: 80) ? random.below(60) : random.below(bodyMax)))
    }
  }

  /// The committed state, as a snapshot.
  var snapshot: SnapshotState? {
    log.digest(at: state.commit).map {
      SnapshotState(op: state.commit, digest: $0, epoch: .none, store: store)
    }
  }

  func recycle(through op: Op) {
    log.recycle(through: op)
  }
}

extension Mark {
  init(_ restored: Restored) {
    state = restored.state
    head = restored.log.head
    headDigest = restored.log.headDigest
  }
}
