import Bytes
import XCTest

final class ByteWriterTests: XCTestCase {
  func testPiecesOfAnyLengthFollowEachOther() {
    var bytes: [UInt8] = []
    let piece: [UInt8] = [1, 2, 3]
    piece.withUnsafeBytes { raw in
      bytes.put(UnsafeRawBufferPointer(rebasing: raw[..<0]))
      bytes.put(UnsafeRawBufferPointer(start: nil, count: 0))
      XCTAssertEqual(bytes, [])
      bytes.put(raw)
      bytes.put(UnsafeRawBufferPointer(rebasing: raw[1...]))
    }
    bytes.put(0x0102_0304 as UInt32)
    bytes.put(Digest(low: 5, high: 6))
    XCTAssertEqual(bytes, [1, 2, 3, 2, 3, 4, 3, 2, 1, 5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0])
  }

  func testVarintsOfOneByteAndOfTen() {
    var bytes: [UInt8] = []
    for value in [0, 0x7f, 0x80, .max] as [UInt64] { bytes.putVarint(value) }
    XCTAssertEqual(bytes, [0, 0x7f, 0x80, 1] + Array(repeating: 0xff, count: 9) + [1])
  }
}
