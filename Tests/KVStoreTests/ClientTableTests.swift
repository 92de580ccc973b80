import Bytes
import KVStore
import XCTest

final class ClientTableTests: XCTestCase {
  private func expired(_ floor: UInt64) -> OwnedOutcome {
    OwnedOutcome(result: .expired(floor: floor))
  }

  private let reused = OwnedOutcome(result: .keyReused)

  func testARetryGetsTheFirstOutcome() {
    var store = Store()
    _ = store.execute(.set("k", "a"))
    XCTAssertEqual(store.execute(.set("k", "b", idempotencyKey: "id")), .done(2, old: "a"))
    _ = store.execute(.set("k", "c"))
    XCTAssertEqual(
      store.execute(.set("k", "b", idempotencyKey: "id")), .done(2, old: "a", isReplayed: true))
    XCTAssertEqual(store.value("k"), "c")
    XCTAssertEqual(store.counter, 3)
    XCTAssertEqual(
      store.execute(.set("n", "", idempotencyKey: "n")), .done(4, old: nil))
    XCTAssertEqual(store.execute(.set("n", "", idempotencyKey: "n")), .done(4, old: nil, isReplayed: true))
    XCTAssertEqual(store.execute(.delete("n", idempotencyKey: "d")), .done(nil, old: ""))
    XCTAssertEqual(store.execute(.delete("n", idempotencyKey: "d")), .done(nil, old: "", isReplayed: true))
  }

  func testAnotherWriteWithTheSameKeyIsRefused() {
    var store = Store()
    let write = OwnedWrite.set("k", "a", idempotencyKey: "id")
    _ = store.execute(write)
    XCTAssertEqual(store.execute(.set("k", "b", idempotencyKey: "id")), reused)
    XCTAssertEqual(store.execute(.set("ka", "", idempotencyKey: "id")), reused)
    XCTAssertEqual(store.execute(.delete("k", idempotencyKey: "id")), reused)
    XCTAssertEqual(store.execute(write.noneMatching(.tags([]))), reused)
    XCTAssertEqual(store.execute(write.matching(.any)), reused)
    XCTAssertEqual(store.counter, 1)
    XCTAssertEqual(store.execute(write), .done(1, old: nil, isReplayed: true))
  }

  /// Its client was told that nothing was executed: a late copy must not be executed after that.
  func testFailuresAreReplayedToo() {
    var store = Store(Limits(storeBytes: Limits.entryBytes + 10))
    let grow = OwnedWrite.set("k", "too long a value", idempotencyKey: "a")
    let match = OwnedWrite.set("k", "a", idempotencyKey: "b").matching(.any)
    XCTAssertEqual(store.execute(grow), OwnedOutcome(result: .storeFull))
    XCTAssertEqual(store.execute(match), OwnedOutcome(result: .conditionFailed))
    _ = store.execute(.set("k", "x"))
    XCTAssertEqual(store.execute(grow), OwnedOutcome(result: .storeFull, isReplayed: true))
    XCTAssertEqual(store.execute(match), OwnedOutcome(result: .conditionFailed, isReplayed: true))
    XCTAssertEqual(store.value("k"), "x")
  }

  func testTheFloorRisesToTheSmallestTime() {
    var store = Store(Limits(outcomes: 2))
    for time in [30, 10, 20] { _ = store.execute(.set("k", "\(time)", idempotencyKey: "\(time)-x")) }
    XCTAssertEqual(store.floor, 10)
    XCTAssertEqual(store.execute(.set("k", "10", idempotencyKey: "10-x")), expired(10))
    XCTAssertEqual(store.execute(.set("k", "9", idempotencyKey: "9-y")), expired(10))
    XCTAssertEqual(store.execute(.set("k", "10", idempotencyKey: "010-y")), expired(10))
    XCTAssertEqual(store.counter, 3)
    XCTAssertEqual(
      store.execute(.set("k", "30", idempotencyKey: "30-x")), .done(1, old: nil, isReplayed: true))
    // New and at once the oldest: executed, and the floor protects it.
    XCTAssertEqual(store.execute(.set("k", "11", idempotencyKey: "11-x")), .done(4, old: "20"))
    XCTAssertEqual(store.floor, 11)
    XCTAssertEqual(store.execute(.set("k", "11", idempotencyKey: "11-x")), expired(11))
  }

  func testKnownKeysAtTheFloorAreReplayed() {
    var store = Store(Limits(outcomes: 2))
    for name in ["5-a", "5-b", "5-c"] { _ = store.execute(.set("k", name, idempotencyKey: name)) }
    XCTAssertEqual(store.floor, 5)
    XCTAssertEqual(store.execute(.set("k", "5-a", idempotencyKey: "5-a")), expired(5))
    XCTAssertEqual(
      store.execute(.set("k", "5-b", idempotencyKey: "5-b")), .done(2, old: "5-a", isReplayed: true))
  }

  func testOtherKeysLeaveOldestFirstWithoutAFloor() {
    var store = Store(Limits(outcomes: 2))
    let names = ["b", "c", "a"]
    for name in names { _ = store.execute(.set(name, "", idempotencyKey: name)) }
    XCTAssertEqual(names.map { store.contains(idempotencyKey: [UInt8]($0.utf8)) }, [false, true, true])
    XCTAssertNil(store.floor)
    XCTAssertEqual(store.execute(.set("b", "", idempotencyKey: "b")), .done(4, old: ""))
  }

  func testWhichKeysHaveATime() {
    let timed = ["7-x", "007-x", "7--", "18446744073709551615-x"]
    let untimed = ["-x", "7", "7-", "x7-x", "7 -x", "+7-x", "18446744073709551616-x", "7x-y"]
    for name in timed + untimed {
      var store = Store(Limits(outcomes: 0))
      XCTAssertEqual(store.execute(.set("k", "", idempotencyKey: name)), .done(1, old: nil))
      XCTAssertEqual(store.floor != nil, timed.contains(name), name)
    }
    XCTAssertEqual(UInt64("18446744073709551615"), .max)
  }

  func testTheKindThatTakesMoreBytesLoses() {
    var store = Store(Limits(outcomes: 3))
    _ = store.execute(.set("a", "", idempotencyKey: "1-short"))
    _ = store.execute(.set("b", "", idempotencyKey: "a much longer key"))
    _ = store.execute(.set("c", "", idempotencyKey: "another longer key"))
    _ = store.execute(.set("d", "", idempotencyKey: "2-short"))
    XCTAssertNil(store.floor)
    XCTAssertTrue(store.contains(idempotencyKey: [UInt8]("1-short".utf8)))
    XCTAssertFalse(store.contains(idempotencyKey: [UInt8]("a much longer key".utf8)))
    _ = store.execute(.set("e", "", idempotencyKey: "3-quite a bit longer"))
    XCTAssertEqual(store.floor, 1)
  }

  func testAnswerWithoutExecution() {
    var store = Store(Limits(outcomes: 1))
    _ = store.execute(.set("k", "a", idempotencyKey: "1-x"))
    _ = store.execute(.set("k", "b", idempotencyKey: "2-x"))
    func answer(_ write: OwnedWrite) -> OwnedOutcome? {
      var outcomes = Outcomes()
      let isAnswered = write.borrow { store.answer($0, ticket: 3, into: &outcomes) }
      XCTAssertEqual(outcomes.records.count, isAnswered ? 1 : 0)
      return isAnswered ? outcomes.owned(0) : nil
    }
    XCTAssertEqual(answer(.set("k", "b", idempotencyKey: "2-x")), .done(2, old: "a", isReplayed: true))
    XCTAssertEqual(answer(.set("k", "c", idempotencyKey: "2-x")), reused)
    XCTAssertEqual(answer(.set("k", "c", idempotencyKey: "1-x")), expired(1))
    XCTAssertNil(answer(.set("k", "c", idempotencyKey: "3-x")))
    XCTAssertNil(answer(.set("k", "c")))
  }
}
