import Bytes
import KVStore
import VSR
import Wire
import XCTest

@testable import Replication

final class CapsuleRingTests: XCTestCase {
  private let start = CapsuleStart(
    server: 1, serverCount: 3, session: 7, restored: .nothing(), limits: Limits(), hashKey: HashKey(1, 2),
    options: Options())

  /// What a file of it would say: ops of `synced` events, and a gap as nil with its count.
  private func items(_ ring: CapsuleRing) throws -> [(op: UInt64?, gap: UInt64?)] {
    let regions = ring.regions.pointee
    var bytes: [UInt8] = []
    for region in [regions.head, regions.gap, regions.older, regions.newer] {
      bytes += UnsafeRawBufferPointer(start: region.base, count: region.count)
    }
    return try bytes.withUnsafeBytes { raw in
      var reader = try CapsuleReader(raw)
      XCTAssertEqual(reader.start.session, 7)
      var items: [(UInt64?, UInt64?)] = []
      while let item = try reader.next() {
        switch item {
        case .gap(let count): items.append((nil, count))
        case .event(.synced(let op)): items.append((op, nil))
        case .event: XCTFail("another event")
        }
      }
      return items
    }
  }

  func testNothingIsMissingWhileItFits() throws {
    let ring = try XCTUnwrap(CapsuleRing(bytes: 4096, start: start))
    for op in 1...1000 as ClosedRange<UInt64> { ring.record(.synced(op)) }
    XCTAssertEqual(try items(ring).map(\.op), (1...1000).map { $0 })
  }

  /// The first and the last ones are kept, and how many are missing between them is told.
  func testTheMiddleMakesWay() throws {
    let ring = try XCTUnwrap(CapsuleRing(bytes: 4096, start: start))
    let last: UInt64 = 20_000
    for op in 1...last { ring.record(.synced(op)) }
    let items = try items(ring)
    let place = try XCTUnwrap(items.firstIndex { $0.gap != nil })
    let before = items[..<place].compactMap(\.op)
    let after = items[(place + 1)...].compactMap(\.op)
    XCTAssertEqual(before, (1...UInt64(before.count)).map { $0 })
    XCTAssertEqual(after, (last - UInt64(after.count) + 1...last).map { $0 })
    XCTAssertEqual(items[place].gap, last - UInt64(before.count + after.count))
    XCTAssertGreaterThan(after.count, 200)
  }

  func testAnEventLongerThanAHalfLeavesNothingBeforeIt() throws {
    let ring = try XCTUnwrap(CapsuleRing(bytes: 400, start: start))
    for op in 1...50 as ClosedRange<UInt64> { ring.record(.synced(op)) }
    let held = try items(ring)
    XCTAssertTrue(held.allSatisfy { $0.op != nil })
    ring.record(.writes(first: 1, count: 1, bytes: [UInt8](repeating: 0, count: 500)))
    ring.record(.synced(51))
    let items = try items(ring)
    XCTAssertEqual(items.last?.op, 51)
    XCTAssertEqual(items.compactMap(\.gap).count, 1)
    let before = items.compactMap(\.op).count - 1
    XCTAssertEqual(items.compactMap(\.gap).first, UInt64(50 - before + 1))
  }
}
