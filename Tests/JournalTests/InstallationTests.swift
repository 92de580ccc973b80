import Bytes
import XCTest

@testable import Journal

/// What replaces a part of the log reaches over segments; recycling must not take its begin from it.
final class InstallationTests: XCTestCase {
  private let body = [UInt8](repeating: 7, count: 4000)

  /// A log in segment 1, and the begin of an installation as its last record; the entries follow in segment 2.
  private func begun() -> RecordWriter {
    var writer = RecordWriter(incarnation: 77, layout: smallLayout)
    XCTAssertTrue(writer.append(.state, payload: [1]))
    var op: UInt64 = 0
    while writer.append(.entry, op: op + 1, payload: body) { op += 1 }
    XCTAssertGreaterThan(op, 10)
    XCTAssertTrue(writer.append(.truncate, op: op + 1, payload: [2]))
    XCTAssertFalse(writer.append(.entry, op: op + 1, payload: body))
    writer.prepared(2)
    for next in op + 1...op + 3 { XCTAssertTrue(writer.append(.entry, op: next, payload: body)) }
    writer.seal()
    writer.synced(through: writer.position)
    return writer
  }

  private let snapshotOp: UInt64 = 16

  func testTheFloorStaysBeforeAnInstallation() {
    var writer = begun()
    XCTAssertEqual(writer.floor(behind: snapshotOp), 1)
    XCTAssertTrue(writer.append(.state, payload: [3]))
    writer.seal()
    XCTAssertEqual(writer.floor(behind: snapshotOp), 1, "its end is not durable yet")
    writer.synced(through: writer.position)
    XCTAssertEqual(writer.floor(behind: snapshotOp), 2)
  }

  func testTheRepeatedStateEndsNothing() throws {
    var writer = begun()
    var next = snapshotOp + 3
    while writer.append(.entry, op: next, payload: body) { next += 1 }
    writer.prepared(3)
    XCTAssertTrue(writer.append(.entry, op: next, payload: body))
    writer.seal()
    writer.synced(through: writer.position)
    XCTAssertEqual(writer.position.sequence, 3)
    XCTAssertEqual(writer.floor(behind: snapshotOp), 1)
    XCTAssertEqual(try reopened(writer).unfinished, 1)
  }

  /// A crash left it without an end: it holds the floor until an installation of the next process has one.
  func testOneWithoutAnEndIsFoundAtOpening() throws {
    var contents = try reopened(begun())
    XCTAssertEqual(contents.unfinished, 1)
    var writer = RecordWriter(
      incarnation: 77, layout: smallLayout, position: contents.end, ready: contents.ready, state: [1],
      index: contents.index, unfinished: contents.unfinished)
    XCTAssertEqual(writer.floor(behind: snapshotOp), 1)
    XCTAssertTrue(writer.append(.truncate, op: snapshotOp + 1, payload: [4]))
    XCTAssertTrue(writer.append(.state, payload: [4]))
    writer.seal()
    XCTAssertEqual(writer.floor(behind: snapshotOp), 1)
    writer.synced(through: writer.position)
    XCTAssertEqual(writer.floor(behind: snapshotOp), 2)

    var ended = begun()
    XCTAssertTrue(ended.append(.state, payload: [3]))
    ended.seal()
    contents = try reopened(ended)
    XCTAssertNil(contents.unfinished)
  }

  private func reopened(_ writer: RecordWriter) throws -> JournalContents {
    var files: Files = [.meta: sampleMeta().encode()]
    for sequence in 1...writer.ready {
      files[.segment(sequence)] = [UInt8](repeating: 0, count: smallLayout.segmentSize)
    }
    for write in writer.writes {
      let place = write.offset..<write.offset + write.range.count
      files[.segment(write.sequence)]!.replaceSubrange(place, with: writer.bytes[write.range])
    }
    return try XCTUnwrap(open(files).contents)
  }
}
