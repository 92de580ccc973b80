import Bytes

/// What one segment's bytes say, taken alone.
struct SegmentScan {
  /// After the last group before which, and in which, no sector is missing.
  var end = 0
  /// That group is the end mark: the next segment goes on.
  var isEnded = false
  /// Nothing but zeros from `end` on.
  var isBlankAfterEnd = true
  /// The furthest place that a sector here knew to be durable (`SegmentLayout.absolute`).
  var durable: UInt64 = 0
  /// Greatest op of an entry before `end`, 0 if there is none.
  var opMax: UInt64 = 0
  /// Greatest op of a checkpoint before `end`, 0 if there is none.
  var checkpointMax: UInt64 = 0
  /// Whether an installation that begins here, or before, has no end here. Nil: nothing here tells.
  var isInstalling: Bool?
  /// The first sector that is neither whole nor zero, or stands where none can.
  var damagedSector: Int?

  private var isWhole = true
  /// A segment's first record repeats the state.
  private var isAtFirstRecord = true

  /// `bytes` has the layout's size.
  init(_ bytes: UnsafeRawBufferPointer, sequence: UInt64, incarnation: UInt64, layout: SegmentLayout) {
    precondition(bytes.count == layout.segmentSize)
    var stream: [UInt8] = []
    for number in 0..<layout.sectorCount {
      let sector = UnsafeRawBufferPointer(rebasing: bytes[number * Sector.size..<(number + 1) * Sector.size])
      switch Sector.read(sector, number: number, key: (incarnation, sequence)) {
      case .zero:
        isWhole = false
      case .damaged:
        damagedSector = number
        return
      case .valid(let header):
        let place = layout.absolute(Position(sequence: sequence, sector: number))
        isBlankAfterEnd = false
        guard !isEnded, UInt64(header.behind) <= place else {
          damagedSector = number
          return
        }
        durable = max(durable, place - UInt64(header.behind))
        if isWhole, !take(sector, header, number, &stream) || (number == layout.sectorCount - 1 && !isEnded) {
          damagedSector = number
          return
        }
      }
    }
  }

  /// False if the group that ends here makes no sense.
  private mutating func take(
    _ sector: UnsafeRawBufferPointer, _ header: Sector.Header, _ number: Int, _ stream: inout [UInt8]
  ) -> Bool {
    let part = sector[Sector.headerSize..<Sector.headerSize + header.used]
    stream.put(UnsafeRawBufferPointer(rebasing: part))
    guard header.isLast else { return true }
    let isSound = stream.withUnsafeBytes { noteRecords(ByteReader($0)) }
    stream.removeAll(keepingCapacity: true)
    end = number + 1
    isBlankAfterEnd = true
    return isSound
  }

  private mutating func noteRecords(_ group: ByteReader) -> Bool {
    var group = group
    while !group.isAtEnd {
      guard !isEnded, let record = try? group.takeRecord() else { return false }
      switch record.kind {
      case .entry: opMax = max(opMax, record.op)
      case .checkpoint: checkpointMax = max(checkpointMax, record.op)
      case .end: isEnded = true
      case .truncate: isInstalling = true
      case .state: if !isAtFirstRecord { isInstalling = false }
      case .keep, .dropKept: break
      }
      isAtFirstRecord = false
    }
    return true
  }
}
