import Bytes
import VSR

/// What has been committed, lineage by lineage: each one hash-chained list.
struct Lineages {
  private var all: [(number: UInt64, history: CommittedHistory)] = []

  var count: Int { all.count }
  var numbers: [UInt64] { all.map(\.number) }

  /// Returns whether the lineage is new. It begins as a copy of the greatest one below it, of which it may
  /// then lack, or change, whatever it has not committed itself.
  mutating func begin(_ number: UInt64) -> Bool {
    guard number > 0, !all.contains(where: { $0.number == number }) else { return false }
    let parent = all.filter { $0.number < number }.max { $0.number < $1.number }
    all.append((number, CommittedHistory(inheriting: parent?.history)))
    return true
  }

  /// The greatest lineage, and the last op that it has committed itself.
  var committed: (lineage: UInt64, op: Op) {
    guard let last = all.max(by: { $0.number < $1.number }) else { return (0, 0) }
    return (last.number, last.history.committed)
  }

  private func index(of number: UInt64) -> Int? {
    all.firstIndex { $0.number == number }
  }

  func digest(at op: Op, in number: UInt64) -> Digest? {
    index(of: number).flatMap { all[$0].history.digest(at: op) }
  }

  /// - Precondition: the lineage has begun.
  mutating func claim(_ entry: LogEntry, in number: UInt64) -> CommittedHistory.Claim {
    all[index(of: number)!].history.claim(entry)
  }

  /// - Precondition: the op is committed.
  mutating func agrees(_ state: Digest, at op: Op, in number: UInt64) -> Bool {
    all[index(of: number)!].history.agrees(state, at: op)
  }
}

struct CommittedHistory {
  private struct Item {
    var digest: Digest
    var isOwn: Bool
    var state: Digest?
  }

  enum Claim {
    case known
    case new
    case different
    case gap
  }

  private var items: [Item] = []

  init(inheriting parent: CommittedHistory?) {
    items = (parent?.items ?? []).map { Item(digest: $0.digest, isOwn: false, state: $0.state) }
  }

  var head: Op { UInt64(items.count) }

  /// What was inherited is committed with the first op of its own.
  var committed: Op { UInt64((items.lastIndex(where: \.isOwn) ?? -1) + 1) }

  func digest(at op: Op) -> Digest? {
    op > 0 && op <= head ? items[Int(op) - 1].digest : nil
  }

  /// A server holds `entry` committed.
  mutating func claim(_ entry: LogEntry) -> Claim {
    guard entry.op <= head + 1 else { return .gap }
    if entry.op <= head {
      let index = Int(entry.op) - 1
      if items[index].digest == entry.digest {
        items[index].isOwn = true
        return .known
      }
      guard !items[index].isOwn else { return .different }
      items.removeSubrange(index...)
    }
    items.append(Item(digest: entry.digest, isOwn: true, state: nil))
    return .new
  }

  /// The first state seen after an op is everybody's.
  mutating func agrees(_ state: Digest, at op: Op) -> Bool {
    let index = Int(op) - 1
    if let known = items[index].state { return known == state }
    items[index].state = state
    return true
  }
}

/// The epochs that may decide something now: the last in which anything was committed, and all after it.
struct EpochLedger {
  private(set) var active: [Epoch] = []
  private(set) var count = 0
  private(set) var committedIn: Epoch?

  mutating func note(_ epoch: Epoch) {
    guard epoch.id != .none, !active.contains(where: { $0.id == epoch.id }) else { return }
    if let committedIn, epoch.id.number < committedIn.id.number { return }
    count += 1
    active.append(epoch)
  }

  /// An op prepared in an epoch of its own is committed: what came before that epoch decides nothing any
  /// more.
  mutating func noteCommitted(_ entry: LogEntry, by epoch: Epoch) {
    if let started = entry.epochStarted { note(started) }
    let isOfEpoch = entry.op > epoch.startOp || (epoch.isBorn && entry.op == epoch.startOp)
    guard isOfEpoch, committedIn?.id != epoch.id else { return }
    guard epoch.id.number >= committedIn?.id.number ?? 0 else { return }
    committedIn = epoch
    active.removeAll {
      $0.id.number < epoch.id.number || ($0.id.number == epoch.id.number && $0.id != epoch.id)
    }
  }
}
