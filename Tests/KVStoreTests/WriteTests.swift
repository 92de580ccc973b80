import Bytes
import KVStore
import XCTest

final class WriteTests: XCTestCase {
  private func decode(_ bytes: [UInt8]) -> [OwnedWrite]? {
    bytes.withUnsafeBytes {
      var reader = WriteReader($0)
      var writes: [OwnedWrite] = []
      do {
        while let write = try reader.next() { writes.append(OwnedWrite(write)) }
      } catch {
        return nil
      }
      XCTAssertEqual(reader.offset, bytes.count)
      return writes
    }
  }

  func testFixedBytes() {
    XCTAssertEqual(OwnedWrite.set("key", "value").encoded, [0, 3, 5] + Array("keyvalue".utf8))
    XCTAssertEqual(OwnedWrite.set("k", "").encoded, [0, 1, 0, 0x6b])
    XCTAssertEqual(OwnedWrite.delete("k").encoded, [1, 1, 0x6b])
    XCTAssertEqual(
      OwnedWrite.set("k", "v", idempotencyKey: "id").encoded, [2, 1, 1, 0x6b, 0x76, 2, 0x69, 0x64])
    XCTAssertEqual(OwnedWrite.delete("k").matching(.any).encoded, [0b101, 1, 0x6b])
    XCTAssertEqual(OwnedWrite.delete("k").noneMatching(.any).encoded, [0b1_0001, 1, 0x6b])
    let tags = OwnedWrite.delete("k").noneMatching(.tags([Tag(lineage: 1, counter: 0x0203)])).encoded
    XCTAssertEqual(tags, [0b10_0001, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 3, 2, 0, 0, 0, 0, 0, 0, 0x6b])
    let both = OwnedWrite.set("k", "v").matching(.tags([])).noneMatching(.any).encoded
    XCTAssertEqual(both, [0b1_1000, 1, 1, 0, 0x6b, 0x76])
    XCTAssertEqual(OwnedWrite(key: [UInt8](repeating: 1, count: 200)).encoded.prefix(4), [0, 0xc8, 1, 0])
  }

  func testFixedBytesOfAMerge() {
    let merge = OwnedWrite.set("k", "v", idempotencyKey: "id").merging(
      Digest(low: 0x0102, high: 3), writtenAt: 0x0405, server: 6)
    let expected: [UInt8] =
      [0b100_0010, 1, 1, 0x6b, 0x76, 2, 0x69, 0x64]
      + [2, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0] + [5, 4, 0, 0, 0, 0, 0, 0] + [6]
    XCTAssertEqual(merge.encoded, expected)
    XCTAssertEqual(decode(expected), [merge])
    let removal = OwnedWrite.delete("k", idempotencyKey: "id").merging(.zero, writtenAt: 0, server: 0)
    XCTAssertEqual(
      removal.encoded, [0b100_0011, 1, 0x6b, 2, 0x69, 0x64] + [UInt8](repeating: 0, count: 25))
  }

  func testAMergeHasAKeyAndNoConditions() {
    let merge = OwnedWrite.set("k", "v", idempotencyKey: "id").merging(.zero).encoded
    let tail = [UInt8](repeating: 0, count: 25)
    let bad: [[UInt8]] = [
      [0b100_0000, 1, 1, 0x6b, 0x76] + tail,  // no idempotency key
      [0b100_0110] + merge.dropFirst(), [0b101_0010] + merge.dropFirst(),  // if-match, if-none-match
      [0b100_1010, 1, 1, 0] + merge.dropFirst(3),  // tags, none
      [0b1100_0010] + merge.dropFirst(),  // reserved bit
    ]
    for bytes in bad { XCTAssertNil(decode(bytes), "\(bytes.prefix(8))") }
  }

  func testLongestWrite() {
    let tags = OwnedWrite.Condition.tags([Tag](repeating: Tag(lineage: 1, counter: 2), count: Write.tagsMax))
    let write = OwnedWrite(
      key: [UInt8](repeating: 1, count: Write.keyBytesMax),
      value: [UInt8](repeating: 2, count: Write.valueBytesMax),
      idempotencyKey: [UInt8](repeating: 3, count: Write.idempotencyKeyBytesMax), ifMatch: tags,
      ifNoneMatch: tags)
    XCTAssertEqual(write.encoded.count, Write.encodedBytesMax)
    XCTAssertEqual(decode(write.encoded), [write])
  }

  func testBatchRoundTrip() {
    let writes: [OwnedWrite] = [
      .set("a", "1"), .delete("b", idempotencyKey: "x"), .set("c", "").noneMatching(.any),
      .set("m", "5", idempotencyKey: "z").merging(Digest(low: 1, high: 2)),
      .set("d", "4", idempotencyKey: "y").matching(
        .tags([Tag(lineage: 9, counter: 8), Tag(lineage: 7, counter: 6)])),
    ]
    XCTAssertEqual(decode(writes.flatMap(\.encoded)), writes)
    XCTAssertEqual(decode([]), [])
  }

  func testRefusals() {
    let bad: [[UInt8]] = [
      [0x40, 1, 1, 0x6b, 0x76], [0x80, 1, 1, 0x6b, 0x76],  // reserved bits
      [0b1100, 1, 1, 0x6b, 0x76], [0b11_0000, 1, 1, 0x6b, 0x76],  // no such condition
      [0, 0, 1, 0x76], [1, 0],  // no key
      [0, 0x81, 0, 1, 0x6b, 0x76],  // a longer form of 1
      [0, 0x81, 4, 0] + [UInt8](repeating: 1, count: 513),  // key too long
      [0, 1, 0x81, 0x40] + [UInt8](repeating: 1, count: 8194),  // value too long
      [2, 1, 1, 0x6b, 0x76, 0],  // empty idempotency key
      [2, 1, 1, 0x6b, 0x76, 65] + [UInt8](repeating: 1, count: 65),  // idempotency key too long
      [0b1000, 1, 1, 65] + [UInt8](repeating: 1, count: 65 * 16 + 2),  // too many tags
    ]
    for bytes in bad { XCTAssertNil(decode(bytes), "\(bytes.prefix(8))") }
  }

  func testEveryTruncationIsRefused() {
    let tags = OwnedWrite.Condition.tags([Tag(lineage: 9, counter: 8)])
    let bytes = OwnedWrite.set("key", "value", idempotencyKey: "id").matching(tags).noneMatching(tags).encoded
    let merge = OwnedWrite.set("key", "value", idempotencyKey: "id").merging(Digest(low: 1, high: 2)).encoded
    for bytes in [bytes, merge] {
      for count in 1..<bytes.count { XCTAssertNil(decode(Array(bytes[..<count])), "\(count)") }
    }
  }

  /// Whatever is decoded is spelled in the only way there is.
  func testRandomBytesAreCanonicalOrRefused() {
    var generator = Generator(seed: 4)
    let tags = OwnedWrite.Condition.tags([Tag(lineage: 9, counter: 8)])
    let good = OwnedWrite.set("key", "value", idempotencyKey: "id").matching(tags).noneMatching(.any).encoded
    let merge = OwnedWrite.set("key", "value", idempotencyKey: "id").merging(Digest(low: 1, high: 2)).encoded
    var decoded = 0
    for round in 0..<40_000 {
      var bytes = [good, merge, generator.bytes(generator.below(24))][round % 3]
      for _ in 0..<generator.below(4) where !bytes.isEmpty {
        bytes[generator.below(bytes.count)] = UInt8(generator.below(256))
      }
      guard let writes = decode(bytes) else { continue }
      decoded += 1
      XCTAssertEqual(writes.flatMap(\.encoded), bytes)
    }
    XCTAssertGreaterThan(decoded, 1000)
  }

  func testIdentityIsOfTheIdempotencyKeyAlone() {
    func identity(_ key: String) -> Digest {
      Array(key.utf8).withUnsafeBytes { Write.identity(ofIdempotencyKey: $0) }
    }
    XCTAssertEqual(identity("a"), identity("a"))
    XCTAssertNotEqual(identity("a"), identity("b"))
  }
}
