import Bytes
import Journal
import KVStore
import VSR
import Wire

/// What the files say, all together.
enum Finding {
  case nothing(discard: [JournalFile])
  case journal(FoundJournal)
  /// Opening says that something durable is gone or changed.
  case damage(String)
  /// Opening is content, and something durable is missing.
  case loss(String)
}

struct FoundJournal {
  var contents: JournalContents
  /// The last state recorded.
  var state: [UInt8]
  var restored: Restored
}

/// Records that do not fit together although each is whole: a file is missing.
private struct Misfit: Error {
  var detail: String
}

extension SimulatedDisk {
  mutating func findJournal(_ hashKey: HashKey) -> Finding {
    switch openFiles() {
    case .empty(let discard):
      let blank = Restored(incarnation: incarnation, state: .blank, snapshot: nil, log: Log())
      return explain(blank).map { .loss($0) } ?? .nothing(discard: discard)
    case .intact(let contents), .torn(let contents):
      do throws(Misfit) {
        let found = try read(contents, hashKey)
        return explain(found.restored).map { .loss($0) } ?? .journal(found)
      } catch {
        return .damage(error.detail)
      }
    case .damaged(let damage):
      if !settings.damageIsNotATornTail, cut(at: damage) { return findJournal(hashKey) }
      return .damage("\(damage)")
    case .foreign(let foreigner):
      isRotten = false
      return .damage("foreign: \(foreigner)")
    case .newer(let version):
      isRotten = false
      return .damage("newer: version \(version)")
    }
  }

  private func openFiles() -> OpeningResult {
    var opening = Opening(
      cluster: DiskSettings.cluster, address: DiskSettings.address, names: files.names.map(\.name))
    while let wanted = opening.wanted {
      guard let file = files.file(wanted) else { preconditionFailure("\(wanted.name) is not there") }
      file.contents.withUnsafeBytes { opening.give($0) }
    }
    guard let result = opening.result else { preconditionFailure("nothing wanted, and no result") }
    return result
  }

  /// What is wrong with it, if something is.
  private func explain(_ found: Restored) -> String? {
    let snapshot = SnapshotName(found.snapshot)
    if snapshot != snapshotSaved, snapshot != snapshotAsked, !isRotten {
      return "snapshot of op \(snapshotSaved.op), found another, of op \(snapshot.op)"
    }
    if recorded.explains(found, certain: certain) { return nil }
    let (state, log) = (recorded.state, recorded.log)
    // A snapshot that nothing in the journal rests on yet has rotted: what it held, nobody was told.
    let isAlone = found.snapshot == nil && found.log.head == 0 && log.head == log.base
    if isRotten, isAlone, found.state == state { return nil }
    return """
      found view \(found.state.view) log view \(found.state.logView) commit \(found.state.commit) \
      head \(found.log.head); synced view \(state.view) log view \(state.logView) commit \(state.commit) \
      head \(log.head), and \(certain) of \(recorded.unsynced.count) more records
      """
  }

  private func read(_ contents: JournalContents, _ hashKey: HashKey) throws(Misfit) -> FoundJournal {
    let snapshot = try readSnapshotState(contents, hashKey)
    var fold = JournalFold(
      snapshot: snapshot.map { ($0.op, $0.digest) }, serverCount: settings.serverCount)
    var state: [UInt8] = []
    for segment in contents.segments { try read(segment, contents, into: &fold, &state) }
    do throws(FoldError) {
      let result = try fold.finish()
      let restored = Restored(
        incarnation: contents.meta.incarnation, state: result.state, snapshot: snapshot, log: result.log)
      return FoundJournal(contents: contents, state: state, restored: restored)
    } catch {
      throw Misfit(detail: "\(error)")
    }
  }

  private func read(
    _ segment: JournalContents.Segment, _ contents: JournalContents, into fold: inout JournalFold,
    _ state: inout [UInt8]
  ) throws(Misfit) {
    guard let file = files.file(.segment(segment.sequence)) else { throw Misfit(detail: "no segment") }
    var failure: FoldError?
    do throws(MalformedBytes) {
      var caught: MalformedBytes?
      file.contents.withUnsafeBytes { bytes in
        do throws(MalformedBytes) {
          try readRecords(
            of: bytes, sequence: segment.sequence, end: segment.end, incarnation: contents.meta.incarnation
          ) { record in
            if record.kind == .state { state = Array(record.payload) }
            if failure == nil { failure = SimulatedDisk.add(record, to: &fold) }
          }
        } catch { caught = error }
      }
      if let caught { throw caught }
    } catch {
      throw Misfit(detail: "segment \(segment.sequence) reads otherwise the second time")
    }
    if let failure { throw Misfit(detail: "segment \(segment.sequence): \(failure)") }
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

  private func readSnapshotState(
    _ contents: JournalContents, _ hashKey: HashKey
  ) throws(Misfit) -> SnapshotState? {
    guard let op = contents.snapshot, let file = files.file(.snapshot(op)) else { return nil }
    var decoder = SnapshotDecoder(hashKey: hashKey)
    file.contents.withUnsafeBytes { bytes in
      _ = try? readSnapshot(bytes, incarnation: contents.meta.incarnation, op: op) { chunk in
        try? decoder.append(Array(chunk))
      }
    }
    guard let state = try? decoder.finish(), state.op == op else {
      throw Misfit(detail: "snapshot of op \(op) is whole and does not decode")
    }
    return state
  }
}

// The planted bug: what is damaged is taken for the end of the journal.
extension SimulatedDisk {
  private mutating func cut(at damage: JournalDamage) -> Bool {
    let place: Position
    switch damage {
    case .sector(let damaged): place = damaged
    case .lost(let tail, _): place = tail
    case .metaMissing, .metaDamaged, .segmentMissing, .segmentSize, .snapshotLost: return false
    }
    for name in files.names {
      guard case .segment(let sequence) = name, sequence >= place.sequence else { continue }
      let offset = sequence == place.sequence ? place.sector * SimulatedFile.sectorSize : 0
      let zeros = [UInt8](repeating: 0, count: settings.layout.segmentSize - offset)
      files.perform(.write(name, offset: offset, zeros))
    }
    return true
  }
}

extension SnapshotName {
  init(_ state: SnapshotState?) {
    if let state { self.init(op: state.op, digest: state.digest) } else { self.init() }
  }
}
