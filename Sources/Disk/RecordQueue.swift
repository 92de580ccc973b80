import Journal
import VSR
import Wire

/// Records on their way to the disk, and how far each of them is. Pure: whoever owns it does the writing.
///
/// Given records go into the open group at once; those that need a segment which is not prepared yet wait, in
/// order, bounded by what the core holds. One write is under way at a time.
struct RecordQueue {
  private(set) var writer: RecordWriter
  private var progress: SyncProgress
  private var waiting = StoredRecords()
  /// Items of `waiting` that are in the writer.
  private var placedItems = 0
  /// Behind the last item of each record of which not all is in the writer.
  private var ends: [Int] = []
  /// Of the records given so far: those whole in the writer, those that the write under way covers, those that are
  /// durable.
  private var placed: JournalPosition = 0
  private var covered: JournalPosition = 0
  private(set) var synced: JournalPosition = 0

  init(_ writer: RecordWriter, at position: Position) {
    self.writer = writer
    progress = SyncProgress(at: position)
  }

  /// Where the writer stands. What is asked of it is asked of it in place: a copy retains each of its parts.
  struct Place {
    /// Prepared segments besides the one in use, and the last that is prepared.
    let spareCount: Int
    let ready: UInt64
    /// Sectors used of the one in use.
    let sector: Int
  }

  var writerPlace: Place {
    mutating get {
      Place(spareCount: writer.spareCount, ready: writer.ready, sector: writer.position.sector)
    }
  }

  /// The segment in which what is durable ends.
  var durableSegment: UInt64 { mutating get { writer.durable.sequence } }

  mutating func floor(behind op: Op) -> UInt64 { writer.floor(behind: op) }

  /// Whether some wait for a segment.
  var needsSegment: Bool { !ends.isEmpty }
  var isWriting: Bool { progress.isSyncing }
  /// Whether all that was given is durable.
  var isIdle: Bool { synced == placed && ends.isEmpty }

  mutating func add(_ records: [JournalRecord]) {
    for record in records {
      waiting.append(record)
      ends.append(waiting.items.count)
    }
    place()
  }

  mutating func prepared(_ sequence: UInt64) {
    writer.prepared(sequence)
    place()
  }

  mutating func dropped(before floor: UInt64) {
    writer.dropped(before: floor)
  }

  private mutating func place() {
    while placedItems < waiting.items.count, append(waiting.items[placedItems]) { placedItems += 1 }
    let whole = ends.prefix { $0 <= placedItems }.count
    placed += JournalPosition(whole)
    ends.removeFirst(whole)
    if ends.isEmpty {
      waiting.removeAll()
      placedItems = 0
    }
  }

  private mutating func append(_ item: StoredRecords.Item) -> Bool {
    guard let kind = RecordKind(rawValue: item.kind.rawValue) else { preconditionFailure("no such kind") }
    return waiting.withPayload(of: item) {
      writer.append(kind, op: item.op, chain: item.chain, payload: $0)
    }
  }

  /// Seals what is there and exchanges it for `bytes` and `writes`, which are to be written, each write durable
  /// once it is complete. False: there is nothing.
  mutating func beginWrite(_ bytes: inout [UInt8], _ writes: inout [RecordWriter.Write]) -> Bool {
    precondition(!isWriting)
    writer.seal()
    writer.take(&bytes, &writes)
    guard !writes.isEmpty else { return false }
    // A write of a synced file is its own sync: what is asked for now covers just these.
    progress.wrote(through: writer.position)
    progress.beginSync()
    covered = placed
    return true
  }

  /// All of it is complete. Returns how many records that made durable.
  mutating func endWrite() -> UInt64 {
    writer.synced(through: progress.endSync())
    defer { synced = covered }
    return covered - synced
  }
}
