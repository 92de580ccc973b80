import KVStore
import XCTest

final class RetiredStoresTests: XCTestCase {
  /// As many keys as make so many blocks: a long value has one to itself.
  private static let keys = 4 * RetiredStores.blocksPerSlice

  private func fill(_ store: inout Store, with letter: String) {
    for number in 0..<Self.keys {
      _ = store.execute(
        .set(
          "key\(number)", String(repeating: letter, count: 1000), idempotencyKey: "\(number + 1)-\(letter)"))
    }
  }

  func testACopyGoesSliceBySliceAndTheOriginalStays() {
    var store = Store(Limits())
    fill(&store, with: "a")
    var retired = RetiredStores()
    retired.append(store)
    fill(&store, with: "b")
    let hash = store.stateHash()
    let snapshot = store.snapshot()
    assert(slices(&retired), 4...16)
    XCTAssertEqual(store.snapshot(), snapshot)
    var again = try? Store.restored(snapshot)
    XCTAssertEqual(again?.stateHash(), hash)
  }

  func testSeveralAndThenNone() {
    var retired = RetiredStores()
    XCTAssertTrue(retired.isEmpty)
    retired.releaseSlice()
    for letter in ["a", "b", "c"] {
      var store = Store(Limits())
      fill(&store, with: letter)
      retired.append(store)
    }
    assert(slices(&retired), 12...48)
    XCTAssertTrue(retired.isEmpty)
  }

  private func slices(_ retired: inout RetiredStores) -> Int {
    var slices = 0
    while !retired.isEmpty {
      retired.releaseSlice()
      slices += 1
    }
    return slices
  }

  private func assert(_ count: Int, _ range: ClosedRange<Int>, line: UInt = #line) {
    XCTAssertTrue(range.contains(count), "\(count) slices", line: line)
  }
}
