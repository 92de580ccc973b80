import HTTP
import XCTest

final class DateTextTests: XCTestCase {
  private func text(milliseconds: UInt64) -> String {
    var bytes: [UInt8] = []
    DateText.put(milliseconds: milliseconds, into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  func testMillisecondsAsRFC3339() {
    XCTAssertEqual(text(milliseconds: 0), "1970-01-01T00:00:00.000Z")
    XCTAssertEqual(text(milliseconds: 784_111_777_009), "1994-11-06T08:49:37.009Z")
    XCTAssertEqual(text(milliseconds: 951_826_154_050), "2000-02-29T12:09:14.050Z")
    XCTAssertEqual(text(milliseconds: 1_763_000_000_999), "2025-11-13T02:13:20.999Z")
    XCTAssertEqual(text(milliseconds: 253_402_300_799_999), "9999-12-31T23:59:59.999Z")
    XCTAssertEqual(text(milliseconds: .max), "9999-12-31T23:59:59.999Z")
  }
}
