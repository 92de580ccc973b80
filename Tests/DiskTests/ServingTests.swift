import Bytes
import Foundation
import Journal
import KVStore
import Support
import UV
import VSR
import XCTest

@testable import Disk

/// A disk at work: what it tells when, and what it takes.
final class ServingTests: DiskTestCase {
  /// A record is durable once the write that holds it is complete, never before: also with a snapshot and
  /// segments under way.
  func testNothingIsToldBeforeItsWriteIsComplete() throws {
    var begun: [Int: Int] = [:]
    var complete: Set<Int> = []
    var next = 0
    var under: [DiskProbe.Operation: Int] = [:]
    let author = Author()
    let listener = Listener()
    /// For each write, how many records had been given when it began.
    let probe = DiskProbe(
      begins: { operation in
        guard case .append(.segment, _, _) = operation else { return }
        begun[next] = author.marks.count - 1
        under[operation] = next
        next += 1
      },
      ended: { operation in
        if let write = under.removeValue(forKey: operation) { complete.insert(write) }
        return nil
      })
    let opened = try open(nil, .sample, DiskOptions(small: probe)).get()
    opened.disk.handler = listener
    var told: UInt64 = 0
    listener.onSynced = { _ in
      let covered = complete.compactMap { begun[$0] }.max() ?? 0
      XCTAssertLessThanOrEqual(listener.synced, UInt64(covered), "told before a write that can hold it")
      XCTAssertTrue(
        begun.allSatisfy { $0.value >= Int(listener.synced) || complete.contains($0.key) },
        "told while an earlier write is under way")
      told += 1
    }
    var random = Random(state: 3)
    opened.disk.record([author.begin()])
    for turn in 0..<300 {
      opened.disk.record((0..<random.below(4)).map { _ in author.next(&random) })
      opened.disk.flush()
      loop.poll()
      let given = UInt64(author.marks.count - 1)
      if turn % 10 == 0 { run { listener.synced == given } }
      if turn == 150 {
        run { listener.synced == UInt64(author.marks.count - 1) }
        if let snapshot = author.snapshot { opened.disk.save(snapshot) }
      }
    }
    run { listener.synced == UInt64(author.marks.count - 1) && listener.saved.count == 1 }
    XCTAssertGreaterThan(told, 10)
    listener.onSynced = { _ in }
    close(opened.disk)
  }

  /// Snapshots come and go with the log, and what is on the disk stays within a few segments.
  func testDiskUseIsBounded() throws {
    var random = Random(state: 4)
    let author = Author()
    let opened = try open().get()
    let listener = Listener()
    opened.disk.handler = listener
    opened.disk.record([author.begin()])
    var filesMax = 0
    for _ in 0..<60 {
      for _ in 0..<20 { opened.disk.record([author.append(random.noise(3000))]) }
      opened.disk.record([author.commit(through: author.log.head)])
      opened.disk.flush()
      run { listener.synced == UInt64(author.marks.count - 1) }
      let op = author.state.commit
      opened.disk.save(try XCTUnwrap(author.snapshot))
      run { listener.saved.last == op }
      opened.disk.recycle(through: op)
      author.recycle(through: op)
      filesMax = max(filesMax, try files().count)
    }
    XCTAssertGreaterThan(opened.disk.report.segmentsPrepared, 50)
    XCTAssertGreaterThan(opened.disk.report.segmentsRecycled, 40)
    // In use, next, to be used again, two that a snapshot spans; meta, lock, two snapshots, a draft.
    XCTAssertLessThanOrEqual(filesMax, 10)
    close(opened.disk)
    let again = try open().get()
    XCTAssertEqual(Mark(again.restored), author.marks.last)
    close(again.disk)
  }

  /// A snapshot of another history may be of an earlier op than the own: opening must find that one.
  func testASnapshotThatGoesBack() throws {
    let author = Author()
    let opened = try open().get()
    let listener = Listener()
    opened.disk.handler = listener
    opened.disk.record([author.begin()] + (1...40).map { author.append([UInt8($0)]) })
    opened.disk.record([author.commit(through: 40)])
    opened.disk.flush()
    run { listener.synced == 42 }
    opened.disk.save(try XCTUnwrap(author.snapshot))
    run { listener.saved == [40] }
    opened.disk.recycle(through: 40)
    let other = SnapshotState(
      op: 20, digest: Digest(low: 8, high: 9), epoch: .none, store: SampleStore.make(keys: 10, valueBytes: 1))
    opened.disk.save(other)
    run { listener.saved == [40, 20] }
    XCTAssertEqual(
      try files().keys.filter { $0.hasSuffix(".snap") }, ["0000000000000014.snap"], "before it is told")
    opened.disk.recycle(through: 20)
    close(opened.disk)
    let again = try open().get()
    XCTAssertEqual(again.notes, [.intact])
    XCTAssertEqual(again.restored.snapshot?.digest, other.digest)
    close(again.disk)
  }

  /// The same where a segment begins with the op behind that snapshot: what it follows must still be there, or
  /// it would be taken for a log with a gap.
  func testASnapshotOfAnotherHistoryBeforeASegmentsFirstOp() throws {
    var random = Random(state: 5)
    let author = Author()
    let opened = try open().get()
    let listener = Listener()
    opened.disk.handler = listener
    opened.disk.record([author.begin()])
    while opened.disk.queue.writer.position.sequence == 1 {
      opened.disk.record([author.append(random.noise(3000))])
      opened.disk.flush()
      run { listener.synced == UInt64(author.marks.count - 1) }
    }
    let op = author.log.head - 1
    let other = SnapshotState(
      op: op, digest: Digest(low: 8, high: 9), epoch: .none, store: SampleStore.make(keys: 10, valueBytes: 1))
    opened.disk.save(other)
    run { listener.saved == [op] }
    opened.disk.recycle(through: op)
    close(opened.disk)
    let again = try open().get()
    XCTAssertEqual(again.notes, [.intact])
    XCTAssertEqual(again.restored.snapshot?.digest, other.digest)
    XCTAssertEqual(again.restored.log.head, op)
    XCTAssertEqual(again.restored.log.headDigest, other.digest)
    close(again.disk)
  }

  /// Closing gives up a snapshot that is not whole, wherever it is; the next start removes the draft.
  func testClosingInTheMiddleOfASnapshot() throws {
    let draft = JournalFile.snapshotDraft.name
    let store = SampleStore.make(keys: 1000, valueBytes: 1300)
    var wasLeft = false
    for turns in [0, 1, 2, 3, 5, 8, 13, 21] {
      let directory = "\(root)/\(turns)"
      let author = Author()
      let opened = try open(directory).get()
      let listener = Listener()
      opened.disk.handler = listener
      opened.disk.record([author.begin(), author.append([1]), author.commit(through: 1)])
      opened.disk.flush()
      run { listener.synced == 3 }
      var snapshot = try XCTUnwrap(author.snapshot)
      snapshot.store = store
      opened.disk.save(snapshot)
      for _ in 0..<turns { loop.runOnce() }
      opened.disk.record([author.append([2])])
      close(opened.disk)
      XCTAssertEqual(listener.saved, [])
      wasLeft = try wasLeft || files(directory)[draft] != nil
      let again = try open(directory).get()
      XCTAssertEqual(again.notes, [.intact])
      XCTAssertEqual(Mark(again.restored), author.marks.last)
      XCTAssertNil(try files(directory)[draft])
      close(again.disk)
    }
    XCTAssertTrue(wasLeft)
  }

  /// Records go on while a large store is written down; each turn of the loop stays short. `DISK_MEASURE=1` prints
  /// how short.
  func testALargeSnapshotBesideRecords() throws {
    let isMeasuring = ProcessInfo.processInfo.environment["DISK_MEASURE"] != nil
    let keys = isMeasuring ? 48_000 : 4000
    let author = Author()
    let opened = try open(nil, .sample, isMeasuring ? DiskOptions() : .small).get()
    let listener = Listener()
    let disk = opened.disk
    disk.handler = listener
    disk.record([author.begin(), author.append([1]), author.commit(through: 1)])
    disk.flush()
    var store = SampleStore.make(keys: keys, valueBytes: 1300)
    var snapshot = try XCTUnwrap(author.snapshot)
    snapshot.store = store
    let hash = snapshot.store.stateHash()
    var turns = Turns()
    run { listener.synced == 3 }
    disk.save(snapshot)
    var random = Random(state: 9)
    var number = 0
    let syncedBefore = listener.synced
    var syncedWhile: UInt64 = 0
    while listener.saved.isEmpty {
      turns.begin()
      loop.runOnce()
      turns.waited()
      // The store goes on, every shard of it before the snapshot is whole.
      for _ in 0..<20 {
        SampleStore.set(random.below(keys), 1300, in: &store)
        number += 1
      }
      disk.record([author.append([1, 2, 3, 4])])
      disk.flush()
      turns.end()
      syncedWhile = listener.synced
    }
    XCTAssertGreaterThan(syncedWhile, syncedBefore, "records waited for the snapshot")
    if isMeasuring { turns.report(disk.report, store.bytes) }
    run { listener.synced == UInt64(author.marks.count - 1) }
    close(disk)
    let again = try open().get()
    XCTAssertEqual(Mark(again.restored), author.marks.last)
    var found = try XCTUnwrap(again.restored.snapshot)
    XCTAssertEqual(found.store.stateHash(), hash)
    close(again.disk)
  }
}

/// How long the loop was busy, and with what.
private struct Turns {
  private var start: UInt64 = 0
  private var middle: UInt64 = 0
  private var loopTimes: [UInt64] = []
  private var writeTimes: [UInt64] = []

  mutating func begin() { start = Clock.nanoseconds }

  mutating func waited() {
    middle = Clock.nanoseconds
    loopTimes.append(middle - start)
  }

  mutating func end() { writeTimes.append(Clock.nanoseconds - middle) }

  func report(_ report: DiskReport, _ bytes: Int) {
    func line(_ name: String, _ times: [UInt64]) {
      let sorted = times.sorted().map { Double($0) / 1e6 }
      let middle = sorted[sorted.count / 2]
      let high = sorted[sorted.count * 99 / 100]
      print("\(name): \(sorted.count), median \(middle) ms, 99 % \(high) ms, longest \(sorted.last ?? 0) ms")
    }
    print("store \(bytes) bytes, snapshot \(report.snapshotBytes) bytes")
    line("turns of the loop, waiting included", loopTimes)
    line("20 writes to the store and a record", writeTimes)
    print("syncs \(report.syncs), mean \(report.syncNanoseconds / max(report.syncs, 1)) ns, ")
    print("longest \(report.syncNanosecondsMax) ns")
  }
}
