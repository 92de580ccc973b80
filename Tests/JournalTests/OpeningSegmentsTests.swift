import Bytes
import XCTest

@testable import Journal

/// More than one segment, and snapshots before them.
final class OpeningSegmentsTests: XCTestCase {
  /// Three segments in use and a fourth prepared; ops 1 ... `last`, with the state 7 at first.
  private func longJournal() -> (files: Files, writer: RecordWriter, last: UInt64) {
    var files: Files = [.meta: sampleMeta().encode()]
    files.addSegment(1)
    var writer = RecordWriter(incarnation: 77, layout: smallLayout)
    XCTAssertTrue(writer.append(.state, payload: [7]))
    var op: UInt64 = 0
    while writer.position.sequence < 3 || writer.position.sector < 20 {
      if writer.spareCount == 0 {
        files.addSegment(writer.ready + 1)
        writer.prepared(writer.ready + 1)
      }
      op += 1
      XCTAssertTrue(writer.append(.entry, op: op, payload: [UInt8](repeating: 3, count: 1000)))
      writer.seal()
      files.write(&writer)
      writer.synced(through: writer.position)
    }
    return (files, writer, op)
  }

  func testAllSegments() throws {
    let (files, writer, last) = longJournal()
    let result = open(files)
    guard case .intact(let contents) = result else { return XCTFail("\(result)") }
    XCTAssertEqual(contents.end, writer.position)
    XCTAssertEqual(contents.ready, 4)
    let all = try records(in: files, contents)
    XCTAssertEqual(all.filter { $0.kind == .entry }.map(\.op), Array(1...last))
    XCTAssertEqual(
      all.filter { $0.kind == .state }.map(\.payload), [[7], [7], [7]], "one begins each segment")
    XCTAssertEqual(contents.index.floor(behind: last), 3)
    XCTAssertEqual(contents.index.floor(behind: 0), 1)
    XCTAssertEqual(writer.floor(behind: last), 3)
  }

  func testWithoutASpareSegmentNothingIsAppended() {
    var (_, writer) = sampleJournal(groups: 100)
    let payload = [UInt8](repeating: 1, count: smallLayout.payloadMax)
    XCTAssertFalse(writer.append(.entry, op: 2, payload: payload))
    XCTAssertEqual(writer.position, Position(sequence: 1, sector: 100))
    XCTAssertTrue(writer.append(.entry, op: 2, payload: [1]), "a smaller one still fits")
    writer.prepared(2)
    XCTAssertTrue(writer.append(.entry, op: 3, payload: payload))
    writer.seal()
    XCTAssertEqual(writer.writes.map(\.sequence), [1, 2])
  }

  func testTheLongestRecordFitsBesideTheLongestState() {
    var (_, writer) = sampleJournal(groups: 1)
    XCTAssertTrue(writer.append(.state, payload: [UInt8](repeating: 1, count: RecordWriter.stateMax)))
    writer.prepared(2)
    XCTAssertTrue(writer.append(.entry, op: 1, payload: [UInt8](repeating: 1, count: smallLayout.payloadMax)))
    writer.seal()
    XCTAssertLessThan(writer.position.sector, smallLayout.sectorCount)
    XCTAssertEqual(writer.position.sequence, 2)
  }

  func testASegmentInTheMiddleLost() {
    var (files, _, _) = longJournal()
    files[.segment(2)] = nil
    XCTAssertEqual(open(files), .damaged(.segmentMissing(2)))
  }

  /// The end mark promises a next segment.
  func testTheLastSegmentLost() {
    var (files, _, _) = longJournal()
    files[.segment(3)] = nil
    files[.segment(4)] = nil
    XCTAssertEqual(open(files), .damaged(.segmentMissing(3)))
    files[.segment(3)] = []
    XCTAssertEqual(open(files), .damaged(.segmentSize(3, bytes: 0)))
  }

  func testTheEndMarkLost() {
    var (files, _, _) = longJournal()
    files[.segment(2)] = [UInt8](repeating: 0, count: smallLayout.segmentSize)
    XCTAssertTrue(open(files).isDamaged)
  }

  /// A prepared segment that is not whole held nothing: it is made again.
  func testASpareSegmentOfNoLength() {
    var (files, _, _) = longJournal()
    files[.segment(4)] = []
    guard case .intact(let contents) = open(files) else { return XCTFail("not intact") }
    XCTAssertEqual(contents.ready, 3)
    XCTAssertEqual(contents.discard, [.segment(4)])
    files[.segment(4)] = [1]
    XCTAssertEqual(open(files), .damaged(.segmentSize(4, bytes: 1)))
  }

  func testRecycledBehindASnapshot() throws {
    var (files, writer, last) = longJournal()
    let op = last - 1
    let floor = writer.floor(behind: op)
    XCTAssertEqual(floor, 3)
    files[.snapshot(op)] = makeSnapshot(op: op, floor: floor, chunks: [[1]])
    files[.snapshot(1)] = makeSnapshot(op: 1, floor: 1, chunks: [[1]])
    files[.segment(1)] = nil
    guard case .intact(let contents) = open(files) else { return XCTFail("not intact") }
    XCTAssertEqual(contents.snapshot, op)
    XCTAssertEqual(contents.discard, [.snapshot(1), .segment(2)])
    XCTAssertEqual(contents.segments.map(\.sequence), [3])
    XCTAssertTrue(try records(in: files, contents).contains { $0.kind == .state && $0.payload == [7] })
    writer.dropped(before: floor)
    XCTAssertEqual(writer.floor(behind: 0), 3)
  }

  /// Half a snapshot is no loss while the log behind the one before is there, and a loss when it is not.
  func testHalfASnapshot() throws {
    var (files, _, last) = longJournal()
    let whole = makeSnapshot(op: last, floor: 3, chunks: [[1], [2]])
    files[.snapshot(last)] = Array(whole.dropLast(3))
    files[.snapshot(1)] = makeSnapshot(op: 1, floor: 1, chunks: [[1]])
    guard case .intact(let contents) = open(files) else { return XCTFail("not intact") }
    XCTAssertEqual(contents.snapshot, 1)
    XCTAssertEqual(contents.discard, [.snapshot(last)])
    files[.segment(1)] = nil
    files[.segment(2)] = nil
    XCTAssertEqual(open(files), .damaged(.segmentMissing(1)))
  }

  /// The log that goes on after a snapshot received from another server is worth nothing without it.
  func testCheckpointWithoutItsSnapshot() {
    var (files, writer, last) = longJournal()
    XCTAssertTrue(writer.append(.checkpoint, op: last + 50, payload: []))
    writer.seal()
    files.write(&writer)
    XCTAssertEqual(open(files), .damaged(.snapshotLost(last + 50)))
    files[.snapshot(last + 50)] = makeSnapshot(op: last + 50, floor: 3, chunks: [])
    XCTAssertEqual(open(files).contents?.snapshot, last + 50)
  }

  /// What a crash left behind the cut, also in the next segment, is named for blanking.
  func testBlanking() {
    var (files, writer, last) = longJournal()
    XCTAssertTrue(writer.append(.entry, op: last + 1, payload: [UInt8](repeating: 1, count: 600)))
    XCTAssertTrue(writer.append(.entry, op: last + 2, payload: [UInt8](repeating: 1, count: 45_000)))
    XCTAssertTrue(writer.append(.entry, op: last + 3, payload: [UInt8](repeating: 1, count: 45_000)))
    writer.seal()
    XCTAssertEqual(writer.writes.map(\.sequence), [3, 4])
    let begin = writer.writes[0].offset
    files.write(&writer)
    files[.segment(3)]!.replaceSubrange(begin..<begin + 512, with: [UInt8](repeating: 0, count: 512))
    guard case .torn(let contents) = open(files) else { return XCTFail("not torn") }
    XCTAssertEqual(contents.end.sector, begin / 512)
    XCTAssertEqual(contents.blank, [contents.end, Position(sequence: 4, sector: 0)])
    XCTAssertEqual(contents.ready, 4)
  }

  /// The segment whose first group was torn begins with the state again when it is gone on with: later it may
  /// be the only one left.
  func testTheStateBeginsASegmentThatIsBegunAgain() throws {
    var (files, _, _) = longJournal()
    files[.segment(3)] = [UInt8](repeating: 0, count: smallLayout.segmentSize)
    files[.segment(4)] = nil
    var opened = try XCTUnwrap(open(files).contents)
    XCTAssertEqual(opened.end, Position(sequence: 3, sector: 0))
    var writer = RecordWriter(
      incarnation: 77, layout: smallLayout, position: opened.end, ready: opened.ready, state: [7],
      index: opened.index)
    XCTAssertEqual(writer.floor(behind: .max), 2, "its state is not durable yet")
    XCTAssertTrue(writer.append(.entry, op: 500, payload: [1]))
    writer.seal()
    files.write(&writer)
    writer.synced(through: writer.position)
    XCTAssertEqual(writer.floor(behind: .max), 3)
    files[.snapshot(499)] = makeSnapshot(op: 499, floor: 3, chunks: [])
    files[.segment(1)] = nil
    files[.segment(2)] = nil
    opened = try XCTUnwrap(open(files).contents)
    XCTAssertEqual(try records(in: files, opened).map(\.kind), [.state, .entry])
  }

  /// Nothing can stand behind an end mark, near it or further on.
  func testASectorBehindTheEndMark() throws {
    var (files, writer) = sampleJournal(groups: 100)
    files.addSegment(2)
    writer.prepared(2)
    XCTAssertTrue(
      writer.append(.entry, op: 101, payload: [UInt8](repeating: 1, count: smallLayout.payloadMax)))
    writer.seal()
    files.write(&writer)
    XCTAssertEqual(open(files).contents?.segments.first?.end, 101)
    var stream: [UInt8] = []
    RecordHeader.put(.entry, op: 1, chain: .zero, payloadCount: 0, into: &stream)
    for number in [101, 110] {
      var sector: [UInt8] = []
      let header = Sector.Header(behind: 0, used: stream.count, isLast: true)
      stream.withUnsafeBytes { Sector.put($0, header: header, number: number, key: (77, 1), into: &sector) }
      var changed = files
      changed[.segment(1)]!.replaceSubrange(number * 512..<number * 512 + 512, with: sector)
      XCTAssertEqual(open(changed), .damaged(.sector(Position(sequence: 1, sector: number))))
    }
  }
}
