import Bytes
import XCTest

@testable import Journal

/// The format, byte for byte.
final class VectorTests: XCTestCase {
  private func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  func testSector() {
    var writer = RecordWriter(incarnation: 0x1122_3344_5566_7788, layout: smallLayout)
    XCTAssertTrue(writer.append(.entry, op: 5, chain: Digest(low: 6, high: 7), payload: Array("hello".utf8)))
    writer.seal()
    XCTAssertEqual(writer.bytes.count, 512)
    XCTAssertEqual(writer.writes, [RecordWriter.Write(sequence: 1, offset: 0, range: 0..<512)])
    XCTAssertEqual(
      hex(writer.bytes[..<56]),
      "45a2f53d5bb5880e" + "00000000" + "2500" + "01" + "01"
        + "01000000" + "05000000" + "0500000000000000" + "06000000000000000700000000000000"
        + "68656c6c6f000000")
    XCTAssertTrue(writer.bytes[53...].allSatisfy { $0 == 0 })
  }

  /// A second group knows how far the first is behind; a group of two sectors ends with the second.
  func testSectorsOfALaterGroup() {
    var (_, writer) = sampleJournal(groups: 3)
    XCTAssertTrue(writer.append(.state, payload: [UInt8](repeating: 9, count: 600)))
    writer.seal()
    XCTAssertEqual(writer.writes, [RecordWriter.Write(sequence: 1, offset: 1536, range: 0..<1024)])
    XCTAssertEqual(hex(writer.bytes[8..<16]), "00000000" + "f001" + "00" + "01")
    XCTAssertEqual(hex(writer.bytes[520..<528]), "01000000" + "8800" + "01" + "01")
    writer.clear()
    XCTAssertTrue(writer.append(.truncate, op: 2, payload: []))
    writer.seal()
    XCTAssertEqual(hex(writer.bytes[8..<16]), "02000000" + "2000" + "01" + "01")
  }

  func testMeta() {
    XCTAssertEqual(
      hex(sampleMeta().encode()),
      "51554f524a524e4c" + "01000000" + "45098bdbc301fb65" + "0100000000000000" + "0200000000000000"
        + "4d00000000000000" + "00000100" + "0d31302e302e302e313a38303831" + "03010203")
  }

  func testSnapshot() {
    XCTAssertEqual(
      hex(makeSnapshot(op: 9, floor: 2, chunks: [[0xaa, 0xbb]])),
      "02b5e3e13a7c2dad" + "10000000" + "01000000" + "51554f52534e4150" + "0200000000000000"
        + "eb331a5e86447137" + "02000000" + "02000000" + "aabb"
        + "746db9741f0efed0" + "10000000" + "03000000" + "0100000000000000" + "0200000000000000")
  }

  func testNames() {
    let names: [(JournalFile, String)] = [
      (.meta, "meta"), (.metaDraft, "meta.new"), (.segmentDraft, "segment.new"),
      (.snapshotDraft, "snapshot.new"), (.lock, "lock"), (.segment(1), "0000000000000001.log"),
      (.segment(.max), "ffffffffffffffff.log"), (.snapshot(255), "00000000000000ff.snap"),
    ]
    for (file, name) in names {
      XCTAssertEqual(file.name, name)
      XCTAssertEqual(JournalFile(name: name), file)
    }
    for name in [
      "", "1.log", "00000000000000FF.snap", "+00000000000000f.log", "0000000000000001.LOG", ".log",
    ] {
      XCTAssertNil(JournalFile(name: name), name)
    }
  }
}
