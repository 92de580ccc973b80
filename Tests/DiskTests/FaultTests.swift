import Bytes
import Foundation
import Journal
import Support
import UV
import VSR
import XCTest

@testable import Disk

/// A disk that fails says so once, and nothing else after that.
final class FaultTests: DiskTestCase {
  /// Runs until the disk has failed. `isHit`: the first operation that it names ends in `error`.
  private func failure(
    _ error: UVError = .inputOutput, savesSnapshot: Bool = false,
    file: StaticString = #filePath, line: UInt = #line, where isHit: @escaping (DiskProbe.Operation) -> Bool
  ) throws -> (DiskFailure?, Listener, Author) {
    var isArmed = false
    let probe = DiskProbe(ended: { isArmed && isHit($0) ? error : nil })
    let opened = try open(nil, .sample, DiskOptions(small: probe)).get()
    let listener = Listener()
    let author = Author()
    let disk = opened.disk
    disk.handler = listener
    disk.record([author.begin()])
    for _ in 0..<5 { disk.record([author.append([1, 2, 3])]) }
    disk.record([author.commit(through: 3)])
    disk.flush()
    run { listener.synced == 7 }
    isArmed = true
    if savesSnapshot { disk.save(try XCTUnwrap(author.snapshot)) }
    var random = Random(state: 1)
    run(file: file, line: line) {
      if savesSnapshot, listener.saved == [3] { disk.recycle(through: 3) }
      disk.record([author.append(random.noise(2000))])
      disk.flush()
      return !listener.failures.isEmpty || listener.synced > 200
    }
    let synced = listener.synced
    // Whatever is asked of it now is without effect.
    disk.record([author.append([4])])
    disk.flush()
    disk.recycle(through: 3)
    close(disk)
    XCTAssertEqual(listener.synced, synced, file: file, line: line)
    XCTAssertEqual(listener.failures.count, 1, file: file, line: line)
    return (listener.failures.first, listener, author)
  }

  func testAFailedWriteOfRecords() throws {
    let (failure, listener, _) = try failure { if case .append(.segment, _, _) = $0 { true } else { false } }
    XCTAssertEqual(failure?.message, "\(directory)/0000000000000001.log: cannot write: i/o error")
    XCTAssertEqual(listener.synced, 7)
  }

  func testNoRoomForASegment() throws {
    let (failure, _, _) = try failure(.noSpace) { if case .step(.blank) = $0 { true } else { false } }
    XCTAssertEqual(failure?.message, "\(directory): cannot write: no space left on device")
  }

  func testASegmentThatCannotBeSyncedOrNamed() throws {
    for step in [
      DiskStep.sync(.segmentDraft), .rename(.segmentDraft, to: .segment(2)), .syncDirectory,
      .open(.segment(2), synced: true),
    ] {
      XCTAssertNotNil(try failure { $0 == .step(step) }.0, "\(step)")
      try FileManager.default.removeItem(atPath: directory)
    }
  }

  func testASnapshotThatCannotBeMade() throws {
    let steps: [DiskProbe.Operation] = [
      .step(.create(.snapshotDraft)), .step(.sync(.snapshotDraft)),
      .step(.rename(.snapshotDraft, to: .snapshot(3))),
    ]
    for step in steps {
      let (failure, listener, _) = try failure(savesSnapshot: true) { $0 == step }
      XCTAssertNotNil(failure, "\(step)")
      XCTAssertEqual(listener.saved, [])
      try FileManager.default.removeItem(atPath: directory)
    }
    let (failure, _, _) = try failure(.noSpace, savesSnapshot: true) {
      if case .append(.snapshotDraft, _, _) = $0 { true } else { false }
    }
    XCTAssertEqual(failure?.message, "\(directory)/snapshot.new: cannot write: no space left on device")
  }

  func testEverythingFailsAtOnce() throws {
    let (failure, listener, _) = try failure(savesSnapshot: true) { _ in true }
    XCTAssertNotNil(failure)
    XCTAssertEqual(listener.saved, [])
    XCTAssertEqual(listener.synced, 7)
  }

  func testAFailureWhileClosing() throws {
    var isArmed = false
    let probe = DiskProbe(ended: { _ in isArmed ? .inputOutput : nil })
    let opened = try open(nil, .sample, DiskOptions(small: probe)).get()
    let listener = Listener()
    let author = Author()
    opened.disk.handler = listener
    opened.disk.record([author.begin()])
    isArmed = true
    close(opened.disk)
    XCTAssertEqual(listener.failures.count, 1)
    XCTAssertEqual(listener.synced, 0)
  }

  func testWhatIsSuperfluousAndCannotBeRemoved() throws {
    var author = Author()
    let opened = try open().get()
    let listener = Listener()
    opened.disk.handler = listener
    opened.disk.record([author.begin(), author.append([1]), author.commit(through: 1)])
    opened.disk.flush()
    opened.disk.save(try XCTUnwrap(author.snapshot))
    run { listener.saved == [1] }
    close(opened.disk)
    let probe = DiskProbe(ended: { if case .step(.remove(.snapshot)) = $0 { .inputOutput } else { nil } })
    let again = try open(nil, .sample, DiskOptions(small: probe)).get()
    author = Author(again.restored)
    let second = Listener()
    again.disk.handler = second
    again.disk.record([author.begin(), author.append([1]), author.commit(through: 2)])
    again.disk.flush()
    again.disk.save(try XCTUnwrap(author.snapshot))
    run { second.saved == [2] }
    again.disk.recycle(through: 2)
    run { second.failures.count == 1 }
    close(again.disk)
  }

  /// A real device that is full: everything told before is still there.
  func testAFullDevice() throws {
    let mount = try Mount(at: "\(root)/mount", options: "size=400k")
    defer { mount.end() }
    let opened = try open(mount.path).get()
    let listener = Listener()
    let author = Author()
    opened.disk.handler = listener
    opened.disk.record([author.begin()])
    var random = Random(state: 1)
    run {
      opened.disk.record([author.append(random.noise(1000))])
      opened.disk.flush()
      return !listener.failures.isEmpty
    }
    XCTAssertEqual(
      listener.failures.first?.message, "\(mount.path)/segment.new: cannot write: no space left on device")
    close(opened.disk)
    let again = try open(mount.path).get()
    XCTAssertTrue(author.marks[Int(listener.synced)...].contains(Mark(again.restored)))
    close(again.disk)
  }

  /// Opening stops at whatever it cannot do, and lets go of the directory.
  func testOpeningThatFails() throws {
    var random = Random(state: 1)
    let author = Author()
    let opened = try open().get()
    opened.disk.record([author.begin()] + (0..<100).map { _ in author.append(random.noise(2000)) })
    close(opened.disk)
    var stop = 0
    while true {
      var steps = 0
      let probe = DiskProbe(ended: { _ in
        steps += 1
        return steps == stop + 1 ? .inputOutput : nil
      })
      switch open(nil, .sample, DiskOptions(small: probe)) {
      case .failure: stop += 1
      case .success(let opened):
        XCTAssertEqual(opened.notes, [.intact])
        XCTAssertEqual(Mark(opened.restored), author.marks.last)
        XCTAssertGreaterThan(stop, 5)
        return close(opened.disk)
      }
    }
  }
}
