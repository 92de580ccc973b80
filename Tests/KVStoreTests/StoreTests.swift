import Bytes
import KVStore
import XCTest

final class StoreTests: XCTestCase {
  func testSetReadDelete() {
    var store = Store()
    XCTAssertNil(store.value("k"))
    XCTAssertEqual(store.execute(.set("k", "a")), .done(1, old: nil))
    XCTAssertEqual(store.execute(.set("k", "")), .done(2, old: "a"))
    XCTAssertEqual(store.execute(.set("k", "longer")), .done(3, old: ""))
    XCTAssertEqual(store.value("k"), "longer")
    XCTAssertEqual(store.execute(.delete("k")), .done(nil, old: "longer"))
    XCTAssertNil(store.value("k"))
    XCTAssertEqual(store.execute(.delete("k")), .done(nil, old: nil))
    XCTAssertEqual(store.counter, 5)
    XCTAssertEqual(store.keyCount, 0)
    XCTAssertEqual(store.bytes, 0)
  }

  func testEntryNamesItsLastWrite() {
    var store = Store()
    let identity = Digest(low: 1, high: 2)
    _ = store.execute(.set("other", "x"))
    _ = store.execute(.set("k", "v"), identity: identity)
    XCTAssertEqual(
      store.entry([0x6b]), OwnedEntry(value: [0x76], tag: Tag(lineage: 7, counter: 2), identity: identity))
    _ = store.execute(.set("k", "w", idempotencyKey: "id"), identity: identity)
    let keyed = Array("id".utf8).withUnsafeBytes { Write.identity(ofIdempotencyKey: $0) }
    XCTAssertEqual(store.entry([0x6b])?.identity, keyed)
  }

  func testConditions() {
    var store = Store()
    let failed = OwnedOutcome(result: .conditionFailed)
    XCTAssertEqual(store.execute(.set("k", "a").matching(.any)), failed)
    XCTAssertEqual(store.execute(.set("k", "a").matching(.tags([Tag(lineage: 7, counter: 0)]))), failed)
    XCTAssertEqual(store.execute(.set("k", "a").noneMatching(.any)), .done(1, old: nil))
    XCTAssertEqual(store.execute(.set("k", "b").noneMatching(.any)), failed)
    XCTAssertEqual(store.execute(.set("k", "b").matching(.tags([]))), failed)
    XCTAssertEqual(store.execute(.set("k", "b").matching(.tags([Tag(lineage: 6, counter: 1)]))), failed)
    let current = OwnedWrite.Condition.tags([Tag(lineage: 0, counter: 1), Tag(lineage: 7, counter: 1)])
    XCTAssertEqual(store.execute(.set("k", "b").noneMatching(current)), failed)
    XCTAssertEqual(store.execute(.set("k", "b").matching(.any).noneMatching(current)), failed)
    XCTAssertEqual(store.counter, 1)
    XCTAssertEqual(store.execute(.set("k", "b").matching(current)), .done(2, old: "a"))
    XCTAssertEqual(store.execute(.set("k", "c").noneMatching(.tags([]))), .done(3, old: "b"))
    XCTAssertEqual(store.execute(.delete("k").matching(.any)), .done(nil, old: "c"))
  }

  func testANewLineageEndsOldTags() {
    var store = Store()
    _ = store.execute(.set("k", "a"))
    store.begin(lineage: 8)
    XCTAssertEqual(store.entry([0x6b])?.tag, Tag(lineage: 8, counter: 1))
    let old = OwnedWrite.set("k", "b").matching(.tags([Tag(lineage: 7, counter: 1)]))
    XCTAssertEqual(store.execute(old), OwnedOutcome(result: .conditionFailed))
  }

  func testOnlyGrowthIsRefusedByAFullStore() {
    var store = Store(Limits(storeBytes: 2 * (Limits.entryBytes + 10)))
    let full = OwnedOutcome(result: .storeFull)
    XCTAssertEqual(store.execute(.set("a", "123456789")), .done(1, old: nil))
    XCTAssertEqual(store.execute(.set("b", "1234567890")), full)
    XCTAssertEqual(store.execute(.set("b", "123456789")), .done(2, old: nil))
    XCTAssertEqual(store.execute(.set("b", "1234567890")), full)
    XCTAssertEqual(store.execute(.set("c", "")), full)
    XCTAssertEqual(store.counter, 2)
    XCTAssertEqual(store.execute(.set("a", "abcdefghi")), .done(3, old: "123456789"))
    XCTAssertEqual(store.execute(.set("a", "abc")), .done(4, old: "abcdefghi"))
    XCTAssertEqual(store.execute(.set("b", "123456789+")), .done(5, old: "123456789"))
    XCTAssertEqual(store.execute(.delete("a")), .done(nil, old: "abc"))
    XCTAssertEqual(store.execute(.set("c", "")), .done(7, old: nil))
    XCTAssertEqual(store.chargedBytes, store.bytes + 2 * Limits.entryBytes)
  }

  func testOutcomesKeepTheirOrderAndValues() {
    var store = Store()
    var outcomes = Outcomes()
    for round in 0..<2 {
      outcomes.removeAll()
      for (ticket, value) in ["a", "bb", "ccc"].enumerated() {
        OwnedWrite.set("k", value).borrow {
          store.execute($0, identity: .zero, ticket: UInt64(ticket), into: &outcomes)
        }
      }
      XCTAssertEqual(outcomes.records.map(\.ticket), [0, 1, 2])
      let first = round == 0 ? OwnedOutcome.done(1, old: nil) : .done(4, old: "ccc")
      let version = UInt64(3 * round)
      let expected = [first, .done(version + 2, old: "a"), .done(version + 3, old: "bb")]
      XCTAssertEqual(outcomes.records.indices.map { outcomes.owned($0) }, expected)
    }
  }

  /// Twenty thousand keys come, change their sizes (some beyond a block's), and go: what stays is found, and
  /// nothing else.
  func testManyKeysComeAndGo() {
    var generator = Generator(seed: 8)
    var store = Store()
    var expected: [Int: String] = [:]
    for _ in 0..<60_000 {
      let number = generator.below(20_000)
      if generator.isOne(in: 3) {
        expected[number] = nil
        store.executeUnwaited(.delete("key\(number)"))
      } else {
        let value = String(repeating: "v", count: generator.below(generator.isOne(in: 20) ? 8193 : 40))
        expected[number] = value
        store.executeUnwaited(.set("key\(number)", value))
      }
    }
    XCTAssertEqual(store.keyCount, expected.count)
    for number in 0..<20_000 where store.value("key\(number)") != expected[number] {
      XCTFail("key\(number)")
    }
    for number in 0..<20_000 { store.executeUnwaited(.delete("key\(number)")) }
    XCTAssertEqual(store.keyCount, 0)
    XCTAssertEqual(store.bytes, 0)
    XCTAssertEqual(store.dump(), "")
  }

  func testDumpIsSortedByBytes() {
    var store = Store()
    for key in ["b", "a", "abcdefgh", "abcdefghi", "abcdefg", "é", "Z", "abcdefgz"] {
      _ = store.execute(.set(key, "<\(key)>"))
    }
    let expected = ["Z", "a", "abcdefg", "abcdefgh", "abcdefghi", "abcdefgz", "b", "é"]
      .map { "\($0)=<\($0)>\n" }.joined()
    for sliceBytes in [1, 3, 4096] { XCTAssertEqual(store.dump(sliceBytes: sliceBytes), expected) }
  }
}
