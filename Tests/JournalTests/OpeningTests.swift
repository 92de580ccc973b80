import Bytes
import XCTest

@testable import Journal

/// Each thing that a directory can be.
final class OpeningTests: XCTestCase {
  private let zeros = [UInt8](repeating: 0, count: smallLayout.segmentSize)
  private let meta = sampleMeta().encode()

  func testEmpty() {
    XCTAssertEqual(open([:]), .empty(discard: []))
    XCTAssertEqual(open([.lock: []]), .empty(discard: []))
    XCTAssertEqual(
      open([.metaDraft: [1], .segmentDraft: [], .segment(1): zeros]),
      .empty(discard: [.metaDraft, .segmentDraft, .segment(1)]))
  }

  func testDirectoryOfSomethingElse() {
    XCTAssertEqual(open([:], strangers: ["letter.txt"]), .foreign(.directory))
  }

  func testStrangersBesideAJournalAreLeftAlone() {
    let (files, writer) = sampleJournal(groups: 2)
    XCTAssertEqual(open(files, strangers: ["core"]).contents?.end, writer.position)
  }

  func testMetaLost() {
    var (files, _) = sampleJournal(groups: 1)
    files[.meta] = nil
    XCTAssertEqual(open(files), .damaged(.metaMissing))
    XCTAssertEqual(open([.segment(2): zeros]), .damaged(.metaMissing))
    XCTAssertEqual(open([.snapshot(2): []]), .damaged(.metaMissing))
    XCTAssertEqual(open([.meta: [], .segment(1): zeros]), .damaged(.metaDamaged))
  }

  func testForeign() {
    var other = sampleMeta()
    other.address = Array("10.0.0.2:8081".utf8)
    XCTAssertEqual(open([.meta: other.encode(), .segment(1): zeros]), .foreign(.address(other.address)))
    other = sampleMeta()
    other.cluster = Digest(low: 1, high: 3)
    XCTAssertEqual(
      open([.meta: other.encode(), .segment(1): zeros]), .foreign(.cluster(formation: other.formation)))
  }

  /// A draft says nothing, whatever is in it.
  func testOldAndNewMeta() {
    let (files, writer) = sampleJournal(groups: 2)
    var both = files
    both[.metaDraft] = sampleMeta(incarnation: 78).encode()
    XCTAssertEqual(open(both).contents?.meta, sampleMeta())
    XCTAssertEqual(open(both).contents?.end, writer.position)
    XCTAssertEqual(open(both).contents?.discard, [.metaDraft])
  }

  func testNewJournal() {
    let result = open([.meta: meta, .segment(1): zeros])
    guard case .intact(let contents) = result else { return XCTFail("\(result)") }
    XCTAssertEqual(contents.end, .start)
    XCTAssertEqual(contents.ready, 1)
    XCTAssertEqual(contents.segments, [])
  }

  func testFirstSegmentLost() {
    XCTAssertEqual(open([.meta: meta]), .damaged(.segmentMissing(1)))
    XCTAssertEqual(open([.meta: meta, .segment(2): zeros]), .damaged(.segmentMissing(1)))
  }

  func testRecordsComeBackInOrder() throws {
    let (files, writer) = sampleJournal(groups: 20)
    let result = open(files)
    guard case .intact(let contents) = result else { return XCTFail("\(result)") }
    XCTAssertEqual(contents.end, writer.position)
    XCTAssertEqual(try records(in: files, contents).map(\.op), Array(1...20))
  }

  func testFileOfAnotherServerInItsPlace() {
    var (files, _) = sampleJournal(groups: 3)
    files[.meta] = sampleMeta(incarnation: 78).encode()
    XCTAssertEqual(open(files), .damaged(.sector(.start)))
  }

  func testSegmentUnderAnotherName() {
    var (files, _) = sampleJournal(groups: 3)
    files[.segment(2)] = files[.segment(1)]
    XCTAssertEqual(open(files), .damaged(.sector(Position(sequence: 2, sector: 0))))
  }

  func testSectorInAnotherPlace() {
    var (files, _) = sampleJournal(groups: 3)
    var bytes = zeros
    bytes.replaceSubrange(512..<1536, with: files[.segment(1)]![..<1024])
    files[.segment(1)] = bytes
    XCTAssertEqual(open(files), .damaged(.sector(Position(sequence: 1, sector: 1))))
  }

  /// The last group never reached the disk whole: nobody was told of it.
  func testTornTail() throws {
    var (files, writer) = sampleJournal(groups: 3)
    XCTAssertTrue(writer.append(.entry, op: 4, payload: [UInt8](repeating: 1, count: 2000)))
    writer.seal()
    let end = writer.position
    files.write(&writer)
    for lost in 3..<end.sector {
      var torn = files
      torn[.segment(1)]!.replaceSubrange(lost * 512..<lost * 512 + 512, with: zeros[..<512])
      let result = open(torn)
      guard case .torn(let contents) = result else { return XCTFail("\(result)") }
      XCTAssertEqual(contents.end, Position(sequence: 1, sector: 3))
      XCTAssertEqual(contents.blank, [contents.end])
      XCTAssertEqual(try records(in: torn, contents).map(\.op), [1, 2, 3])
    }
  }

  /// The same absence, but a later sector knows that it was synced.
  func testLostBelowWhatIsKnownDurable() {
    for lost in 0..<4 {
      var (files, _) = sampleJournal(groups: 5)
      files[.segment(1)]!.replaceSubrange(lost * 512..<lost * 512 + 512, with: zeros[..<512])
      XCTAssertEqual(
        open(files), .damaged(.lost(at: Position(sequence: 1, sector: lost), durable: 128 + 4)), "\(lost)")
    }
  }

  /// The limit: nothing on disk tells a last group that was synced and vanished from one never written.
  func testTheLastGroupHasNoWitness() {
    var (files, _) = sampleJournal(groups: 5)
    files[.segment(1)]!.replaceSubrange(4 * 512..<5 * 512, with: zeros[..<512])
    XCTAssertEqual(open(files).contents?.end, Position(sequence: 1, sector: 4))
  }

  func testEveryChangedByteIsDamage() {
    let (files, _) = sampleJournal(groups: 2, payload: 700)
    for byte in 0..<4 * 512 {
      var changed = files
      changed[.segment(1)]![byte] ^= 1 << UInt8(byte % 8)
      XCTAssertEqual(open(changed), .damaged(.sector(Position(sequence: 1, sector: byte / 512))))
    }
  }

  /// Bytes where nothing was written come from no crash.
  func testJunkAfterTheTail() {
    var (files, _) = sampleJournal(groups: 2)
    files[.segment(1)]![5000] = 1
    XCTAssertEqual(open(files), .damaged(.sector(Position(sequence: 1, sector: 9))))
  }
}
