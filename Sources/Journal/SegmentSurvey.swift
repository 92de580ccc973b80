/// What all segments say together.
struct SegmentSurvey {
  let layout: SegmentLayout
  let incarnation: UInt64
  let floor: UInt64
  /// The last that there is.
  private(set) var last: UInt64
  private var segments: [JournalContents.Segment] = []
  private var index = SegmentIndex()
  /// The first segment without an end mark, and how far it reaches.
  private var tail: Position?
  private var blank: [Position] = []
  /// Segments behind the tail that were never whole, and all after them.
  private var unusable: [UInt64] = []
  private var durable: UInt64 = 0
  private var checkpointMax: UInt64 = 0
  private var unfinished: UInt64?

  init(layout: SegmentLayout, incarnation: UInt64, floor: UInt64, last: UInt64) {
    self.layout = layout
    self.incarnation = incarnation
    self.floor = floor
    self.last = last
  }

  mutating func take(_ sequence: UInt64, _ bytes: UnsafeRawBufferPointer) -> JournalDamage? {
    guard bytes.count == layout.segmentSize else {
      guard tail != nil, isZero(bytes) else { return .segmentSize(sequence, bytes: bytes.count) }
      unusable.append(sequence)
      return nil
    }
    let scan = SegmentScan(bytes, sequence: sequence, incarnation: incarnation, layout: layout)
    if let sector = scan.damagedSector { return .sector(Position(sequence: sequence, sector: sector)) }
    durable = max(durable, scan.durable)
    if tail == nil {
      takeRecords(sequence, scan)
    } else {
      takeRest(sequence, isZero: scan.end == 0 && scan.isBlankAfterEnd)
    }
    return nil
  }

  private mutating func takeRecords(_ sequence: UInt64, _ scan: SegmentScan) {
    segments.append(JournalContents.Segment(sequence: sequence, end: scan.end))
    index.begin(sequence)
    index.note(op: scan.opMax, in: sequence)
    checkpointMax = max(checkpointMax, scan.checkpointMax)
    if let isInstalling = scan.isInstalling { unfinished = isInstalling ? sequence : nil }
    guard !scan.isEnded else { return }
    tail = Position(sequence: sequence, sector: scan.end)
    if !scan.isBlankAfterEnd { blank.append(Position(sequence: sequence, sector: scan.end)) }
  }

  private mutating func takeRest(_ sequence: UInt64, isZero: Bool) {
    if !unusable.isEmpty {
      unusable.append(sequence)
    } else if !isZero {
      blank.append(Position(sequence: sequence, sector: 0))
    }
  }

  func conclude(_ found: JournalContents, discard: [JournalFile]) -> OpeningResult {
    // An end mark is written only once the next segment is prepared.
    guard let tail else { return .damaged(.segmentMissing(last + 1)) }
    guard durable <= layout.absolute(tail) else { return .damaged(.lost(at: tail, durable: durable)) }
    guard checkpointMax <= found.snapshot ?? 0 else { return .damaged(.snapshotLost(checkpointMax)) }
    var contents = found
    contents.segments = segments.filter { $0.end > 0 }
    contents.end = tail
    contents.ready = unusable.first.map { $0 - 1 } ?? last
    contents.index = index
    contents.unfinished = unfinished
    contents.blank = blank
    contents.discard = discard + unusable.map { .segment($0) }
    return blank.isEmpty ? .intact(contents) : .torn(contents)
  }
}
