import Support
import XCTest

@testable import History

/// Hand-made histories, good and bad, and what is said about the bad ones.
final class CheckTests: XCTestCase {
  private func assertGood(_ text: String, line: UInt = #line) throws {
    XCTAssertTrue(check(try parse(text)).isLinearizable, line: line)
  }

  /// The rule and the operations, by position in `text`.
  private func assertBad(
    _ text: String, _ rule: HistoryViolation.Rule, _ operations: [Int], says: String = "", line: UInt = #line
  ) throws {
    let history = try parse(text)
    let verdict = check(history)
    XCTAssertEqual(verdict.violations.map(\.rule), [rule], line: line)
    XCTAssertEqual(verdict.violations.first?.operations, operations, line: line)
    let explained = verdict.violations.first?.explain(history) ?? ""
    XCTAssertTrue(says.isEmpty || explained.contains(says), explained, line: line)
  }

  func testNothing() throws {
    try assertGood("")
    try assertGood("1 0 1 read k done -")
    try assertGood("initial k =a\n1 0 1 read k done =a")
  }

  func testConcurrentReadsMayDiffer() throws {
    try assertGood(
      """
      1 0 10 write k =a done -
      2 1 9 read k done =a
      3 1 9 read k done -
      """)
  }

  func testStaleRead() throws {
    try assertBad(
      """
      1 0 1 write k =a done -
      1 2 3 write k =b done =a
      2 4 5 read k done =a
      """, .outOfOrder, [2, 1],
      says: "read by client 2 at [4, 5] that returned \"a\"; so it took effect before write of \"b\"")
  }

  func testStaleReadNamesWhoReplacedTheValue() throws {
    try assertBad(
      """
      1 0 1 write k =a done -
      1 2 9 write k =b done =a
      3 3 4 read k done =b
      2 5 6 read k done =a
      """, .outOfOrder, [3, 2, 1],
      says: ", which write of \"b\" by client 1 at [2, 9] that returned \"a\" replaced")
  }

  func testTouchingEndsAreConcurrent() throws {
    try assertGood("1 0 5 write k =a done -\n2 5 6 read k done -")
    try assertBad("1 0 5 write k =a done -\n2 6 7 read k done -", .outOfOrder, [1, 0])
  }

  func testLostWrite() throws {
    try assertBad(
      """
      1 0 1 write k =a done -
      1 2 9 write k =b done =a
      2 2 9 write k =c done =a
      """, .replacedTwice, [1, 2, 0], says: "one of the two was lost")
  }

  func testAcknowledgedWriteLost() throws {
    try assertBad(
      """
      1 0 1 write k =a acknowledged
      2 2 3 read k done -
      """, .outOfOrder, [1, 0])
  }

  func testReadOfWhatNobodyWrote() throws {
    try assertBad("1 0 1 read k done =z", .neverWritten, [0], says: "nobody wrote")
    try assertBad(
      "1 0 1 write k =z failed\n1 2 3 read k done =z", .neverWritten, [1, 0], says: "certainly not done")
  }

  func testReadBeforeItsWrite() throws {
    try assertBad("2 0 1 read k done =a\n1 2 3 write k =a done -", .outOfOrder, [1, 0])
  }

  func testCircle() throws {
    try assertBad("1 0 9 write k =a done =b\n2 0 9 write k =b done =a", .circular, [1, 0])
    try assertBad("1 0 9 write k =a done =a", .circular, [0])
  }

  func testOpenWriteMayHappenLateOrNever() throws {
    try assertGood("1 0 - write k =a open\n2 50 51 read k done -")
    try assertGood("1 0 - write k =a open\n2 50 51 read k done -\n2 52 53 read k done =a")
    try assertBad(
      "1 0 - write k =a open\n2 50 51 read k done =a\n2 52 53 read k done -", .outOfOrder, [2, 1])
  }

  func testOpenWriteHappensOnce() throws {
    try assertBad(
      """
      1 0 - write k =a open
      2 1 2 read k done =a
      2 3 4 write k =b done =a
      2 5 6 read k done =b
      2 7 8 read k done =a
      """, .outOfOrder, [4, 2])
  }

  /// An open write does nothing before it was asked for.
  func testOpenWriteSeenTooEarly() throws {
    try assertBad("2 0 1 read k done =a\n1 5 - write k =a open", .outOfOrder, [1, 0])
  }

  func testInterleavedRuns() throws {
    try assertBad(
      """
      1 0 - write k =a open
      2 0 - write k =b open
      3 1 2 read k done =a
      3 3 4 read k done =b
      3 5 6 read k done =a
      """, .interleaved, [2, 3, 3, 4])
  }

  func testDeleteThenWriteAgain() throws {
    let begin =
      """
      1 0 1 write k =a done -
      1 2 3 delete k done =a
      1 4 5 read k done -
      1 6 7 write k =b done -

      """
    try assertGood(begin + "1 8 9 delete k done =b\n1 10 11 delete k done -")
    try assertBad(begin + "1 8 9 read k done -", .noOrder, [0, 1, 3, 4])
  }

  func testSameValueTwice() throws {
    let begin = "1 0 1 write k =a done -\n1 2 3 write k =b done =a\n"
    try assertGood(begin + "1 4 9 write k =a done =b\n2 5 8 read k done =a")
    try assertGood(begin + "1 4 9 write k =a done =b\n2 5 8 read k done =b")
    try assertBad(
      begin + "1 4 5 write k =b done =b\n1 6 7 write k =a done =b\n1 8 9 read k done =b",
      .noOrder, [1, 2, 3, 4])
  }

  func testEachKeyIsItsOwn() throws {
    let history = try parse(
      """
      1 0 1 write x =a done -
      1 2 3 read y done -
      1 4 5 read z done =q
      1 6 - delete x open
      1 8 9 write x =b failed
      """)
    let verdict = check(history)
    XCTAssertEqual(verdict.keys, 3)
    XCTAssertEqual(verdict.operations, 5)
    XCTAssertEqual(verdict.reads, 2)
    XCTAssertEqual(verdict.writes, 3)
    XCTAssertEqual(verdict.failed, 1)
    XCTAssertEqual(verdict.open, 1)
    XCTAssertEqual(verdict.violations.map { history.keys.bytes(of: $0.key) }, [Array("z".utf8)])
  }

  /// A search that ends at its limit is neither good nor bad.
  func testGivingUpIsSaid() {
    var generator = Generator(
      random: Random(state: 3), count: 300, clients: 40, acknowledgedPercent: 60, readPercent: 20,
      valueCount: 4)
    let verdict = check(generator.make(), searchLimit: 10)
    XCTAssertEqual(verdict.gaveUp, [0])
    XCTAssertTrue(verdict.violations.isEmpty)
    XCTAssertFalse(verdict.isLinearizable)
  }
}
