import Bytes
import VSR

/// Why records make no log. What a journal's own checks have passed fails here only where files are missing, or
/// where a program wrote what it never should.
package enum FoldError: Error, Hashable, Sendable {
  /// A payload that no server can have written.
  case malformed
  /// An entry of this op does not follow the one before it.
  case notNext(Op)
  /// An entry's digest is not that of its place in the chain.
  case brokenChain(Op)
  /// The log begins behind this op, which no snapshot holds.
  case gap(Op)
}

/// Folds what a journal holds, in order, into the state and the log that its server had.
///
/// The records may begin anywhere before the snapshot's op, or with what was made void later: a log whose first
/// entry's predecessor was recycled begins behind that entry.
package struct JournalFold: Sendable {
  package struct Result: Sendable {
    package var state: HardState
    /// Begins at the snapshot or before it, and reaches it.
    package var log: Log
    /// Writes kept without a quorum that have not ended, in their order.
    package var overlay: [[UInt8]]
  }

  /// An installation of which not everything has been read.
  private struct Installation {
    let state: HardState
    let count: UInt64
    var segment: LogSegment

    var isWhole: Bool { UInt64(segment.entries.count) == count }
    var headDigest: Digest { segment.entries.last?.digest ?? segment.digest }
  }

  private let snapshot: (op: Op, digest: Digest)?
  private let serverCount: Int
  private var state = HardState.blank
  /// Nil before the first record that says where the log is.
  private var log: Log?
  private var installation: Installation?
  private var overlay = KeptWrites()

  /// `snapshot`: where the one that is to be used stands in the log.
  package init(snapshot: (op: Op, digest: Digest)? = nil, serverCount: Int) {
    precondition((1...serversMax).contains(serverCount))
    self.snapshot = snapshot
    self.serverCount = serverCount
  }

  /// After the last record. An installation that is not whole was never synced, so nobody was told of it.
  package consuming func finish() throws(FoldError) -> Result {
    let base = snapshot?.op ?? 0
    let baseDigest = snapshot?.digest ?? .zero
    var log = self.log ?? Log(base: base, digest: baseDigest)
    guard log.base <= base else { throw .gap(log.base) }
    // A snapshot that came from another server may be on disk before the log that goes with it.
    if log.digest(at: base) != baseDigest { log = Log(base: base, digest: baseDigest) }
    return Result(state: state, log: log, overlay: overlay.all)
  }
}

// MARK: - Records as the core has them

extension JournalFold {
  package mutating func add(_ record: JournalRecord) throws(FoldError) {
    switch record {
    case .keep(let place, let write): return try keep(write, at: place)
    case .end(let identity): return overlay.end(identity)
    case .append, .state, .install: installation = nil
    }
    switch record {
    case .append(let entry): try add(entry)
    case .state(let next): state = next
    case .install(let next, let segment): install(segment, next)
    case .keep, .end: break
    }
  }

  private mutating func keep(_ write: [UInt8], at place: UInt64) throws(FoldError) {
    guard overlay.keep(write, at: place) else { throw .malformed }
  }

  private mutating func add(_ entry: LogEntry) throws(FoldError) {
    guard log == nil || entry.op == log!.head + 1 else { throw .notNext(entry.op) }
    if log == nil {
      let parent = parentOfFirst(entry.op)
      let placed = LogEntry(
        op: entry.op, view: entry.view, kind: entry.kind, body: entry.body, parent: parent)
      guard placed.digest == entry.digest else {
        log = Log(base: entry.op, digest: entry.digest)
        return
      }
      log = Log(base: entry.op - 1, digest: parent)
    }
    log!.append(entry)
  }

  private mutating func install(_ segment: LogSegment, _ next: HardState) {
    if log?.connects(to: segment) == true {
      log!.truncate(after: segment.after)
    } else {
      log = Log(base: segment.after, digest: segment.digest)
    }
    for entry in segment.entries { log!.append(entry) }
    state = next
  }
}

// MARK: - Records as a journal stored them

extension JournalFold {
  package mutating func add(
    _ kind: StoredKind, op: Op, chain: Digest, payload: UnsafeRawBufferPointer
  ) throws(FoldError) {
    switch kind {
    case .entry: try addEntry(op, chain, payload)
    case .state: try addState(payload)
    case .truncate: try begin(op, chain, payload)
    case .keep: try keep([UInt8](payload), at: op)
    case .end: overlay.end(chain)
    }
  }

  private mutating func begin(
    _ op: Op, _ chain: Digest, _ payload: UnsafeRawBufferPointer
  ) throws(FoldError) {
    guard 1...WireBounds.numberMax ~= op else { throw .malformed }
    installation = try decode(payload) { (fields) throws(MalformedBytes) in
      let count = try fields.takeNumber()
      return Installation(
        state: try fields.takeHardState(), count: count,
        segment: LogSegment(after: op - 1, digest: chain, entries: []))
    }
  }

  /// A state ends an installation that waits for just it; any other is one that a journal repeats.
  private mutating func addState(_ payload: UnsafeRawBufferPointer) throws(FoldError) {
    let next = try decode(payload) { (fields) throws(MalformedBytes) in try fields.takeHardState() }
    guard let begun = installation else {
      state = next
      return
    }
    guard begun.isWhole, begun.state == next else { return }
    installation = nil
    install(begun.segment, next)
  }

  private mutating func addEntry(
    _ op: Op, _ chain: Digest, _ payload: UnsafeRawBufferPointer
  ) throws(FoldError) {
    guard 1...WireBounds.numberMax ~= op else { throw .malformed }
    let head = installation?.segment.head ?? log?.head ?? op - 1
    guard op == head + 1, installation?.isWhole != true else { throw .notNext(op) }
    let parent = installation?.headDigest ?? log?.headDigest ?? parentOfFirst(op)
    let entry = try decode(payload) { (fields) throws(MalformedBytes) in
      try fields.takeEntry(op, parent: parent)
    }
    guard entry.digest == chain else {
      guard installation == nil, log == nil, op > 1 else { throw .brokenChain(op) }
      log = Log(base: op, digest: chain)
      return
    }
    if installation != nil {
      installation!.segment.entries.append(entry)
    } else {
      log = log ?? Log(base: op - 1, digest: parent)
      log!.append(entry)
    }
  }

  /// What precedes the first entry there is, if that can be known.
  private func parentOfFirst(_ op: Op) -> Digest {
    snapshot?.op == op - 1 ? snapshot!.digest : .zero
  }

  private func decode<Value>(
    _ payload: UnsafeRawBufferPointer,
    _ take: (inout FieldReader) throws(MalformedBytes) -> Value
  ) throws(FoldError) -> Value {
    do throws(MalformedBytes) {
      var fields = FieldReader(payload, serverCount: serverCount)
      let value = try take(&fields)
      try fields.bytes.expectEnd()
      return value
    } catch {
      throw .malformed
    }
  }
}
