import Bytes
import Journal
import KVStore
import VSR
import XCTest

@testable import Simulator

final class DiskTests: XCTestCase {
  private let hashKey = HashKey(1, 2)
  private let seeds: ClosedRange<UInt64> = 1...60

  private func chain(_ count: Int, after op: Op = 0, parent: Digest = .zero, view: View = 0) -> [LogEntry] {
    var entries: [LogEntry] = []
    for offset in 0..<count {
      entries.append(
        LogEntry(
          op: op + UInt64(offset) + 1, view: view, kind: .noop, body: [],
          parent: entries.last?.digest ?? parent))
    }
    return entries
  }

  private func open(
    _ disk: inout SimulatedDisk, _ random: inout Random, mayStop: Bool = false
  ) -> DiskOpening {
    disk.open(hashKey: hashKey, fresh: 77, random: &random, mayStop: mayStop)
  }

  private func restored(
    _ disk: inout SimulatedDisk, _ random: inout Random, mayStop: Bool = false, line: UInt = #line
  ) throws -> Restored {
    switch open(&disk, &random, mayStop: mayStop) {
    case .restored(let found): return found
    case .violation(let rule, let detail):
      XCTFail("\(rule): \(detail)", line: line)
      throw CancellationError()
    }
  }

  /// A disk whose first start is over.
  private func started(
    _ random: inout Random, _ settings: DiskSettings = DiskSettings(serverCount: 3)
  ) throws -> SimulatedDisk {
    var disk = SimulatedDisk(incarnation: 9, settings: settings)
    let blank = try restored(&disk, &random)
    XCTAssertEqual(blank.incarnation, 9)
    XCTAssertEqual(blank.log.head, 0)
    XCTAssertEqual(blank.state, .blank)
    return disk
  }

  /// One group for each entry, as when each came in a turn of its own.
  private func write(_ entries: some Sequence<LogEntry>, to disk: inout SimulatedDisk) {
    for entry in entries { disk.write([.append(entry)]) }
  }

  private func sync(_ disk: inout SimulatedDisk) {
    while disk.needsSync {
      disk.beginSync()
      _ = disk.endSync()
    }
  }

  // MARK: - Crashes

  func testSyncedRecordsSurviveAndOthersInOrder() throws {
    let entries = chain(9)
    var heads: Set<Op> = []
    for seed in seeds {
      var random = Random(seed: seed, stream: .disk)
      var disk = try started(&random)
      write(entries[..<4], to: &disk)
      sync(&disk)
      write(entries[4...], to: &disk)
      disk.crash(losesCache: true, &random)
      let found = try restored(&disk, &random, mayStop: true)
      XCTAssertGreaterThanOrEqual(found.log.head, 4)
      XCTAssertEqual(found.log.headDigest, entries[Int(found.log.head) - 1].digest)
      heads.insert(found.log.head)
    }
    XCTAssertTrue(heads.isSuperset(of: [4, 5, 9]), "\(heads)")
  }

  func testADeadProcessLeavesAllItWrote() throws {
    let entries = chain(5)
    for seed in seeds {
      var random = Random(seed: seed, stream: .disk)
      var disk = try started(&random)
      write(entries, to: &disk)
      disk.crash(losesCache: false, &random)
      XCTAssertEqual(try restored(&disk, &random).log.head, 5)
      // What was only in the cache was synced before the start was over.
      disk.crash(losesCache: true, &random)
      XCTAssertEqual(try restored(&disk, &random, mayStop: true).log.head, 5)
    }
  }

  func testInstallReplacesWhatFollows() throws {
    let entries = chain(4)
    let others = chain(1, after: 2, parent: entries[1].digest, view: 3)
    var state = HardState.blank
    state.view = 3
    var random = Random(seed: 1, stream: .disk)
    var disk = try started(&random)
    write(entries, to: &disk)
    disk.write([.install(state, LogSegment(after: 2, digest: entries[1].digest, entries: others))])
    sync(&disk)
    disk.crash(losesCache: true, &random)
    let found = try restored(&disk, &random)
    XCTAssertEqual(found.log.headDigest, others[0].digest)
    XCTAssertEqual(found.state, state)
  }

  func testAGapIsNoticed() throws {
    var random = Random(seed: 1, stream: .disk)
    var disk = try started(&random)
    disk.write([.append(chain(2)[1])])
    sync(&disk)
    XCTAssertNotNil(disk.contradiction)
  }

  func testAnEmptyDiskIsBlank() throws {
    var random = Random(seed: 1, stream: .disk)
    var disk = try started(&random)
    write(chain(2), to: &disk)
    sync(&disk)
    disk.crash(losesCache: false, &random)
    disk.reset(incarnation: 10)
    let found = try restored(&disk, &random)
    XCTAssertEqual(found.incarnation, 10)
    XCTAssertEqual(found.log.head, 0)
    XCTAssertEqual(found.state, .blank)
  }

  // MARK: - Pitfall: an fdatasync credited with a later write

  private func syncWithALaterWrite(_ seed: UInt64, covers: Bool) throws -> (Op, DiskOpening) {
    var settings = DiskSettings(serverCount: 3)
    settings.syncCoversOnlyEarlierWrites = covers
    var random = Random(seed: seed, stream: .disk)
    var disk = try started(&random, settings)
    let entries = chain(4)
    write(entries[..<2], to: &disk)
    disk.beginSync()
    write(entries[2...], to: &disk)
    let synced = disk.endSync()
    disk.crash(losesCache: true, &random)
    return (synced, open(&disk, &random))
  }

  func testASyncCoversOnlyWhatWasWrittenBefore() throws {
    var lost = 0
    var violations = 0
    for seed in seeds {
      let (synced, outcome) = try syncWithALaterWrite(seed, covers: true)
      XCTAssertEqual(synced, 2)
      guard case .restored(let found) = outcome else { return XCTFail("seed \(seed): \(outcome)") }
      XCTAssertGreaterThanOrEqual(found.log.head, 2)
      if found.log.head < 4 { lost += 1 }
      if case .violation(.syncedSurvives, _) = try syncWithALaterWrite(seed, covers: false).1 {
        violations += 1
      }
    }
    XCTAssertGreaterThan(lost, 10)
    XCTAssertEqual(violations, lost)
  }

  // MARK: - Pitfall: damage taken for a torn tail

  private func rotten(_ seed: UInt64, isNoticed: Bool) throws -> DiskOpening {
    var settings = DiskSettings(serverCount: 3)
    settings.damageIsNotATornTail = isNoticed
    var random = Random(seed: seed, stream: .disk)
    var disk = try started(&random, settings)
    for entry in chain(30) {
      disk.write([.append(entry)])
      sync(&disk)
    }
    disk.crash(losesCache: true, &random)
    disk.rot(&random)
    XCTAssertTrue(disk.isRotten)
    return open(&disk, &random)
  }

  func testDamageIsNotTakenForATornTail() throws {
    var setAside = 0
    var violations = 0
    for seed in seeds {
      guard case .restored(let found) = try rotten(seed, isNoticed: true) else {
        return XCTFail("seed \(seed)")
      }
      // All of it, or another life.
      if found.incarnation == 77 {
        XCTAssertEqual(found.log.head, 0)
        setAside += 1
      } else {
        XCTAssertEqual(found.log.head, 30)
      }
      if case .violation(.syncedSurvives, _) = try rotten(seed, isNoticed: false) { violations += 1 }
    }
    XCTAssertGreaterThan(setAside, 20)
    XCTAssertGreaterThan(violations, 10)
  }

  /// Where nothing was mangled, damage is a violation.
  func testDamageWithoutMangledBytesIsAViolation() throws {
    var random = Random(seed: 1, stream: .disk)
    var disk = try started(&random)
    write(chain(3), to: &disk)
    sync(&disk)
    disk.crash(losesCache: true, &random)
    disk.files.file(.segment(1))!.rot { $0[700] ^= 1 }
    guard case .violation(.openingIsNotDamaged, _) = open(&disk, &random) else {
      return XCTFail("not noticed")
    }
  }

  func testAForeignOrNewerJournalIsAViolation() throws {
    var random = Random(seed: 1, stream: .disk)
    var disk = try started(&random)
    disk.isRotten = true
    let other = Meta(
      cluster: Digest(low: 1, high: 1), address: DiskSettings.address, incarnation: 9,
      segmentSize: SegmentLayout.segmentSizeMin, formation: [])
    disk.files.perform(.create(.meta, other.encode()))
    guard case .violation(.openingIsNotDamaged, _) = open(&disk, &random) else {
      return XCTFail("not noticed")
    }
  }

  // MARK: - Segments and snapshots

  private func snapshot(of entry: LogEntry) -> SnapshotState {
    SnapshotState(op: entry.op, digest: entry.digest, epoch: .none, store: Store(hashKey: hashKey))
  }

  /// 64 KiB are 128 sectors: one for each of these groups.
  func testSegmentsFollowOneAnotherAndAreRecycledBehindSnapshots() throws {
    let entries = chain(900)
    for seed in seeds.prefix(10) {
      var random = Random(seed: seed, stream: .disk)
      var disk = try started(&random)
      for entry in entries {
        disk.write([.append(entry)])
        sync(&disk)
        guard entry.op % 200 == 0 else { continue }
        disk.beginSnapshot(snapshot(of: entry))
        disk.endSnapshot()
        disk.recycle(through: entry.op - 4)
      }
      XCTAssertGreaterThanOrEqual(disk.figures.segments, 6)
      XCTAssertGreaterThan(disk.figures.segmentsRecycled, 2)
      XCTAssertLessThan(disk.files.names.count, 8)
      disk.crash(losesCache: true, &random)
      let found = try restored(&disk, &random, mayStop: true)
      XCTAssertEqual(found.snapshot?.op, 800)
      XCTAssertEqual(found.log.head, 900)
      XCTAssertEqual(found.log.headDigest, entries.last!.digest)
    }
  }

  /// A process dies between any two steps of a snapshot, then the machine stops during or after the next start.
  func testACrashAtAnyStepOfASnapshotLosesNothing() throws {
    let entries = chain(300)
    var found: Set<Op> = []
    for seed in seeds {
      var random = Random(seed: seed, stream: .disk)
      var disk = try started(&random)
      for entry in entries {
        disk.write([.append(entry)])
        sync(&disk)
      }
      disk.beginSnapshot(snapshot(of: entries[279]))
      disk.crash(losesCache: random.chance(permille: 300), &random)
      for _ in 0..<3 {
        let restored = try restored(&disk, &random, mayStop: true)
        XCTAssertEqual(restored.log.head, 300)
        found.insert(restored.snapshot?.op ?? 0)
        disk.crash(losesCache: true, &random)
      }
    }
    XCTAssertEqual(found, [0, 280])
  }

  /// A process dies between naming a snapshot and syncing the directory. The next start relies on that name: it
  /// must be durable before the segments go that only the older state of the directory needs.
  func testANameIsDurableBeforeWhatItReplacesIsRemoved() throws {
    let entries = chain(150)
    for seed in seeds {
      var random = Random(seed: seed, stream: .disk)
      var disk = try started(&random)
      for entry in entries {
        disk.write([.append(entry)])
        sync(&disk)
      }
      disk.beginSnapshot(snapshot(of: entries[139]))
      for step in disk.snapshotSteps.dropLast() { disk.files.perform(step) }
      disk.snapshotSteps.removeAll()
      disk.crash(losesCache: false, &random)
      XCTAssertEqual(try restored(&disk, &random).snapshot?.op, 140)
      XCTAssertFalse(disk.files.names.contains(.segment(1)))
      disk.crash(losesCache: true, &random)
      XCTAssertEqual(try restored(&disk, &random).snapshot?.op, 140)
    }
  }

  /// A snapshot of another lineage may be of an earlier op than the own. Once it is told to be saved, no crash
  /// brings back the one that it replaced.
  func testASnapshotThatGoesBackStays() throws {
    var midway: Set<Op> = []
    for seed in seeds {
      var random = Random(seed: seed, stream: .disk)
      var disk = try withReplacedSnapshot(&random)
      disk.endSnapshot()
      disk.crash(losesCache: true, &random)
      XCTAssertEqual(try restored(&disk, &random).snapshot?.op, 20)
      disk = try withReplacedSnapshot(&random)
      disk.crash(losesCache: true, &random)
      midway.insert(try restored(&disk, &random, mayStop: true).snapshot?.op ?? 0)
    }
    XCTAssertEqual(midway, [20, 40])
  }

  /// The same without the last sync of the directory is noticed.
  func testAReplacedSnapshotThatComesBackIsAViolation() throws {
    let noticed = try seeds.filter { seed in
      var random = Random(seed: seed, stream: .disk)
      var disk = try withReplacedSnapshot(&random)
      disk.snapshotSteps.removeLast()
      disk.endSnapshot()
      disk.crash(losesCache: true, &random)
      switch open(&disk, &random) {
      case .restored(let found):
        XCTAssertEqual(found.snapshot?.op, 20)
        return false
      case .violation(let rule, _):
        XCTAssertEqual(rule, .syncedSurvives)
        return true
      }
    }
    XCTAssertGreaterThan(noticed.count, 5)
  }

  /// A snapshot of op 40 is saved, and one of op 20, of another lineage, on its way.
  private func withReplacedSnapshot(_ random: inout Random) throws -> SimulatedDisk {
    var disk = try started(&random)
    let entries = chain(40)
    write(entries, to: &disk)
    sync(&disk)
    disk.beginSnapshot(snapshot(of: entries[39]))
    disk.endSnapshot()
    disk.recycle(through: 40)
    disk.beginSnapshot(snapshot(of: chain(20, view: 7)[19]))
    return disk
  }

  /// Where a record needs a segment that is not prepared it waits, and is not called written.
  func testRecordsWaitForASegment() throws {
    var random = Random(seed: 1, stream: .disk)
    var disk = try started(&random)
    let entries = chain(300)
    write(entries, to: &disk)
    XCTAssertLessThan(disk.written, 300)
    let written = disk.written
    disk.beginSync()
    XCTAssertEqual(disk.endSync(), written)
    XCTAssertTrue(disk.needsSync)
    sync(&disk)
    XCTAssertEqual(disk.synced, 300)
    disk.crash(losesCache: true, &random)
    XCTAssertEqual(try restored(&disk, &random).log.head, 300)
  }

  // MARK: - The first record

  /// The core's first record voids what a crash left half installed, and says where the log goes on.
  func testTheFirstRecordSaysWhereTheLogGoesOn() throws {
    var random = Random(seed: 1, stream: .disk)
    var disk = try started(&random)
    write(chain(5), to: &disk)
    sync(&disk)
    disk.crash(losesCache: true, &random)
    let found = try restored(&disk, &random)
    var replica = Replica(
      server: 0, serverCount: 3, session: 5, restored: found, limits: Limits(), hashKey: hashKey,
      options: Options())
    var effects = Effects()
    replica.step(.tick, into: &effects)
    XCTAssertEqual(
      effects.journal.first,
      .install(found.state, LogSegment(after: 5, digest: found.log.headDigest, entries: [])))
  }
}
