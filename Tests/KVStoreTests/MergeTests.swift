import Bytes
import KVStore
import XCTest

/// How one merge ends.
final class MergeTests: XCTestCase {
  private let failed = OwnedOutcome(result: .conditionFailed)
  private let failedAgain = OwnedOutcome(result: .conditionFailed, isReplayed: true)

  private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  /// `key lost/kept reason`, NIL for none.
  private func told(_ store: Store) -> [String] {
    store.conflicts.map {
      "\(text($0.key)!) \(text($0.lost) ?? "NIL")/\(text($0.kept) ?? "NIL") \($0.reason)"
    }
  }

  func testOnTheSameBaseItIsExecuted() {
    var store = Store()
    _ = store.execute(.set("k", "a"), identity: Digest(low: 1, high: 2))
    let write = OwnedWrite.set("k", "b", idempotencyKey: "x").merging(store.lastWriter("k"))
    XCTAssertEqual(store.execute(write), .done(2, old: "a"))
    XCTAssertEqual(store.lastWriter("k"), write.identity)
    let removal = OwnedWrite.delete("k", idempotencyKey: "y").merging(write.identity)
    XCTAssertEqual(store.execute(removal), .done(nil, old: "b"))
    let again = OwnedWrite.set("k", "c", idempotencyKey: "z").merging(removal.identity)
    XCTAssertEqual(store.execute(again), .done(4, old: nil))
    let new = OwnedWrite.set("n", "d", idempotencyKey: "w").merging(.zero)
    XCTAssertEqual(store.execute(new), .done(5, old: nil))
    XCTAssertTrue(store.conflicts.isEmpty)
  }

  func testOnAnotherBaseTheQuorumsWriteStays() {
    var store = Store()
    _ = store.execute(.set("k", "a"))
    let base = store.lastWriter("k")
    _ = store.execute(.set("k", "b"), identity: Digest(low: 3, high: 4))
    let write = OwnedWrite.set("k", "c", idempotencyKey: "x").merging(base, writtenAt: 77, server: 3)
    XCTAssertEqual(store.execute(write), failed)
    XCTAssertEqual(store.value("k"), "b")
    XCTAssertEqual(store.counter, 2)
    XCTAssertEqual(told(store), ["k c/b overwritten"])
    let conflict = store.conflicts[0]
    XCTAssertEqual(conflict.identity, write.identity)
    XCTAssertEqual(conflict.writtenAt, 77)
    XCTAssertEqual(conflict.server, 3)
    XCTAssertEqual(store.execute(write), failedAgain)
    XCTAssertEqual(store.execute(write.request), failedAgain, "certainly not executed")
    XCTAssertEqual(store.conflictCount, 1)
  }

  func testPutAndDeleteInBetweenIsSeen() {
    var store = Store()
    let base = store.lastWriter("k")
    _ = store.execute(.set("k", "a"), identity: Digest(low: 1, high: 1))
    _ = store.execute(.delete("k"), identity: Digest(low: 2, high: 1))
    XCTAssertEqual(store.execute(.set("k", "b", idempotencyKey: "x").merging(base)), failed)
    XCTAssertEqual(store.execute(.delete("k", idempotencyKey: "y").merging(base)), failed)
    XCTAssertNil(store.value("k"))
    XCTAssertEqual(told(store), ["k b/NIL overwritten", "k NIL/NIL overwritten"])
  }

  /// What was written again with the same value has another writer.
  func testTheSameValueIsNotTheSameWrite() {
    var store = Store()
    _ = store.execute(.set("k", "a"), identity: Digest(low: 1, high: 1))
    let base = store.lastWriter("k")
    _ = store.execute(.set("k", "a"), identity: Digest(low: 2, high: 1))
    XCTAssertEqual(store.execute(.set("k", "b", idempotencyKey: "x").merging(base)), failed)
  }

  func testAWriteOfBothWorldsIsOne() {
    var store = Store()
    let write = OwnedWrite.set("k", "a", idempotencyKey: "x")
    XCTAssertEqual(store.execute(write), .done(1, old: nil))
    _ = store.execute(.set("k", "b"))
    XCTAssertEqual(store.execute(write.merging(.zero)), .done(1, old: nil, isReplayed: true))
    XCTAssertEqual(store.value("k"), "b")
    XCTAssertTrue(store.conflicts.isEmpty)
    // And the other way round.
    let other = OwnedWrite.set("n", "a", idempotencyKey: "y")
    XCTAssertEqual(store.execute(other.merging(.zero)), .done(3, old: nil))
    XCTAssertEqual(store.execute(other), .done(3, old: nil, isReplayed: true))
    // Kept by two servers, upon different bases: known after the first.
    XCTAssertEqual(
      store.execute(other.merging(Digest(low: 9, high: 9))), .done(3, old: nil, isReplayed: true))
    XCTAssertTrue(store.conflicts.isEmpty)
  }

  func testOfTwoOverlaysOneLoses() {
    var store = Store()
    let first = OwnedWrite.set("k", "a", idempotencyKey: "x").merging(.zero, server: 1)
    let second = OwnedWrite.set("k", "b", idempotencyKey: "y").merging(.zero, server: 2)
    let third = OwnedWrite.set("k", "c", idempotencyKey: "z").merging(second.identity, server: 2)
    XCTAssertEqual(store.execute(first), .done(1, old: nil))
    XCTAssertEqual(store.execute(second), failed)
    XCTAssertEqual(store.execute(third), failed, "upon what was lost")
    XCTAssertEqual(store.value("k"), "a")
    XCTAssertEqual(told(store), ["k b/a overwritten", "k c/a overwritten"])
  }

  func testAReusedKeyIsAConflict() {
    var store = Store()
    _ = store.execute(.set("k", "a", idempotencyKey: "x"))
    let write = OwnedWrite.set("n", "b", idempotencyKey: "x").merging(.zero)
    for _ in 0..<2 { XCTAssertEqual(store.execute(write), OwnedOutcome(result: .keyReused)) }
    XCTAssertNil(store.value("n"))
    XCTAssertEqual(told(store), ["n b/NIL keyReused"], "once")
    XCTAssertEqual(
      store.execute(.set("k", "a", idempotencyKey: "x")), .done(1, old: nil, isReplayed: true))
  }

  func testAnExpiredKeyIsAConflict() {
    var store = Store(Limits(outcomes: 1))
    for time in [5, 6] { _ = store.execute(.set("k", "\(time)", idempotencyKey: "\(time)-x")) }
    let write = OwnedWrite.set("k", "b", idempotencyKey: "5-y").merging(store.lastWriter("k"))
    for _ in 0..<2 { XCTAssertEqual(store.execute(write), OwnedOutcome(result: .expired(floor: 5))) }
    XCTAssertEqual(told(store), ["k b/6 expired"])
    XCTAssertEqual(store.outcomeCount, 1)
    XCTAssertEqual(store.counter, 2)
  }

  func testAFullStoreIsAConflict() {
    var store = Store(Limits(storeBytes: Limits.entryBytes + 2))
    _ = store.execute(.set("k", "a"))
    let full = OwnedOutcome(result: .storeFull)
    let merge = OwnedWrite.set("n", "", idempotencyKey: "x").merging(.zero)
    XCTAssertEqual(store.execute(merge), full)
    XCTAssertEqual(store.execute(merge), OwnedOutcome(result: .storeFull, isReplayed: true))
    XCTAssertEqual(told(store), ["n /NIL storeFull"])
    // Refused by a quorum, while another server took it.
    let refused = OwnedWrite.set("m", "b", idempotencyKey: "y")
    XCTAssertEqual(store.execute(refused), full)
    XCTAssertEqual(store.conflictCount, 1)
    for _ in 0..<2 {
      XCTAssertEqual(
        store.execute(refused.merging(.zero)), OwnedOutcome(result: .storeFull, isReplayed: true))
    }
    XCTAssertEqual(told(store), ["n /NIL storeFull", "m b/NIL storeFull"])
  }

  /// A server without the op's execution may answer what the table says only where execution would add nothing.
  func testAnswerLeavesConflictsToExecution() {
    var store = Store(Limits(storeBytes: Limits.entryBytes + 2, outcomes: 3))
    for time in [5, 6, 7] { _ = store.execute(.set("k", "\(time)", idempotencyKey: "\(time)-x")) }
    _ = store.execute(.set("m", "b", idempotencyKey: "8-x"))
    XCTAssertEqual(store.floor, 5)
    func answers(_ write: OwnedWrite) -> Bool {
      var outcomes = Outcomes()
      let isAnswered = write.borrow { store.answer($0, ticket: 3, into: &outcomes) }
      XCTAssertEqual(outcomes.records.count, isAnswered ? 1 : 0)
      return isAnswered
    }
    XCTAssertTrue(answers(.set("k", "6", idempotencyKey: "6-x").merging(.zero)))
    XCTAssertFalse(answers(.set("k", "9", idempotencyKey: "6-x").merging(.zero)))
    XCTAssertFalse(answers(.set("k", "5", idempotencyKey: "5-x").merging(.zero)))
    XCTAssertFalse(answers(.set("m", "b", idempotencyKey: "8-x").merging(.zero)))
    XCTAssertFalse(answers(.set("n", "b", idempotencyKey: "9-x").merging(.zero)))
    XCTAssertTrue(answers(.set("m", "b", idempotencyKey: "8-x")))
  }

  /// Keys that were made up leave like others without a time.
  func testMadeUpKeysLeaveOldestFirst() {
    var store = Store(Limits(outcomes: 2))
    let keys = (0..<3).map {
      [0, UInt8(ascii: "1"), UInt8(ascii: "-"), $0] + [UInt8](repeating: 7, count: 13)
    }
    for key in keys {
      let write = OwnedWrite(key: [0x6b], value: [key[3]], idempotencyKey: key)
      _ = store.execute(write.merging(store.lastWriter("k")))
    }
    XCTAssertTrue(store.conflicts.isEmpty)
    XCTAssertEqual(keys.map { store.contains(idempotencyKey: $0) }, [false, true, true])
    XCTAssertNil(store.floor)
  }

  func testTheOldestConflictLeaves() {
    var store = Store()
    _ = store.execute(.set("k", "a"))
    for number in 0..<300 {
      store.executeUnwaited(
        .set("k", "\(number)", idempotencyKey: "x\(number)").merging(Digest(low: 8, high: 8)))
    }
    XCTAssertEqual(store.conflicts.count, Limits.conflictsMax)
    XCTAssertEqual(store.conflictCount, 300)
    XCTAssertEqual(store.conflicts.dropped, 44)
    XCTAssertEqual(text(store.conflicts.first?.lost), "44")
    XCTAssertEqual(text(store.conflicts.last?.lost), "299")
  }

  func testConflictsAreBoundedByBytes() {
    var store = Store()
    let value = String(repeating: "v", count: Write.valueBytesMax)
    _ = store.execute(.set("k", value))
    for number in 0..<40 {
      store.executeUnwaited(.set("k", value, idempotencyKey: "x\(number)").merging(Digest(low: 8, high: 8)))
    }
    let each = 1 + 2 * Write.valueBytesMax
    XCTAssertEqual(store.conflicts.count, Limits.conflictBytesMax / each)
    XCTAssertEqual(store.conflicts.bytes, store.conflicts.count * each)
    XCTAssertEqual(store.conflictCount, 40)
    XCTAssertEqual(store.conflicts.last?.identity, OwnedWrite.set("", "", idempotencyKey: "x39").identity)
  }
}
