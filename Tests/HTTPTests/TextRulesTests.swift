import HTTP
import XCTest

final class TextRulesTests: XCTestCase {
  func testLengthCountsScalars() {
    for character in ["a", "ü", "€", "𝄞"] {
      XCTAssertNil(key(String(repeating: character, count: 128)))
      XCTAssertNotNil(key(String(repeating: character, count: 129)))
      XCTAssertNil(value(String(repeating: character, count: 2048)))
      XCTAssertNotNil(value(String(repeating: character, count: 2049)))
    }
    XCTAssertNotNil(key(""))
    XCTAssertNil(value(""))
  }

  /// Every scalar, at each place of a text long enough for the fast path, against the rule in so many words.
  func testEveryScalar() {
    for scalar in (0...0x10ffff).lazy.compactMap(Unicode.Scalar.init)
    where scalar.value < 0x3000 || scalar.value % 97 == 0 {
      let isControl = scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value)
      let isBracket = scalar == "[" || scalar == "]"
      let text = String(String.UnicodeScalarView([scalar]))
      XCTAssertEqual(value(text) == nil, !isControl && !isBracket, "U+\(String(scalar.value, radix: 16))")
      XCTAssertEqual(key(text) == nil, !isControl && !isBracket && scalar != "=")
    }
    for place in 0..<40 {
      for byte in UInt8(0)..<128 {
        var text = [UInt8](repeating: 0x61, count: 40)
        text[place] = byte
        let isFine = byte >= 0x20 && byte != 0x7f && byte != 0x5b && byte != 0x5d
        XCTAssertEqual(value(text) == nil, isFine, "\(byte) at \(place)")
      }
    }
  }

  /// The standard library's validation is the reference: all sequences of two bytes, and those of three and four
  /// bytes where it matters.
  func testUTF8AsTheStandardLibrary() {
    let interesting: [UInt8] = [
      0x41, 0x7e, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xee, 0xef,
      0xf0, 0xf1,
      0xf4, 0xf5, 0xff,
    ]
    for first in UInt8.min...UInt8.max {
      for second in UInt8.min...UInt8.max { checkUTF8([first, second]) }
    }
    for first in interesting {
      for second in interesting {
        for third in interesting {
          checkUTF8([first, second, third])
          for fourth in interesting { checkUTF8([first, second, third, fourth]) }
        }
      }
    }
  }

  private func checkUTF8(_ bytes: [UInt8]) {
    let fault = value(bytes)
    if String(validating: bytes, as: UTF8.self) == nil {
      XCTAssertNotNil(fault, "\(bytes)")
    } else {
      XCTAssertNotEqual(fault, "the value is not valid UTF-8", "\(bytes)")
    }
  }

  private func key(_ text: String) -> String? {
    Array(text.utf8).withUnsafeBytes { TextRules.keyFault($0).map { "\($0)" } }
  }

  private func value(_ text: String) -> String? { value(Array(text.utf8)) }

  private func value(_ bytes: [UInt8]) -> String? {
    bytes.withUnsafeBytes { TextRules.valueFault($0).map { "\($0)" } }
  }
}
