import Bytes

/// Turns records into sectors and says where they go. No file is touched here.
///
/// Use: `append` what one turn brings, `seal()`, then write `bytes` as `writes` says and `clear()`. Once these
/// writes are complete, an fdatasync of each file they went to makes everything before `position` durable, and
/// `synced(through:)` may be told (`SyncProgress` keeps account). What was sealed together is one group: after a
/// crash it is there whole or not at all.
package struct RecordWriter {
  /// A part of `bytes` and its place.
  package struct Write: Equatable, Sendable {
    package let sequence: UInt64
    /// Bytes from the segment's begin.
    package let offset: Int
    /// Of `RecordWriter.bytes`.
    package let range: Range<Int>
  }

  /// Bytes of the longest state.
  package static let stateMax = 16 << 10

  package let layout: SegmentLayout
  let incarnation: UInt64
  /// Everything before it is sealed.
  package private(set) var position: Position
  /// Everything before it is known to be durable.
  package private(set) var durable: Position
  /// The last segment that is prepared: named, all zero, and durable so.
  package private(set) var ready: UInt64
  /// Sealed, not yet cleared.
  package private(set) var bytes: [UInt8] = []
  package private(set) var writes: [Write] = []
  /// The open group's stream.
  private var group: [UInt8] = []
  private var state: [UInt8] = []
  private var index: SegmentIndex
  /// Installations whose end is not known to be durable: the segment in which each begins, and the place behind
  /// its end, once that is appended.
  private var installations: [(sequence: UInt64, end: Position?)] = []
  /// What is kept beside the log: the segment of each record; and the places behind records that end it.
  private var kept: [Digest: UInt64] = [:]
  private var ended: [(identity: Digest, end: Position)] = []

  /// Goes on at `position`. Everything before it is durable (what opening found is synced once more: a process
  /// that died may have left it in the cache only), and so are zeros from there to the end of segment `ready`.
  /// `state` is the last state recorded, `index` what opening found, `unfinished` where an installation begins
  /// that has no end.
  package init(
    incarnation: UInt64, layout: SegmentLayout, position: Position = .start, ready: UInt64 = 1,
    state: [UInt8] = [], index: SegmentIndex = SegmentIndex(), unfinished: UInt64? = nil
  ) {
    precondition(position.sequence <= ready && position.sector < layout.sectorCount)
    self.incarnation = incarnation
    self.layout = layout
    self.position = position
    self.ready = ready
    self.state = state
    self.index = index
    installations = unfinished.map { [($0, nil)] } ?? []
    durable = position
    self.index.begin(position.sequence)
    if position.sector == 0 { putState() }
  }

  /// Segment `sequence`, the next one, is prepared.
  package mutating func prepared(_ sequence: UInt64) {
    precondition(sequence == ready + 1)
    ready = sequence
  }

  /// How many prepared segments are left besides the one in use. The next should be asked for at 0, before it
  /// is needed.
  package var spareCount: Int { Int(ready - position.sequence) }

  /// Adds a record to the open group. False, and nothing is added: it needs a segment that is not prepared.
  package mutating func append(
    _ kind: RecordKind, op: UInt64 = 0, chain: Digest = .zero, payload: UnsafeRawBufferPointer
  ) -> Bool {
    precondition(kind != .end && payload.count <= layout.payloadMax)
    precondition(kind != .state || payload.count <= RecordWriter.stateMax)
    if !hasRoom(payload.count) {
      guard position.sequence < ready else { return false }
      beginNextSegment()
    }
    if kind == .state { state = Array(payload) }
    if kind == .entry { index.note(op: op, in: position.sequence) }
    if kind == .truncate { installations.append((position.sequence, nil)) }
    if kind == .keep, kept[chain] == nil { kept[chain] = position.sequence }
    put(kind, op: op, chain: chain, payload: payload)
    if kind == .state { endInstallations() }
    if kind == .dropKept { ended.append((chain, endOfGroup)) }
    return true
  }

  /// The same for a payload that the caller has as an array.
  package mutating func append(
    _ kind: RecordKind, op: UInt64 = 0, chain: Digest = .zero, payload: [UInt8]
  ) -> Bool {
    payload.withUnsafeBytes { append(kind, op: op, chain: chain, payload: $0) }
  }

  /// Closes the open group, if there is one: from here it is `bytes` to write.
  package mutating func seal() {
    guard !group.isEmpty else { return }
    let start = bytes.count
    let key = (incarnation, position.sequence)
    let first = position.sector
    let count = (group.count + Sector.capacity - 1) / Sector.capacity
    group.withUnsafeBytes { stream in
      for number in 0..<count {
        let low = number * Sector.capacity
        let part = UnsafeRawBufferPointer(rebasing: stream[low..<min(low + Sector.capacity, stream.count)])
        let header = Sector.Header(
          behind: behind(first + number), used: part.count, isLast: number == count - 1)
        Sector.put(part, header: header, number: first + number, key: key, into: &bytes)
      }
    }
    noteWrite(start..<bytes.count)
    position.sector += count
    group.removeAll(keepingCapacity: true)
  }

  /// Forgets what was sealed: the caller has it.
  package mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    writes.removeAll(keepingCapacity: true)
  }

  /// Exchanges what was sealed for an empty buffer: for a caller whose writes are still under way.
  package mutating func take(_ bytes: inout [UInt8], _ writes: inout [Write]) {
    bytes.removeAll(keepingCapacity: true)
    writes.removeAll(keepingCapacity: true)
    swap(&self.bytes, &bytes)
    swap(&self.writes, &writes)
  }

  /// Everything before `place` is durable. Never told early: opening relies on it.
  package mutating func synced(through place: Position) {
    precondition(place <= position)
    durable = max(durable, place)
    installations.removeAll { if let end = $0.end { end <= durable } else { false } }
    guard let first = ended.first, first.end <= durable else { return }
    for item in ended where item.end <= durable { kept[item.identity] = nil }
    ended.removeAll { $0.end <= durable }
  }

  /// The first segment that must be kept once a snapshot of `op` is durable. It goes into that snapshot.
  ///
  /// It has the entry of `op` itself, where there is one: a log that begins behind that may be another history's
  /// than the snapshot, and must not be taken for one with a gap. The state that begins it is durable: else the
  /// last durable one would go with the others. And an installation that may turn out to have no end keeps its
  /// begin: without that its entries would be taken for the log's. Nor is it behind anything that is kept beside the log;
  /// what opening found of that is to be recorded anew, durably, before the first snapshot is saved.
  package func floor(behind op: UInt64) -> UInt64 {
    let begun = durable.sector > 0 ? durable.sequence : durable.sequence - 1
    let installed = installations.first?.sequence ?? begun
    let oldest = kept.values.min() ?? begun
    return max(index.first, min(index.floor(behind: op - min(op, 1)), begun, installed, oldest))
  }

  /// The segments before `floor` are gone.
  package mutating func dropped(before floor: UInt64) {
    index.drop(before: floor)
  }
}

extension RecordWriter {
  /// One sector stays free for the end mark.
  private func hasRoom(_ payloadCount: Int) -> Bool {
    let stream = group.count + RecordHeader.size + payloadCount
    return position.sector + (stream + Sector.capacity - 1) / Sector.capacity < layout.sectorCount
  }

  /// A state that is not the journal's own repetition ends whatever was begun.
  private mutating func endInstallations() {
    let end = endOfGroup
    for index in installations.indices where installations[index].end == nil {
      installations[index].end = end
    }
  }

  /// Behind what is in the open group so far.
  private var endOfGroup: Position {
    let count = (group.count + Sector.capacity - 1) / Sector.capacity
    return Position(sequence: position.sequence, sector: position.sector + count)
  }

  private mutating func beginNextSegment() {
    seal()
    put(.end, op: 0, chain: .zero, payload: UnsafeRawBufferPointer(start: nil, count: 0))
    seal()
    position = Position(sequence: position.sequence + 1, sector: 0)
    index.begin(position.sequence)
    putState()
  }

  private mutating func putState() {
    guard !state.isEmpty else { return }
    state.withUnsafeBytes { put(.state, op: 0, chain: .zero, payload: $0) }
  }

  private mutating func put(_ kind: RecordKind, op: UInt64, chain: Digest, payload: UnsafeRawBufferPointer) {
    RecordHeader.put(kind, op: op, chain: chain, payloadCount: payload.count, into: &group)
    group.put(payload)
  }

  private func behind(_ sector: Int) -> UInt32 {
    let here = layout.absolute(Position(sequence: position.sequence, sector: sector))
    return UInt32(clamping: here - layout.absolute(durable))
  }

  private mutating func noteWrite(_ range: Range<Int>) {
    let offset = position.sector * Sector.size
    if let last = writes.last, last.sequence == position.sequence {
      writes[writes.count - 1] = Write(
        sequence: last.sequence, offset: last.offset, range: last.range.lowerBound..<range.upperBound)
    } else {
      writes.append(Write(sequence: position.sequence, offset: offset, range: range))
    }
  }
}
