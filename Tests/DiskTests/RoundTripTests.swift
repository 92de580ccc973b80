import Bytes
import Journal
import KVStore
import Support
import VSR
import XCTest

@testable import Disk

final class RoundTripTests: DiskTestCase {
  func testAnEmptyDirectoryIsBegun() throws {
    let opened = try open().get()
    XCTAssertEqual(opened.notes, [.empty])
    XCTAssertEqual(opened.restored.incarnation, 77)
    XCTAssertEqual(Mark(opened.restored), Author().marks[0])
    XCTAssertNil(opened.restored.snapshot)
    close(opened.disk)
    XCTAssertEqual(try files().keys.sorted(), ["0000000000000001.log", "lock", "meta"])
    let again = try open(directory + "///", .fresh(78)).get()
    XCTAssertEqual(again.notes, [.intact])
    XCTAssertEqual(again.restored.incarnation, 77)
    close(again.disk)
  }

  func testWhatIsRecordedIsFoundAgain() throws {
    for seed in 0..<12 as Range<UInt64> {
      var random = Random(state: seed)
      let directory = "\(root)/\(seed)"
      var author = Author()
      for life in 0..<5 {
        let opened = try open(directory).get()
        XCTAssertEqual(opened.notes, [life == 0 ? .empty : .intact], "seed \(seed)")
        XCTAssertEqual(Mark(opened.restored), author.marks.last, "seed \(seed) life \(life)")
        author = Author(opened.restored)
        live(opened.disk, author, &random)
        close(opened.disk)
      }
    }
  }

  /// Turns of records, with snapshots now and then, till everything is durable.
  private func live(_ disk: Disk, _ author: Author, _ random: inout Random) {
    let listener = Listener()
    disk.handler = listener
    disk.record([author.begin()])
    var savedLast: Op = 0
    for _ in 0..<(1 + random.below(60)) {
      disk.record((0..<random.below(8)).map { _ in author.next(&random) })
      disk.flush()
      if random.isTrue(percent: 50) { loop.poll() }
      if random.isTrue(percent: 10), let snapshot = author.snapshot, snapshot.op > savedLast {
        savedLast = snapshot.op
        disk.save(snapshot)
        run { listener.saved.last == savedLast }
        disk.recycle(through: savedLast)
        author.recycle(through: savedLast)
      }
    }
    run { listener.synced == UInt64(author.marks.count - 1) }
    XCTAssertEqual(listener.failures, [])
    XCTAssertEqual(disk.report.records, listener.synced)
  }

  /// A log that reaches over many segments comes as one record: a segment is prepared for each part.
  func testAnInstallationOverManySegments() throws {
    var random = Random(state: 1)
    let author = Author()
    let opened = try open().get()
    let listener = Listener()
    opened.disk.handler = listener
    opened.disk.record([author.begin()])
    opened.disk.record([author.install(after: 0, (0..<100).map { _ in random.noise(5000) })])
    opened.disk.record([author.append([1])])
    opened.disk.flush()
    run { listener.synced == 3 }
    XCTAssertGreaterThan(opened.disk.report.segmentsPrepared, 7)
    close(opened.disk)
    let again = try open().get()
    XCTAssertEqual(Mark(again.restored), author.marks.last)
    XCTAssertEqual(again.restored.log.entries(in: 1...101).count, 101)
    close(again.disk)
  }

  /// A turn that ends while a write is under way shares the next one with all that come before that begins.
  func testTurnsShareAWrite() throws {
    let author = Author()
    let opened = try open().get()
    let listener = Listener()
    opened.disk.handler = listener
    opened.disk.record([author.begin()])
    opened.disk.flush()
    for _ in 0..<100 {
      opened.disk.record([author.append([1, 2, 3])])
      opened.disk.flush()
    }
    run { listener.synced == 101 }
    XCTAssertEqual(opened.disk.report.syncs, 2)
    close(opened.disk)
  }

  func testClosingKeepsWhatWasRecorded() throws {
    var random = Random(state: 2)
    let author = Author()
    let opened = try open().get()
    opened.disk.record([author.begin()])
    for _ in 0..<500 { opened.disk.record([author.append(random.noise(900))]) }
    var closed = 0
    opened.disk.close { closed += 1 }
    opened.disk.close { closed += 1 }
    run { closed == 2 }
    opened.disk.close { closed += 1 }
    XCTAssertEqual(closed, 3)
    let again = try open().get()
    XCTAssertEqual(Mark(again.restored), author.marks.last)
    close(again.disk)
  }

  func testASnapshotIsFoundAgain() throws {
    var random = Random(state: 3)
    let author = Author()
    let opened = try open().get()
    let listener = Listener()
    opened.disk.handler = listener
    opened.disk.record([author.begin()])
    for _ in 0..<40 { opened.disk.record([author.append(random.noise(4000))]) }
    opened.disk.record([author.commit(through: 30)])
    opened.disk.flush()
    var snapshot = try XCTUnwrap(author.snapshot)
    snapshot.store = SampleStore.make(keys: 3000, valueBytes: 100)
    run { listener.synced == 42 }
    opened.disk.save(snapshot)
    run { listener.saved == [30] }
    opened.disk.recycle(through: 30)
    close(opened.disk)
    let again = try open().get()
    XCTAssertEqual(again.notes, [.intact])
    XCTAssertEqual(Mark(again.restored), author.marks.last)
    var found = try XCTUnwrap(again.restored.snapshot)
    XCTAssertEqual(found.op, 30)
    XCTAssertEqual(found.digest, snapshot.digest)
    XCTAssertEqual(found.store.stateHash(), snapshot.store.stateHash())
    XCTAssertLessThanOrEqual(again.restored.log.base, 30)
    close(again.disk)
  }
}
