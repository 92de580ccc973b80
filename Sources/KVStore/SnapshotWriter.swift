import Bytes

/// Writes a copy of a store down, slice by slice. The store it was copied from may go on.
package struct SnapshotWriter: Sendable {
  private enum Stage {
    case header
    case entries
    case outcomes
    case deletes
    case conflicts
    case trailer
    case done
  }

  private let header: SnapshotHeader
  private var entries: SortedCursor
  private var outcomes: SortedCursor
  private let deletes: LastDeletes
  private let conflicts: Conflicts
  /// The next bucket, then the next conflict to look at.
  private var index = 0
  private var stage = Stage.header
  private var pending = PendingBytes()
  private var checksum = SipHash(isWide: true)

  package init(_ store: Store) {
    header = SnapshotHeader(store)
    entries = SortedCursor(store.entries)
    outcomes = SortedCursor(store.clients.records)
    deletes = store.deletes
    conflicts = store.conflicts
  }

  package var isDone: Bool { stage == .done && pending.isEmpty }

  /// Appends the next bytes to `slice`, at most `count` (at least 1), with a bounded amount of work: some calls
  /// only sort, and append nothing. Returns whether there is more to come.
  package mutating func write(atMost count: Int, to slice: inout [UInt8]) -> Bool {
    precondition(count > 0)
    var room = count
    pending.move(to: &slice, room: &room)
    while room > 0, produce() {
      checksum.update(pending.item)
      pending.move(to: &slice, room: &room)
    }
    return !isDone
  }

  /// Makes the next item pending. False: there is none, or none yet.
  private mutating func produce() -> Bool {
    switch stage {
    case .header:
      header.put(into: &pending.item)
      stage = .entries
    case .entries:
      guard entries.isPrepared else {
        entries.prepare()
        return false
      }
      if entries.next({ $0.put(into: &pending.item) }) == nil { stage = .outcomes }
    case .outcomes:
      guard outcomes.isPrepared else {
        outcomes.prepare()
        return false
      }
      if outcomes.next({ $0.put(into: &pending.item) }) == nil { stage = .deletes }
    case .deletes: produceDelete()
    case .conflicts: produceConflict()
    case .trailer:
      pending.item.put(checksum.digest())
      stage = .done
    case .done: return false
    }
    return true
  }

  private mutating func produceDelete() {
    guard let bucket = deletes.next(from: index) else {
      index = 0
      stage = .conflicts
      return
    }
    pending.item.putVarint(bucket)
    pending.item.put(deletes[bucket])
    index = bucket + 1
  }

  private mutating func produceConflict() {
    guard index < conflicts.count else {
      stage = .trailer
      return
    }
    conflicts[index].put(into: &pending.item)
    index += 1
  }
}
