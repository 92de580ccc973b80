import Journal
import VSR

/// Which segments and snapshots there are, which comes next and which go. Pure.
struct SegmentKeeper {
  /// The next segment is prepared once such a part of the one in use is written: early enough not to be waited
  /// for, and not while a server starts.
  private static let partBeforeNext = 8

  let layout: SegmentLayout
  /// The first that is there and needed.
  private var first: UInt64
  /// The snapshots on the disk.
  private var snapshots: [Op]
  /// One that is no longer needed, to become the next.
  private var spare: UInt64?
  /// Being prepared.
  private var coming: UInt64?
  /// A snapshot that is durable while what is behind it is still there.
  private var saved: (op: Op, floor: UInt64)?

  init(layout: SegmentLayout, first: UInt64, snapshot: Op?) {
    self.layout = layout
    self.first = first
    snapshots = snapshot.map { [$0] } ?? []
  }

  /// The steps for the next segment, if it is time for one; `isAwaited`: records wait for it.
  mutating func next(_ writer: RecordQueue.Place, isAwaited: Bool) -> (steps: [DiskStep], isRecycled: Bool)? {
    guard coming == nil, writer.spareCount == 0 else { return nil }
    let isTime = writer.sector * SegmentKeeper.partBeforeNext >= layout.sectorCount
    guard isAwaited || isTime else { return nil }
    let next = writer.ready + 1
    let old = spare
    coming = next
    spare = nil
    return (SegmentKeeper.preparing(next, from: old, layout), old != nil)
  }

  /// It is there. Returns its number.
  mutating func prepared() -> UInt64 {
    guard let sequence = coming else { preconditionFailure("no segment is being prepared") }
    coming = nil
    return sequence
  }

  /// A segment is named only once it is all zero, durably; then it is open for records.
  static func preparing(_ sequence: UInt64, from old: UInt64?, _ layout: SegmentLayout) -> [DiskStep] {
    let begin: [DiskStep] =
      if let old {
        [.rename(.segment(old), to: .segmentDraft), .open(.segmentDraft, synced: false)]
      } else {
        [.create(.segmentDraft)]
      }
    return begin + [
      .blank(.segmentDraft, from: 0, to: layout.segmentSize), .sync(.segmentDraft), .close(.segmentDraft),
      .rename(.segmentDraft, to: .segment(sequence)), .syncDirectory,
      .open(.segment(sequence), synced: true),
    ]
  }

  /// What names a snapshot of `op` whose draft is synced. One of a later op that it replaces (of a lineage that
  /// ended) goes at once and durably: opening would take it.
  mutating func naming(_ op: Op) -> [DiskStep] {
    let later = snapshots.filter { $0 > op }
    snapshots.removeAll { $0 >= op }
    snapshots.append(op)
    let naming: [DiskStep] = [.rename(.snapshotDraft, to: .snapshot(op)), .syncDirectory]
    return later.isEmpty ? naming : naming + later.map { .remove(.snapshot($0)) } + [.syncDirectory]
  }

  /// It is durable.
  mutating func saved(_ op: Op, floor: UInt64) {
    saved = (op, floor)
  }

  /// Removes what the last snapshot makes superfluous, but for one segment that will be used again.
  mutating func recycle(through op: Op) -> (steps: [DiskStep], floor: UInt64)? {
    guard let saved else { return nil }
    precondition(op <= saved.op, "recycled without a snapshot")
    self.saved = nil
    var steps: [DiskStep] = snapshots.filter { $0 < saved.op }.map { .remove(.snapshot($0)) }
    snapshots.removeAll { $0 < saved.op }
    for sequence in first..<max(first, saved.floor) {
      if spare == nil { spare = sequence } else { steps.append(.remove(.segment(sequence))) }
    }
    first = max(first, saved.floor)
    return (steps, first)
  }
}

extension SegmentLayout {
  var sectorSize: Int { segmentSize / sectorCount }
}
