import History
import XCTest

@testable import Load

final class HistoryLineTests: XCTestCase {
  private func line(
    _ action: LoadRequest.Action, _ outcome: (UnsafeRawBufferPointer) -> HistoryLine.Outcome,
    value: String = ""
  ) -> String {
    var options = LoadOptions()
    options.historyFile = "x"
    options.valueSize = 20
    let request = LoadRequest(
      action: action, purpose: .measured, key: 7, keyDigits: 0, number: 26, intended: 90, sent: 100)
    var text: [UInt8] = []
    Array(value.utf8).withUnsafeBytes {
      HistoryLine(options).put(request, client: 3, end: 250, outcome($0), into: &text)
    }
    return String(decoding: text, as: UTF8.self)
  }

  func testLines() {
    let tag = ValueText.tag(1)
    XCTAssertEqual(line(.read) { _ in .done(nil) }, "3 100 250 read c\(tag)-00000007 done -\n")
    XCTAssertEqual(line(.read) { .done($0) }, "3 100 250 read c\(tag)-00000007 done =\n")
    XCTAssertEqual(line(.read) { _ in .open }, "3 100 - read c\(tag)-00000007 open\n")
    XCTAssertEqual(
      line(.write, { .done($0) }, value: "a b%\u{7f}ü"),
      "3 100 250 write c\(tag)-00000007 =\(tag)000000001a.... done =a%20b%25%7Fü\n")
    XCTAssertEqual(
      line(.write) { _ in .failed }, "3 100 250 write c\(tag)-00000007 =\(tag)000000001a.... failed\n")
  }

  func testTheHistorysOwnReaderReadsThem() throws {
    let text = [
      line(.write) { _ in .done(nil) }, line(.read, { .done($0) }, value: "a b%\u{7f}ü"),
      line(.write) { _ in .open }, line(.write) { _ in .failed },
    ].joined()
    let history = try History(text: Array(text.utf8))
    XCTAssertEqual(String(decoding: history.text(), as: UTF8.self), text)
    XCTAssertEqual(history.operations.map(\.client), [3, 3, 3, 3])
  }
}
