import Bytes
import Journal
import VSR
import Wire

/// A server's disk, and the part of the process that keeps the journal there: real records, segments and
/// snapshots in simulated files, in the order of docs/journal.md.
struct SimulatedDisk {
  let settings: DiskSettings
  /// Of the journal that is there, or that the next start makes.
  var incarnation: Incarnation
  var files = SimulatedFiles()
  /// What the journal should say.
  var recorded = RecordedLog()
  /// Of the unsynced records so many are found again for certain: those that a dead process left in the cache.
  var certain = 0
  /// What was synced may have changed: only then may an opening find damage.
  var isRotten = false
  /// The last snapshot that is known to be durable.
  var snapshotSaved = SnapshotName()
  /// One that a process began: as long as nothing else is known it may be found in that one's place.
  var snapshotAsked: SnapshotName?
  var figures = DiskFigures()

  // Of the process
  var writer: RecordWriter
  var progress = SyncProgress(at: .start)
  private var syncing: Sync?
  /// Segments written since the last sync was asked for.
  private var segmentsWritten: [UInt64] = []
  /// Records on their way into segments: some wait for the next one to be prepared.
  private var stored = StoredRecords()
  private var itemsWritten = 0
  /// Behind the last item of each record that is in `stored`.
  private var recordEnds: [Int] = []
  /// Of this process' records: how many were written, how many are on disk.
  private(set) var written: JournalPosition = 0
  private(set) var synced: JournalPosition = 0
  /// What is left to do for the next segment.
  var segmentSteps: [FileStep] = []
  var segmentComing: UInt64?
  var snapshotSteps: [FileStep] = []
  var snapshotComing: (name: SnapshotName, floor: UInt64)?
  /// A snapshot was saved while what is behind it, and the segments before this one, are still there.
  var superfluousBefore: UInt64?
  /// A segment that is no longer needed, to be made the next one.
  var spare: UInt64?
  /// The place that the last sector written knew to be durable, and that of the last sector synced.
  private var witness = Position.start
  var witnessed = Position.start

  private struct Sync {
    var moment: UInt64
    var segments: [UInt64]
    var count: JournalPosition
    var witness: Position
  }

  init(incarnation: Incarnation, settings: DiskSettings) {
    self.incarnation = incarnation
    self.settings = settings
    writer = RecordWriter(incarnation: incarnation, layout: settings.layout)
  }

  /// The epoch that a start would find at least.
  var epoch: Epoch { recorded.state.epoch }
  var needsSync: Bool { synced < written || !recordEnds.isEmpty }
  /// This process has written something.
  var isBegun: Bool { written > 0 || needsSync }
  var contradiction: String? { recorded.contradiction }

  mutating func write(_ records: [JournalRecord]) {
    recorded.add(records)
    for record in records {
      stored.append(record)
      recordEnds.append(stored.items.count)
    }
    writeStored()
  }

  /// Whether it says where the log goes on, as the first record of a process must.
  func isBeginning(_ record: JournalRecord) -> Bool {
    guard case .install(_, let segment) = record else { return false }
    return segment.entries.isEmpty && segment.after == recorded.log.head
      && segment.digest == recorded.log.headDigest
  }

  /// A sync of every segment written since the last is asked for.
  mutating func beginSync() {
    progress.beginSync()
    syncing = Sync(moment: files.moment, segments: segmentsWritten, count: written, witness: witness)
    segmentsWritten.removeAll()
  }

  /// It is complete: so many of this process' records are durable.
  mutating func endSync() -> JournalPosition {
    guard let sync = syncing else { preconditionFailure("no sync is under way") }
    syncing = nil
    for sequence in sync.segments { files.sync(.segment(sequence), through: sync.moment) }
    let covered = settings.syncCoversOnlyEarlierWrites ? sync.count : written
    writer.synced(through: progress.endSync())
    witnessed = sync.witness
    recorded.sync(Int(covered - synced))
    synced = covered
    prepareSegment()
    return synced
  }

  /// What is known of this process ends with it.
  mutating func forgetProcess() {
    syncing = nil
    segmentsWritten.removeAll()
    stored.removeAll()
    itemsWritten = 0
    recordEnds.removeAll()
    written = 0
    synced = 0
    segmentSteps.removeAll()
    segmentComing = nil
    snapshotSteps.removeAll()
    snapshotComing = nil
    superfluousBefore = nil
    spare = nil
    witness = .start
  }

  // MARK: - Segments

  private mutating func writeStored() {
    while itemsWritten < stored.items.count, append(stored.items[itemsWritten]) { itemsWritten += 1 }
    writer.seal()
    // Nothing may have been left to write: then no sector vouches for what has been synced meanwhile.
    if !writer.writes.isEmpty { witness = writer.durable }
    for write in writer.writes {
      files.write(Array(writer.bytes[write.range]), to: .segment(write.sequence), at: write.offset)
      if segmentsWritten.last != write.sequence { segmentsWritten.append(write.sequence) }
    }
    writer.clear()
    progress.wrote(through: writer.position)
    let whole = recordEnds.prefix { $0 <= itemsWritten }.count
    written += UInt64(whole)
    recordEnds.removeFirst(whole)
    if recordEnds.isEmpty {
      stored.removeAll()
      itemsWritten = 0
    }
    if writer.spareCount == 0, segmentComing == nil { beginSegment() }
  }

  private mutating func append(_ item: StoredRecords.Item) -> Bool {
    guard let kind = RecordKind(rawValue: item.kind.rawValue) else { preconditionFailure("no such kind") }
    return stored.withPayload(of: item) {
      writer.append(kind, op: item.op, chain: item.chain, payload: $0)
    }
  }

  private mutating func beginSegment() {
    let next = writer.ready + 1
    segmentComing = next
    let zeros = settings.zeros
    if let spare {
      files.perform(.rename(.segment(spare), to: .segmentDraft))
      segmentSteps = [.write(.segmentDraft, offset: 0, zeros)]
      figures.segmentsRecycled += 1
    } else {
      segmentSteps = [.create(.segmentDraft, zeros)]
    }
    spare = nil
    segmentSteps += [.sync(.segmentDraft), .rename(.segmentDraft, to: .segment(next)), .syncDirectory]
    figures.segments += 1
  }

  /// A little of it with each sync. Records may wait for it.
  private mutating func prepareSegment() {
    guard let next = segmentComing else { return }
    for step in segmentSteps.prefix(2) { files.perform(step) }
    segmentSteps.removeFirst(min(2, segmentSteps.count))
    guard segmentSteps.isEmpty else { return }
    segmentComing = nil
    writer.prepared(next)
    writeStored()
  }
}

/// What disks went through, for the summary.
struct DiskFigures: Sendable {
  var segments = 0
  var segmentsRecycled = 0
  /// Openings that cut something off, that a crash interrupted, that found damage.
  var torn = 0
  var interrupted = 0
  var setAside = 0
}
