import Bytes
import Journal
import KVStore
import VSR
import Wire

/// Files that are whole each, and do not fit together: one that mattered is missing.
struct Misfit: Error, Equatable {
  var detail: String
}

/// Puts together what a journal's files say, one file at a time, in the order of `JournalContents`.
struct RestoredJournal {
  private let contents: JournalContents
  private let snapshot: SnapshotState?
  private var fold: JournalFold
  /// The last state recorded: what the writer goes on with.
  private(set) var state: [UInt8] = []

  /// `bytes`: of the snapshot's file, where there is one.
  init(
    _ contents: JournalContents, snapshot bytes: [UInt8]?, hashKey: HashKey, serverCount: Int
  ) throws(Misfit) {
    self.contents = contents
    snapshot = try bytes.map { (bytes) throws(Misfit) in
      try RestoredJournal.decode(bytes, contents, hashKey)
    }
    fold = JournalFold(snapshot: snapshot.map { ($0.op, $0.digest) }, serverCount: serverCount)
  }

  private static func decode(
    _ bytes: [UInt8], _ contents: JournalContents, _ hashKey: HashKey
  ) throws(Misfit) -> SnapshotState {
    guard let op = contents.snapshot else { preconditionFailure("no snapshot was found") }
    var decoder = SnapshotDecoder(hashKey: hashKey)
    let floor = bytes.withUnsafeBytes { bytes in
      try? readSnapshot(bytes, incarnation: contents.meta.incarnation, op: op) { chunk in
        try? decoder.append(Array(chunk))
      }
    }
    guard floor != nil, let state = try? decoder.finish(), state.op == op else {
      throw Misfit(detail: "the snapshot of op \(op) is whole and makes no sense")
    }
    return state
  }

  /// Takes the next segment, whose file holds `bytes`.
  mutating func add(_ segment: JournalContents.Segment, _ bytes: [UInt8]) throws(Misfit) {
    var failure: FoldError?
    do throws(MalformedBytes) {
      try RestoredJournal.read(segment, bytes, contents.meta.incarnation) { record in
        if record.kind == .state { state = Array(record.payload) }
        if failure == nil { failure = RestoredJournal.add(record, to: &fold) }
      }
    } catch {
      throw Misfit(detail: "segment \(segment.sequence) reads otherwise the second time")
    }
    if let failure { throw Misfit(detail: "segment \(segment.sequence): \(failure)") }
  }

  /// `readRecords` with its error past a closure that cannot throw it.
  private static func read(
    _ segment: JournalContents.Segment, _ bytes: [UInt8], _ incarnation: Incarnation,
    _ body: (Record) -> Void
  ) throws(MalformedBytes) {
    var caught: MalformedBytes?
    bytes.withUnsafeBytes { bytes in
      do throws(MalformedBytes) {
        try readRecords(
          of: bytes, sequence: segment.sequence, end: segment.end, incarnation: incarnation, body)
      } catch { caught = error }
    }
    if let caught { throw caught }
  }

  private static func add(_ record: Record, to fold: inout JournalFold) -> FoldError? {
    guard let kind = StoredKind(rawValue: record.kind.rawValue) else { return .malformed }
    do throws(FoldError) {
      try fold.add(kind, op: record.op, chain: record.chain, payload: record.payload)
      return nil
    } catch {
      return error
    }
  }

  consuming func finish() throws(Misfit) -> Restored {
    do throws(FoldError) {
      let result = try fold.finish()
      return Restored(
        incarnation: contents.meta.incarnation, state: result.state, snapshot: snapshot, log: result.log,
        overlay: result.overlay)
    } catch {
      throw Misfit(detail: "\(error)")
    }
  }
}
