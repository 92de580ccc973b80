/// What a disk has done since it was opened.
package struct DiskReport: Sendable {
  /// Synced writes to the journal: each may hold the records of many turns.
  package internal(set) var syncs: UInt64 = 0
  /// Records that they made durable.
  package internal(set) var records: UInt64 = 0
  /// Bytes of the journal, padding included.
  package internal(set) var bytesWritten: UInt64 = 0
  /// From the begin of a write to its being durable, in nanoseconds: the sum, and the longest.
  package internal(set) var syncNanoseconds: UInt64 = 0
  package internal(set) var syncNanosecondsMax: UInt64 = 0
  /// Segments prepared, and how many of them were used before.
  package internal(set) var segmentsPrepared: UInt64 = 0
  package internal(set) var segmentsRecycled: UInt64 = 0
  package internal(set) var snapshots: UInt64 = 0
  package internal(set) var snapshotBytes: UInt64 = 0

  mutating func addSync(bytes: Int, records count: UInt64, nanoseconds: UInt64) {
    syncs += 1
    records += count
    bytesWritten += UInt64(bytes)
    syncNanoseconds += nanoseconds
    syncNanosecondsMax = max(syncNanosecondsMax, nanoseconds)
  }
}
