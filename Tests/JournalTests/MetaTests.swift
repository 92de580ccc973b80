import Bytes
import XCTest

@testable import Journal

final class MetaTests: XCTestCase {
  private func decode(_ bytes: [UInt8]) -> Meta.Decoded { bytes.withUnsafeBytes { Meta.decode($0) } }

  func testThereAndBack() {
    XCTAssertEqual(decode(sampleMeta().encode()), .meta(sampleMeta()))
  }

  func testEveryBitCounts() {
    let bytes = sampleMeta().encode()
    for bit in 0..<bytes.count * 8 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      XCTAssertEqual(decode(flipped), .damaged, "bit \(bit)")
    }
  }

  func testEveryByteCounts() {
    let bytes = sampleMeta().encode()
    for count in 0..<bytes.count { XCTAssertEqual(decode(Array(bytes[..<count])), .damaged) }
    XCTAssertEqual(decode(bytes + [0]), .damaged)
  }

  /// Of a later version only the frame is known.
  func testNewer() {
    XCTAssertEqual(decode(newerMeta()), .newer(version: 2))
    XCTAssertEqual(open([.meta: newerMeta()]), .newer(version: 2))
  }

  private func newerMeta() -> [UInt8] {
    var head = Array("QUORJRNL".utf8)
    head.put(UInt32(2))
    let body = Array("whatever it holds".utf8)
    var sip = SipHash(isWide: false)
    sip.update(head + body)
    head.put(sip.hash())
    return head + body
  }
}
