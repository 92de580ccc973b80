import Bytes

/// Finds out what a directory holds. It asks for files one at a time and is given their bytes; it holds none of
/// them. The meaning of absence is argued in docs/journal.md.
///
/// Use: while `wanted` names a file, read it whole and `give` it; then there is a `result`. A file that cannot be
/// read for lack of rights or by an I/O error is not absent: the caller stops.
package struct Opening {
  private let cluster: Digest
  private let address: [UInt8]
  private let segmentNames: [UInt64]
  private var snapshotNames: [UInt64]
  private let hasStrangers: Bool
  private var contents: JournalContents?
  private var discard: [JournalFile]
  private var survey: SegmentSurvey?
  /// What to read next.
  package private(set) var wanted: JournalFile?
  /// There is one once `wanted` is nil.
  package private(set) var result: OpeningResult?

  /// `cluster` and `address` are this server's; `names` is the directory's listing, without "." and "..".
  package init(cluster: Digest, address: [UInt8], names: [String]) {
    self.cluster = cluster
    self.address = address
    let files = names.map { JournalFile(name: $0) }
    segmentNames = files.compactMap { if case .segment(let sequence) = $0 { sequence } else { nil } }.sorted()
    snapshotNames = files.compactMap { if case .snapshot(let op) = $0 { op } else { nil } }.sorted()
    hasStrangers = files.contains(nil)
    let drafts: [JournalFile] = [.metaDraft, .segmentDraft, .snapshotDraft]
    discard = drafts.filter { files.contains($0) }
    if files.contains(.meta) { wanted = .meta } else { beginWithoutMeta() }
  }

  /// The bytes of the file that was wanted.
  package mutating func give(_ bytes: UnsafeRawBufferPointer) {
    guard let file = wanted else { preconditionFailure("nothing is wanted") }
    wanted = nil
    switch file {
    case .meta: takeMeta(bytes)
    case .snapshot(let op): takeSnapshot(op, bytes)
    case .segment(let sequence): takeSegment(sequence, bytes)
    case .metaDraft, .segmentDraft, .snapshotDraft, .lock: preconditionFailure("never wanted")
    }
  }

  private mutating func finish(_ result: OpeningResult) {
    self.result = result
  }
}

// Without a meta file: a directory is made by naming the first segment, all zero, and `meta` only then. So
// a first segment of zeros is a birth that was interrupted, and anything more is a journal that lost its meta.
extension Opening {
  private mutating func beginWithoutMeta() {
    if segmentNames.isEmpty, snapshotNames.isEmpty {
      finish(hasStrangers ? .foreign(.directory) : .empty(discard: discard))
    } else if segmentNames == [1], snapshotNames.isEmpty {
      wanted = .segment(1)
    } else {
      finish(.damaged(.metaMissing))
    }
  }

  private mutating func takeOnlySegment(_ bytes: UnsafeRawBufferPointer) {
    finish(isZero(bytes) ? .empty(discard: discard + [.segment(1)]) : .damaged(.metaMissing))
  }
}

extension Opening {
  private mutating func takeMeta(_ bytes: UnsafeRawBufferPointer) {
    switch Meta.decode(bytes) {
    case .damaged: finish(.damaged(.metaDamaged))
    case .newer(let version): finish(.newer(version: version))
    case .meta(let meta):
      if meta.cluster != cluster { return finish(.foreign(.cluster(formation: meta.formation))) }
      if meta.address != address { return finish(.foreign(.address(meta.address))) }
      contents = JournalContents(meta: meta, end: .start, ready: 0)
      wantSnapshot()
    }
  }

  private mutating func wantSnapshot() {
    if let op = snapshotNames.popLast() { wanted = .snapshot(op) } else { beginSegments(from: 1) }
  }

  /// One that is not whole costs nothing as long as the log behind the one before is still there: if it is
  /// not, a segment will be missing.
  private mutating func takeSnapshot(_ op: UInt64, _ bytes: UnsafeRawBufferPointer) {
    guard let incarnation = contents?.meta.incarnation,
      let floor = try? readSnapshot(bytes, incarnation: incarnation, op: op), floor > 0
    else {
      discard.append(.snapshot(op))
      return wantSnapshot()
    }
    contents?.snapshot = op
    discard += snapshotNames.map { .snapshot($0) }
    beginSegments(from: floor)
  }

  private mutating func beginSegments(from floor: UInt64) {
    guard let contents else { preconditionFailure("segments before meta") }
    discard += segmentNames.filter { $0 < floor }.map { .segment($0) }
    var expected = floor
    for sequence in segmentNames where sequence >= floor {
      guard sequence == expected else { return finish(.damaged(.segmentMissing(expected))) }
      expected += 1
    }
    guard expected > floor else { return finish(.damaged(.segmentMissing(floor))) }
    survey = SegmentSurvey(
      layout: contents.meta.layout, incarnation: contents.meta.incarnation, floor: floor, last: expected - 1)
    wanted = .segment(floor)
  }

  private mutating func takeSegment(_ sequence: UInt64, _ bytes: UnsafeRawBufferPointer) {
    guard survey != nil else { return takeOnlySegment(bytes) }
    if let damage = survey?.take(sequence, bytes) { return finish(.damaged(damage)) }
    guard let survey, let contents else { preconditionFailure("segments before meta") }
    if sequence < survey.last {
      wanted = .segment(sequence + 1)
    } else {
      finish(survey.conclude(contents, discard: discard))
    }
  }
}
