import Bytes
import XCTest

@testable import KVStore

final class LastWriterTests: XCTestCase {
  private func id(_ number: UInt64) -> Digest { Digest(low: number, high: 1) }

  func testOfAValueItIsTheWriteThatStoredIt() {
    var store = Store()
    XCTAssertEqual(store.lastWriter("k"), .zero)
    _ = store.execute(.set("k", "a"), identity: id(1))
    XCTAssertEqual(store.lastWriter("k"), id(1))
    let keyed = OwnedWrite.set("k", "a", idempotencyKey: "x")
    _ = store.execute(keyed, identity: id(2))
    XCTAssertEqual(store.lastWriter("k"), keyed.identity)
    _ = store.execute(.set("k", "b").matching(.tags([])), identity: id(3))
    XCTAssertEqual(store.lastWriter("k"), keyed.identity, "not executed")
  }

  func testOfAnAbsentKeyItIsTheLastDelete() {
    var store = Store()
    _ = store.execute(.set("k", "a"), identity: id(1))
    _ = store.execute(.delete("k"), identity: id(2))
    XCTAssertEqual(store.lastWriter("k"), id(2))
    _ = store.execute(.delete("k"), identity: id(3))
    XCTAssertEqual(store.lastWriter("k"), id(3), "of an absent key too")
    _ = store.execute(.set("k", "b"), identity: id(4))
    XCTAssertEqual(store.lastWriter("k"), id(4))
    let keyed = OwnedWrite.delete("k", idempotencyKey: "x")
    _ = store.execute(keyed, identity: id(5))
    XCTAssertEqual(store.lastWriter("k"), keyed.identity)
    _ = store.execute(.delete("k").matching(.any), identity: id(6))
    XCTAssertEqual(store.lastWriter("k"), keyed.identity, "not executed")
  }

  /// The hash is not that of the process' tables: all replicas see the same.
  func testKeysOfOneBucketShareTheirLastDelete() throws {
    func bucket(_ key: String) -> Int { Array(key.utf8).withUnsafeBytes { LastDeletes.bucket(of: $0) } }
    XCTAssertEqual(bucket("k"), 173)
    let mate = try XCTUnwrap((0...).lazy.map { "key\($0)" }.first { bucket($0) == bucket("k") })
    let other = try XCTUnwrap((0...).lazy.map { "key\($0)" }.first { bucket($0) != bucket("k") })
    for seed in [1, 2] as [UInt64] {
      var store = Store(seed: seed)
      _ = store.execute(.delete("k"), identity: id(1))
      XCTAssertEqual(store.lastWriter(mate), id(1))
      XCTAssertEqual(store.lastWriter(other), .zero)
      _ = store.execute(.set(mate, "a"), identity: id(2))
      XCTAssertEqual(store.lastWriter(mate), id(2))
      XCTAssertEqual(store.lastWriter("k"), id(1))
    }
  }

  func testForgottenDeletesLeaveAMarker() throws {
    var store = Store()
    _ = store.execute(.delete("k"), identity: id(1))
    _ = store.execute(.set("v", "a"), identity: id(2))
    store.forgetDeletes(id(3))
    XCTAssertEqual(store.lastWriter("k"), id(3))
    XCTAssertEqual(store.lastWriter("never"), id(3))
    XCTAssertEqual(store.lastWriter("v"), id(2))
    var fresh = Store()
    _ = fresh.execute(.delete("x"), identity: id(9))
    _ = fresh.execute(.set("v", "a"), identity: id(2))
    fresh.forgetDeletes(id(3))
    XCTAssertEqual(store.stateHash(), fresh.stateHash())
    _ = store.execute(.delete("k"), identity: id(4))
    XCTAssertEqual(try Store.restored(store.snapshot()).lastWriter("k"), id(4))
    XCTAssertEqual(try Store.restored(store.snapshot()).lastWriter("never"), id(3))
    XCTAssertNotEqual(store.stateHash(), fresh.stateHash())
  }

  func testACopyKeepsItsDeletes() {
    var store = Store()
    _ = store.execute(.delete("k"), identity: id(1))
    let copy = store
    _ = store.execute(.delete("k"), identity: id(2))
    XCTAssertEqual(copy.lastWriter("k"), id(1))
    XCTAssertEqual(store.lastWriter("k"), id(2))
  }

  /// One delete in every bucket but the last: the hash of all is the same in whatever order they came.
  func testTheSumForgetsTheWay() {
    var (up, down) = (LastDeletes(), LastDeletes())
    for bucket in 0..<1023 {
      up.note(id(UInt64(bucket)), in: bucket)
      if bucket.isMultiple(of: 100) { _ = up.sum() }
      down.note(id(7), in: 1022 - bucket)
    }
    XCTAssertNotEqual(up.sum(), down.sum())
    for bucket in 0..<1023 { down.note(id(UInt64(bucket)), in: bucket) }
    XCTAssertEqual(up.sum(), down.sum())
    XCTAssertEqual(up.count, 1023)
    XCTAssertNil(up.next(from: 1023))
  }
}
