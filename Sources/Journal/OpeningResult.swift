/// What a directory holds, and what to do about it.
package enum OpeningResult: Equatable, Sendable {
  /// No journal, and nothing that was ever one. Remove these leftovers and begin one.
  case empty(discard: [JournalFile])
  /// Every record that was ever written and synced, up to the last.
  case intact(JournalContents)
  /// The same; after them are parts of writes that no completed sync covered, so nobody was ever told of them.
  case torn(JournalContents)
  /// Something that was durable is gone or changed, or it cannot be excluded. The files are set aside and the
  /// server goes on as a new incarnation.
  case damaged(JournalDamage)
  /// A journal of another server or another cluster, or a directory of something else. Touch nothing.
  case foreign(JournalForeigner)
  /// Written by a later version of this program. Touch nothing.
  case newer(version: UInt32)
}

/// A journal that can be gone on with.
package struct JournalContents: Equatable, Sendable {
  package struct Segment: Equatable, Sendable {
    package let sequence: UInt64
    /// Sectors that hold records: for `readRecords`.
    package let end: Int
  }

  package var meta: Meta
  /// The snapshot to begin with.
  package var snapshot: UInt64?
  /// The segments to read after it, in this order. They may begin with ops that the snapshot has.
  package var segments: [Segment] = []
  /// Where the writer goes on.
  package var end: Position
  /// The last prepared segment, once `blank` is done.
  package var ready: UInt64
  package var index = SegmentIndex()
  /// The segment in which an installation begins that has no end.
  package var unfinished: UInt64?
  /// From each of these places to the end of its file, zeros are to be written.
  package var blank: [Position] = []
  /// Files of no use.
  package var discard: [JournalFile] = []
}

package enum JournalDamage: Equatable, Sendable {
  case metaMissing
  case metaDamaged
  case segmentMissing(UInt64)
  case segmentSize(UInt64, bytes: Int)
  case sector(Position)
  /// A sector written later knew everything before `durable` (sectors, absolute) to be durable.
  case lost(at: Position, durable: UInt64)
  /// The log goes on after this snapshot, and it is not there.
  case snapshotLost(UInt64)
}

package enum JournalForeigner: Equatable, Sendable {
  /// `formation`: what its `meta` says besides.
  case cluster(formation: [UInt8])
  case address([UInt8])
  /// Files that no journal has, and no `meta`.
  case directory
}
