import Bytes
import Foundation
import Journal
import Support
import VSR
import XCTest

@testable import Disk

/// What was durable and is gone or changed: the files are set aside, whole, and a new incarnation begins.
final class DamageTests: DiskTestCase {
  private let segment1 = JournalFile.segment(1).name
  private let segment2 = JournalFile.segment(2).name

  /// A directory with records in three segments and a snapshot, closed. Returns its files.
  private func lived(_ directory: String) throws -> [String: [UInt8]] {
    var random = Random(state: 5)
    let author = Author()
    let opened = try open(directory).get()
    let listener = Listener()
    opened.disk.handler = listener
    opened.disk.record([author.begin()])
    for _ in 0..<60 {
      opened.disk.record([author.append(random.noise(3000))])
      opened.disk.flush()
      run { listener.synced == UInt64(author.marks.count - 1) }
    }
    opened.disk.record([author.commit(through: 5)])
    opened.disk.flush()
    run { listener.synced == UInt64(author.marks.count - 1) }
    opened.disk.save(try XCTUnwrap(author.snapshot))
    run { listener.saved == [5] }
    opened.disk.recycle(through: 5)
    close(opened.disk)
    return try files(directory)
  }

  private func expectSetAside(
    _ files: [String: [UInt8]], reason: String, file: StaticString = #filePath, line: UInt = #line
  ) throws {
    let directory = "\(root)/\(reason.filter(\.isLetter))"
    try place(files, in: directory)
    let opened = try open(directory, .fresh(99), file: file, line: line).get()
    let aside = "\(directory)/damaged-1"
    XCTAssertEqual(opened.notes, [.damaged(reason: reason, setAside: aside)], file: file, line: line)
    XCTAssertEqual(opened.restored.incarnation, 99, file: file, line: line)
    XCTAssertEqual(Mark(opened.restored), Author().marks[0], file: file, line: line)
    var kept = files
    kept["lock"] = nil
    XCTAssertEqual(try self.files(aside), kept, "changed or not all there", file: file, line: line)
    close(opened.disk)
    let again = try open(directory).get()
    XCTAssertEqual(again.notes, [.intact], file: file, line: line)
    XCTAssertEqual(again.restored.incarnation, 99, file: file, line: line)
    close(again.disk)
  }

  func testDamageIsSetAside() throws {
    let files = try lived(directory)
    var changed = files
    changed[segment1]![2048 + 100] ^= 4
    try expectSetAside(changed, reason: "segment 1 sector 4 is damaged")
    changed = files
    changed[segment2]!.removeLast(512)
    try expectSetAside(changed, reason: "segment 2 has \(smallLayout.segmentSize - 512) bytes")
    changed = files
    changed[segment2] = nil
    try expectSetAside(changed, reason: "segment 2 is missing")
    changed = files
    changed["meta"]![30] ^= 1
    try expectSetAside(changed, reason: "meta is damaged")
    changed = files
    changed["meta"] = nil
    try expectSetAside(changed, reason: "meta is missing")
    changed = files
    changed[segment1]!.replaceSubrange(5120..<5632, with: [UInt8](repeating: 0, count: 512))
    try expectSetAside(changed, reason: "records are missing at segment 1 sector 7")
  }

  /// Files that are whole each, and one is missing that mattered: only reading them tells.
  func testAMissingSnapshotIsDamage() throws {
    var random = Random(state: 6)
    let author = Author()
    let opened = try open().get()
    let listener = Listener()
    opened.disk.handler = listener
    opened.disk.record([author.begin()])
    for _ in 0..<60 { opened.disk.record([author.append(random.noise(3000))]) }
    opened.disk.record([author.commit(through: 50)])
    opened.disk.flush()
    run { listener.synced == UInt64(author.marks.count - 1) }
    opened.disk.save(try XCTUnwrap(author.snapshot))
    run { listener.saved == [50] }
    opened.disk.recycle(through: 50)
    close(opened.disk)
    try FileManager.default.removeItem(atPath: "\(directory)/\(JournalFile.snapshot(50).name)")
    let again = try open(nil, .fresh(99)).get()
    XCTAssertEqual(again.restored.incarnation, 99)
    guard case .damaged = again.notes.first else { return XCTFail("\(again.notes)") }
    close(again.disk)
  }

  /// A machine that stops while files are being set aside never makes the old journal whole again.
  func testACrashWhileSettingAside() throws {
    var files = try lived(directory)
    files[segment1]![2048 + 100] ^= 4
    for stop in 0..<40 {
      let copy = "\(root)/copy"
      try place(files, in: copy)
      var steps = 0
      let probe = DiskProbe(ended: { _ in
        steps += 1
        return steps > stop ? .inputOutput : nil
      })
      if case .success(let opened) = open(copy, .fresh(98), DiskOptions(small: probe)) {
        XCTAssertGreaterThan(stop, 20, "setting aside and beginning anew have more steps")
        return close(opened.disk)
      }
      let opened = try open(copy, .fresh(99)).get()
      XCTAssertTrue([98, 99].contains(opened.restored.incarnation), "step \(stop)")
      XCTAssertEqual(Mark(opened.restored), Author().marks[0], "step \(stop)")
      close(opened.disk)
      try FileManager.default.removeItem(atPath: copy)
    }
    XCTFail("it never opened")
  }

  func testADeviceThatDamagesTooOftenIsRefused() throws {
    for count in 1...SetAside.countMax {
      let opened = try open().get()
      close(opened.disk)
      try place([1, 2, 3], as: "meta")
      let again = try open().get()
      XCTAssertEqual(
        again.notes, [.damaged(reason: "meta is damaged", setAside: "\(directory)/damaged-\(count)")])
      close(again.disk)
    }
    try place([1, 2, 3], as: "meta")
    XCTAssertEqual(
      refusal()?.message,
      "\(directory): damaged 8 times before (damaged-*): check the device, then remove them")
    XCTAssertEqual(try files()["meta"], [1, 2, 3], "touched")
  }
}
