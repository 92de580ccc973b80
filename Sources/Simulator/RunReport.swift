/// What a run did.
package struct RunReport: Sendable {
  package var seed: UInt64
  package var steps = 0
  /// Equal for equal runs: over every event and effect.
  package var traceHash: UInt64 = 0
  package var virtualTime: UInt64 = 0
  package var opsCommitted = 0
  package var viewChanges = 0
  /// Views left whose primary was alive, and neither it nor its links had been in trouble of late.
  package var viewsLeftNeedlessly = 0
  package var epochs = 0
  package var lineages = 0
  package var snapshotsInstalled = 0
  package var readsDone = 0
  package var dumpsDone = 0
  package var writesDone = 0
  package var refused = 0
  package var unknown = 0
  /// Answers without a quorum; writes so kept, and how they ended.
  package var degraded = 0
  package var keptApplied = 0
  package var keptLost = 0
  package var messages = 0
  /// Of frames sent.
  package var bytes = 0
  /// Keys whose history has too many open ends to be judged.
  package var undecided = 0
  /// Segments begun, and how many of them were recycled ones.
  package var segments = 0
  package var segmentsRecycled = 0
  /// Openings that cut off what was not synced, that a crash interrupted, that set damaged files aside.
  package var openingsTorn = 0
  package var openingsInterrupted = 0
  package var openingsDamaged = 0
  /// By place in `FaultKind.allCases`: how often it happened.
  package var faults = [Int](repeating: 0, count: FaultKind.allCases.count)
  package var violation: Violation?

  package init(seed: UInt64) {
    self.seed = seed
  }

  mutating func add(_ figures: DiskFigures) {
    segments += figures.segments
    segmentsRecycled += figures.segmentsRecycled
    openingsTorn += figures.torn
    openingsInterrupted += figures.interrupted
    openingsDamaged += figures.setAside
  }
}
