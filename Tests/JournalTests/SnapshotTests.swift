import Bytes
import XCTest

@testable import Journal

final class SnapshotTests: XCTestCase {
  private func read(_ file: [UInt8], incarnation: UInt64 = 77, op: UInt64 = 9) -> (floor: UInt64, [[UInt8]])?
  {
    var chunks: [[UInt8]] = []
    let floor = file.withUnsafeBytes { file in
      try? readSnapshot(file, incarnation: incarnation, op: op) { chunks.append(Array($0)) }
    }
    return floor.map { ($0, chunks) }
  }

  func testThereAndBack() {
    let chunks = [[1, 2, 3], [], [UInt8](repeating: 0, count: 5000)]
    let found = read(makeSnapshot(op: 9, floor: 4, chunks: chunks))
    XCTAssertEqual(found?.floor, 4)
    XCTAssertEqual(found?.1, chunks)
    XCTAssertEqual(read(makeSnapshot(op: 9, floor: 4, chunks: []))?.1, [])
  }

  func testOfAnotherServerOrOp() {
    let file = makeSnapshot(op: 9, floor: 4, chunks: [[1]])
    XCTAssertNil(read(file, incarnation: 78))
    XCTAssertNil(read(file, op: 10))
  }

  func testCutAnywhere() {
    let file = makeSnapshot(op: 9, floor: 4, chunks: [[1, 2], [3]])
    for count in 0..<file.count { XCTAssertNil(read(Array(file[..<count])), "\(count)") }
    XCTAssertNil(read(file + [0]))
  }

  func testEveryBitCounts() {
    let file = makeSnapshot(op: 9, floor: 4, chunks: [[1, 2], [3]])
    for bit in 0..<file.count * 8 {
      var flipped = file
      flipped[bit / 8] ^= 1 << (bit % 8)
      XCTAssertNil(read(flipped), "bit \(bit)")
    }
  }

  /// Chunks of the same snapshot in another order, or one less, do not pass.
  func testOrderCounts() {
    let file = makeSnapshot(op: 9, floor: 4, chunks: [[1], [2]])
    let head = Array(file[..<32])
    let (one, two, rest) = (Array(file[32..<49]), Array(file[49..<66]), Array(file[66...]))
    XCTAssertNotNil(read(head + one + two + rest))
    XCTAssertNil(read(head + two + one + rest))
    XCTAssertNil(read(head + one + rest))
  }
}
