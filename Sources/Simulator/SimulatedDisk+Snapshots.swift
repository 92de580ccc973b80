import Bytes
import Journal
import VSR

// Snapshots come to be beside everything else: a draft, synced, then named; only then goes what is behind it.
extension SimulatedDisk {
  /// Bytes of a snapshot's slices.
  private static let sliceBytes = 16 << 10

  mutating func beginSnapshot(_ state: SnapshotState) {
    let floor = writer.floor(behind: state.op)
    var output = SnapshotFileWriter(incarnation: incarnation, op: state.op, floor: floor)
    var encoder = SnapshotEncoder(state)
    var bytes: [UInt8] = []
    output.begin(into: &bytes)
    snapshotSteps = [.create(.snapshotDraft, bytes)]
    var offset = bytes.count
    while !encoder.isAtEnd {
      var slice: [UInt8] = []
      encoder.next(SimulatedDisk.sliceBytes, into: &slice)
      bytes.removeAll()
      slice.withUnsafeBytes { output.append($0, into: &bytes) }
      if encoder.isAtEnd { output.finish(into: &bytes) }
      snapshotSteps.append(.write(.snapshotDraft, offset: offset, bytes))
      offset += bytes.count
    }
    snapshotSteps += [.sync(.snapshotDraft)] + naming(state.op)
    snapshotComing = (SnapshotName(op: state.op, digest: state.digest), floor)
    snapshotAsked = snapshotComing?.name
  }

  /// A snapshot of a later op that it replaces (of a lineage that ended) goes at once and durably: opening would
  /// take it.
  private func naming(_ op: Op) -> [FileStep] {
    let naming: [FileStep] = [.rename(.snapshotDraft, to: .snapshot(op)), .syncDirectory]
    let later = files.names.filter {
      if case .snapshot(let other) = $0 { other > op } else { false }
    }
    return later.isEmpty ? naming : naming + later.map { .remove($0) } + [.syncDirectory]
  }

  /// It is durable.
  mutating func endSnapshot() {
    guard let (name, floor) = snapshotComing else { preconditionFailure("no snapshot is under way") }
    for step in snapshotSteps { files.perform(step) }
    snapshotSteps.removeAll()
    snapshotComing = nil
    snapshotAsked = nil
    snapshotSaved = name
    superfluousBefore = floor
  }

  /// The core needs nothing through `op` any more. What the last snapshot replaces is removed.
  mutating func recycle(through op: Op) {
    precondition(op <= snapshotSaved.op, "recycled without a snapshot")
    recorded.recycle(through: op)
    guard let floor = superfluousBefore else { return }
    superfluousBefore = nil
    for name in files.names {
      switch name {
      case .snapshot(let other) where other != snapshotSaved.op: files.perform(.remove(name))
      case .segment(let sequence) where sequence < floor: drop(sequence)
      case .segment, .snapshot, .meta, .metaDraft, .segmentDraft, .snapshotDraft, .lock: break
      }
    }
    writer.dropped(before: floor)
  }

  private mutating func drop(_ sequence: UInt64) {
    if spare == nil { spare = sequence }
    if spare != sequence { files.perform(.remove(.segment(sequence))) }
  }
}

/// Which state a snapshot holds. Op 0: none.
struct SnapshotName: Hashable {
  var op: Op = 0
  var digest = Digest.zero
}
