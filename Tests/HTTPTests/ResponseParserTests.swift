import HTTP
import XCTest

final class ResponseParserTests: XCTestCase {
  func testReplies() {
    for sample in ResponseSamples.all {
      if let mismatch = sample.mismatch(Transcript.responses(Pieces.whole(sample.input))) {
        XCTFail(mismatch)
      }
    }
  }

  func testReplyToHeadHasNoBody() {
    let input = Array(
      (ResponseSamples.reply("Content-Length: 10") + ResponseSamples.reply("Content-Length: 3")).utf8)
    XCTAssertEqual(Transcript.responses([input[...]], isHead: true).lines, ["200 + <>", "200 + <>"])
  }

  func testValueInTheBody() {
    let cases: [(String, Bool, String?)] = [
      ("abc=v", false, "v"), ("abc=", false, ""), ("abc=a=b", false, "a=b"), ("ab=v", false, nil),
      ("", false, nil),
      ("[abc]=[v]", true, "v"), ("[abc]=[]", true, ""), ("[abc]=v", true, nil), ("[abc]=[", true, nil),
    ]
    for (body, isBracketed, expected) in cases {
      Array(body.utf8).withUnsafeBytes { bytes in
        var response = Response(status: 200, keepsAlive: true)
        response.body = bytes
        let value = response.value(ofKeyWithLength: 3, isBracketed: isBracketed)
        XCTAssertEqual(value.map { String(decoding: $0, as: UTF8.self) }, expected, body)
        response.isPresent = false
        XCTAssertNil(response.value(ofKeyWithLength: 3, isBracketed: isBracketed))
      }
    }
  }

  func testIdleBetweenReplies() {
    var parser = ResponseParser()
    XCTAssertTrue(parser.isIdle)
    var idle: [Bool] = []
    for piece in ["HTTP/1.1 200 OK\r\n", "Content-Length: 1\r\n\r\n", "a"] {
      Array(piece.utf8).withUnsafeBytes { buffer in
        var input = buffer
        while case .response = parser.next(&input) {}
      }
      idle.append(parser.isIdle)
    }
    XCTAssertEqual(idle, [false, false, true])
  }
}
