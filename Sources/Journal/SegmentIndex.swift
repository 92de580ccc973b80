/// Which ops the segments hold, as far as recycling needs to know.
package struct SegmentIndex: Equatable, Sendable {
  /// Ascending, without gaps: sequence number, and greatest op of an entry in it (0: none).
  private var segments: [(sequence: UInt64, opMax: UInt64)] = []

  package init() {}

  /// The first segment; there must be one.
  package var first: UInt64 { segments[0].sequence }

  package mutating func begin(_ sequence: UInt64) {
    if segments.last?.sequence == sequence { return }
    precondition(segments.isEmpty || segments.last?.sequence == sequence - 1)
    segments.append((sequence, 0))
  }

  package mutating func note(op: UInt64, in sequence: UInt64) {
    precondition(segments.last?.sequence == sequence)
    segments[segments.count - 1].opMax = max(segments[segments.count - 1].opMax, op)
  }

  /// The first segment with an entry above `op`, or the last segment.
  package func floor(behind op: UInt64) -> UInt64 {
    (segments.first { $0.opMax > op } ?? segments[segments.count - 1]).sequence
  }

  package mutating func drop(before floor: UInt64) {
    precondition(segments.isEmpty || floor <= segments[segments.count - 1].sequence)
    segments.removeAll { $0.sequence < floor }
  }

  package static func == (left: SegmentIndex, right: SegmentIndex) -> Bool {
    left.segments.elementsEqual(right.segments) { $0 == $1 }
  }
}
