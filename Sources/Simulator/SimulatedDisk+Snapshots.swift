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
    snapshotSteps += [
      .sync(.snapshotDraft), .rename(.snapshotDraft, to: .snapshot(state.op)), .syncDirectory,
    ]
    snapshotComing = (state.op, floor)
  }

  /// It is durable; what it replaces is removed.
  mutating func endSnapshot() {
    guard let (op, floor) = snapshotComing else { preconditionFailure("no snapshot is under way") }
    for step in snapshotSteps { files.perform(step) }
    snapshotSteps.removeAll()
    snapshotComing = nil
    snapshotSaved = op
    for name in files.names {
      switch name {
      case .snapshot(let other) where other != op: files.perform(.remove(name))
      case .segment(let sequence) where sequence < floor: drop(sequence)
      case .segment, .snapshot, .meta, .metaDraft, .segmentDraft, .snapshotDraft, .lock: break
      }
    }
    writer.dropped(before: floor)
  }

  /// The core needs nothing through `op` any more. The segments that held it went with the snapshot, whose floor
  /// says so.
  mutating func recycle(through op: Op) {
    precondition(op <= snapshotSaved, "recycled without a snapshot")
    recorded.recycle(through: op)
  }

  private mutating func drop(_ sequence: UInt64) {
    if spare == nil { spare = sequence }
    if spare != sequence { files.perform(.remove(.segment(sequence))) }
  }
}
