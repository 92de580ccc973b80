/// A place between two sectors of the journal.
package struct Position: Hashable, Comparable, Sendable {
  /// Of the segment, from 1.
  package var sequence: UInt64
  /// Sectors of that segment before this place.
  package var sector: Int

  package init(sequence: UInt64, sector: Int) {
    self.sequence = sequence
    self.sector = sector
  }

  /// Where a new journal begins.
  package static let start = Position(sequence: 1, sector: 0)

  package static func < (left: Position, right: Position) -> Bool {
    (left.sequence, left.sector) < (right.sequence, right.sector)
  }
}

/// How a segment is divided. One size for the whole life of a directory.
package struct SegmentLayout: Equatable, Sendable {
  /// Bytes of a segment file.
  package let segmentSize: Int

  package static let segmentSizeDefault = 4 << 20
  package static let segmentSizeMin = 64 << 10
  package static let segmentSizeMax = 64 << 20

  package init(segmentSize: Int = segmentSizeDefault) {
    precondition(SegmentLayout.isValid(segmentSize: segmentSize))
    self.segmentSize = segmentSize
  }

  package static func isValid(segmentSize: Int) -> Bool {
    (segmentSizeMin...segmentSizeMax).contains(segmentSize) && segmentSize % Sector.size == 0
  }

  package var sectorCount: Int { segmentSize / Sector.size }

  /// The longest payload of a record: it fits in one segment beside the state that begins it, and one sector
  /// stays free for the mark that ends it.
  package var payloadMax: Int {
    (sectorCount - 1) * Sector.capacity - 2 * RecordHeader.size - RecordWriter.stateMax
  }

  /// Sectors from the very first on, as if all segments before were full.
  func absolute(_ position: Position) -> UInt64 {
    position.sequence &* UInt64(sectorCount) &+ UInt64(position.sector)
  }
}
