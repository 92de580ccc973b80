import XCTest

@testable import History

final class HistoryTextTests: XCTestCase {
  private let sample = """
    initial color =blue
    4 1500 2500 write color =red done =blue
    3 1000 2000 read color done -
    5 10 20 delete a%20b%25%00 done =
    5 10 20 delete é acknowledged
    4 1500 - write color =- open
    4 18446744073709551615 18446744073709551615 write color = failed

    """

  func testThereAndBack() throws {
    let history = try parse(sample)
    XCTAssertEqual(String(decoding: history.text(), as: UTF8.self), sample)
    XCTAssertEqual(history.operations.count, 6)
    let written = history.operations[2]
    XCTAssertEqual(history.keys.bytes(of: written.key), [0x61, 0x20, 0x62, 0x25, 0])
    XCTAssertEqual(written.outcome, .done(RegisterValue(number: 2)))
    XCTAssertEqual(history.values.bytes(of: 2), [])
    XCTAssertEqual(history.operations[4].outcome, .open)
  }

  func testCommentsAndBlankLines() throws {
    XCTAssertEqual(try parse("# a history\n\n1 2 3 read k done -").operations.count, 1)
  }

  func testMistakesAreNamedByLine() {
    let mistakes: [(String, String)] = [
      ("x 1 2 read k done -", "client is not a number of 64 bits"),
      ("4294967296 1 2 read k done -", "client out of range"),
      ("1 +1 2 read k done -", "invocation is not a number of 64 bits"),
      ("1 18446744073709551616 2 read k done -", "invocation is not a number of 64 bits"),
      ("1 3 2 read k done -", "response before invocation"),
      ("1 1 2 get k done -", "action is read, write or delete"),
      ("1 1 2 write k - done -", "a write of nothing; use delete"),
      ("1 1 2 read k done blue", "a value is - or begins with ="),
      ("1 1 2 read k done =%4", "% without two hexadecimal digits"),
      ("1 1 2 read k done =%+4", "% without two hexadecimal digits"),
      ("1 1 2 read k done", "value is missing"),
      ("1 1 2 read k", "outcome is missing"),
      ("1 1 2 read k gone", "outcome is done, acknowledged, failed or open"),
      ("1 1 2 read  done -", "empty key"),
      ("1 1 2 read k open", "the response is - of an open operation, and only there"),
      ("1 1 - read k done -", "the response is - of an open operation, and only there"),
      ("1 1 2 read k done - -", "more fields than expected"),
      ("initial k", "value is missing"),
    ]
    for (text, reason) in mistakes {
      XCTAssertThrowsError(try parse("# one\n" + text + "\n"), text) { error in
        XCTAssertEqual(error as? MalformedHistory, MalformedHistory(line: 2, reason: reason), text)
      }
    }
  }
}
