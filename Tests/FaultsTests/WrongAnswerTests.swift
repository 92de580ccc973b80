import Faults
import History
import XCTest

final class WrongAnswerTests: XCTestCase {
  /// Each line as docs/history.md has it.
  private func wrongs(_ lines: String...) throws -> [WrongAnswer.Kind] {
    let history = try History(text: Array(lines.joined(separator: "\n").utf8))
    let found = WrongAnswer.all(in: history)
    // What is counted one by one is found as a whole, too.
    if !found.isEmpty { XCTAssertFalse(check(history).isLinearizable, "\(lines)") }
    return found.map(\.kind)
  }

  func testRightAnswersAreRight() throws {
    XCTAssertEqual(
      try wrongs(
        "1 0 10 write k =a done -", "2 5 20 write k =b done =a", "3 6 18 read k done =a",
        "3 19 30 read k done =b", "1 21 - write k =c open", "2 40 50 read k done =c"), [])
  }

  func testAnAnswerOutOfDate() throws {
    XCTAssertEqual(
      try wrongs(
        "1 0 10 write k =a done -", "2 11 20 write k =b done =a", "3 21 30 read k done =a"), [.outOfDate])
  }

  /// That the value is gone is known from a reader of a later one alone, over a write whose answer came late.
  func testAnAnswerOutOfDateByWhatOthersSaw() throws {
    XCTAssertEqual(
      try wrongs(
        "1 0 10 write k =a done -", "2 11 90 write k =b done =a", "4 12 92 write k =c done =b",
        "3 20 30 read k done =c", "3 31 40 read k done =a"), [.outOfDate])
  }

  func testTwoWritesThatReplacedTheSame() throws {
    XCTAssertEqual(
      try wrongs(
        "1 0 10 write k =a done -", "2 11 20 write k =b done =a", "3 21 30 write k =c done =a"),
      [.lost, .lost], "one replaced what was gone, and one is nowhere")
  }

  func testAnAcknowledgedWriteThatIsNowhere() throws {
    XCTAssertEqual(
      try wrongs("1 0 10 write k =a done -", "1 11 20 write k =b done =a", "2 30 40 read k done -"),
      [.outOfDate])
    XCTAssertEqual(
      try wrongs("1 0 10 write k =a done -", "1 11 20 write k =b done -"), [.lost, .lost])
  }

  func testAValueThatNobodyWrote() throws {
    XCTAssertEqual(
      try wrongs("1 0 10 write k =a failed", "2 11 20 read k done =a", "2 21 30 read k done =z"),
      [.wrongOld, .wrongOld])
  }

  func testAnOpenWriteExcusesItsPlace() throws {
    XCTAssertEqual(
      try wrongs(
        "1 0 10 write k =a done -", "1 11 - write k =b open", "2 20 30 write k =c done =b"), [])
  }
}
