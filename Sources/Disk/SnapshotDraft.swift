import Journal
import VSR

/// A snapshot on its way to the disk, slice by slice. Pure.
struct SnapshotDraft {
  /// Bytes of state in one slice: some tenths of a millisecond of work.
  private static let sliceBytes = 32 << 10

  let op: Op
  /// The first segment that is needed with it.
  let floor: UInt64
  private var encoder: SnapshotEncoder
  private var output: SnapshotFileWriter
  private var slice: [UInt8] = []
  private var isBegun = false
  /// Bytes made so far.
  private(set) var count = 0

  init(_ state: SnapshotState, incarnation: Incarnation, floor: UInt64) {
    op = state.op
    self.floor = floor
    encoder = SnapshotEncoder(state)
    output = SnapshotFileWriter(incarnation: incarnation, op: state.op, floor: floor)
  }

  var isAtEnd: Bool { isBegun && encoder.isAtEnd }

  /// Puts the next slice into `bytes`, with a bounded amount of work: it may be empty, where the store only sorted.
  mutating func next(_ bytes: inout [UInt8]) {
    bytes.removeAll(keepingCapacity: true)
    if !isBegun { output.begin(into: &bytes) }
    isBegun = true
    slice.removeAll(keepingCapacity: true)
    encoder.next(SnapshotDraft.sliceBytes, into: &slice)
    if !slice.isEmpty { slice.withUnsafeBytes { output.append($0, into: &bytes) } }
    if encoder.isAtEnd { output.finish(into: &bytes) }
    count += bytes.count
  }
}

/// The snapshot under way and its buffer, reused.
struct SnapshotSaving {
  var draft: SnapshotDraft?
  var slice: [UInt8] = []
  /// A slice is on its way to the file.
  var isWriting = false
  /// Bytes written since the draft was synced last.
  var unsynced = 0

  /// Makes the next slice, if there is a draft, and says where in the file it belongs.
  mutating func next() -> Int? {
    guard let offset = draft?.count else { return nil }
    draft?.next(&slice)
    unsynced += slice.count
    return offset
  }
}
