import Bytes
import XCTest

final class SipHashTests: XCTestCase {
  /// Key 00..0f, message 00..(n-1): the vectors published with the reference implementation.
  private let key: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)

  func testPublished64BitVectors() {
    let expected: [(Int, UInt64)] = [
      (0, 0x726f_db47_dd0e_0e31), (1, 0x74f8_39c5_93dc_67fd), (8, 0x93f5_f579_9a93_2462),
      (15, 0xa129_ca61_49be_45e5),
    ]
    for (length, hash) in expected {
      var sip = SipHash(key: key, isWide: false, compressionRounds: 2, finalizationRounds: 4)
      for byte in 0..<length { sip.update(UInt8(byte)) }
      XCTAssertEqual(sip.hash(), hash, "length \(length)")
    }
  }

  func testPublished128BitVector() {
    let sip = SipHash(key: key, isWide: true, compressionRounds: 2, finalizationRounds: 4)
    XCTAssertEqual(sip.digest(), Digest(low: 0xe6a8_25ba_047f_81a3, high: 0x9302_55c7_1472_f66d))
  }

  func testAnySplitGivesTheSameDigest() {
    let bytes = (0..<45).map { UInt8($0 * 7 & 0xff) }
    var whole = SipHash(isWide: true)
    whole.update(bytes)
    let expected = whole.digest()
    for split in 0...bytes.count {
      var parts = SipHash(isWide: true)
      parts.update(Array(bytes[..<split]))
      parts.update(Array(bytes[split...]))
      XCTAssertEqual(parts.digest(), expected, "split at \(split)")
    }
  }

  func testDescriptionIsHexadecimal() {
    XCTAssertEqual(Digest(low: 0xab, high: 1).description, "000000000000000100000000000000ab")
  }
}

final class ByteCodingTests: XCTestCase {
  func testRoundTrip() throws {
    var bytes: [UInt8] = []
    bytes.put(UInt8(7))
    bytes.put(UInt32(0x0102_0304))
    for value in [0, 1, 127, 128, 300, UInt64.max] { bytes.putVarint(value) }
    bytes.put(Digest(low: 1, high: 2))
    bytes.putCounted([9, 8])
    bytes.patch(5, at: 1)
    try bytes.withUnsafeBytes { raw in
      var reader = ByteReader(raw)
      XCTAssertEqual(try reader.take(UInt8.self), 7)
      XCTAssertEqual(try reader.take(UInt32.self), 5)
      for value in [0, 1, 127, 128, 300, UInt64.max] { XCTAssertEqual(try reader.takeVarint(), value) }
      XCTAssertEqual(try reader.takeDigest(), Digest(low: 1, high: 2))
      XCTAssertEqual(Array(try reader.takeCounted(max: 2)), [9, 8])
      try reader.expectEnd()
    }
  }

  func testRefusesWhatIsNotCanonicalOrTooLong() throws {
    let malformed: [[UInt8]] = [
      [], [0x80], [0x80, 0x00], [UInt8](repeating: 0xff, count: 10),
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
    ]
    for bytes in malformed {
      try bytes.withUnsafeBytes { raw in
        var reader = ByteReader(raw)
        XCTAssertThrowsError(try reader.takeVarint(), "\(bytes)")
      }
    }
    try [UInt8]([3, 1, 2]).withUnsafeBytes { raw in
      var short = ByteReader(raw)
      XCTAssertThrowsError(try short.takeCounted(max: 9))
      var bounded = ByteReader(raw)
      XCTAssertThrowsError(try bounded.takeCounted(max: 2))
      XCTAssertThrowsError(try ByteReader(raw).expectEnd())
    }
  }
}
