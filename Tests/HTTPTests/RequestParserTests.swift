import HTTP
import XCTest

final class RequestParserTests: XCTestCase {
  func testClassicDialect() {
    check(ClassicSamples.all)
  }

  func testStandardDialect() {
    check(StandardSamples.all)
  }

  private func check(_ samples: [Sample]) {
    for sample in samples {
      let transcript = Transcript.requests(Pieces.whole(sample.input), end: sample.end)
      if let mismatch = sample.mismatch(transcript) { XCTFail(mismatch) }
    }
  }

  func testRefusalsNameWhatIsAllowed() {
    XCTAssertEqual(refusal("PUT a\n\n")?.allow, .get)
    XCTAssertEqual(refusal(StandardSamples.request("HEAD /a=b"))?.allow, .get)
    XCTAssertEqual(refusal(StandardSamples.request("POST /a"))?.allow, .keys)
    XCTAssertEqual(refusal(StandardSamples.request("DELETE /-/status"))?.allow, .getAndHead)
    XCTAssertNil(refusal(StandardSamples.get("/["))?.allow)
  }

  func testHeadIsToldInTheForm() {
    XCTAssertEqual(refusal(StandardSamples.request("HEAD /a=b"))?.form.isHead, true)
    XCTAssertEqual(refusal(StandardSamples.request("POST /a"))?.form.isHead, false)
  }

  func testProgressIsWhatDeadlinesNeed() {
    var parser = RequestParser()
    var seen: [RequestParser.Progress] = [parser.progress]
    for piece in [
      "\r\n", "PUT /a HTTP/1.1", "\r\n", "Host: x\r\nContent-Length: 2\r\n\r\n", "v", "w", "GET a\n\n",
    ] {
      feed(piece, to: &parser)
      seen.append(parser.progress)
    }
    XCTAssertEqual(
      seen,
      [
        .idle, .idle, .head(hasWholeLine: false), .head(hasWholeLine: true), .body, .body, .idle, .ended,
      ])
  }

  func testWhatFollowsAnUpgradeIsHandedOver() {
    let request = StandardSamples.request("GET /-/peer", "Upgrade: quorate/1")
    for split in 0...request.utf8.count + 3 {
      var parser = RequestParser()
      let bytes = Array(request.utf8) + [1, 2, 3]
      var rest: [UInt8]?
      for piece in Pieces.two(bytes, at: split) {
        if rest != nil {
          rest! += piece
        } else {
          rest = remainder(of: Array(piece), &parser)
        }
      }
      XCTAssertEqual(rest, [1, 2, 3], "split at \(split)")
    }
  }

  func testMemoryIsHeldForPartialRequestsOnly() {
    var parser = RequestParser()
    feed(String(repeating: StandardSamples.get("/a%20b"), count: 500) + "G", to: &parser)
    XCTAssertLessThanOrEqual(parser.memory, 256, "a byte is left of a long pipeline")
    feed("ET /a HTTP/1.1\r\nHost: x\r\n\r\n", to: &parser)
    XCTAssertEqual(parser.memory, 0)
    let head = "GET /a HTTP/1.1\r\nHost: x\r\nX: " + String(repeating: "x", count: 40_000)
    for byte in head { feed(String(byte), to: &parser) }
    XCTAssertLessThanOrEqual(parser.memory, 2 * MessageLimits.headMax)
    feed("\r\n\r\n\r\n", to: &parser)
    XCTAssertEqual(parser.memory, 0)
  }

  func testChunkFramingIsNotHeld() {
    var parser = RequestParser()
    feed(StandardSamples.request("PUT /a", "Transfer-Encoding: chunked"), to: &parser)
    let frame = "1;" + String(repeating: "x", count: 200) + "\r\nv\r\n"
    for _ in 0..<2000 { feed(frame, to: &parser) }
    XCTAssertEqual(parser.progress, .body)
    XCTAssertLessThanOrEqual(parser.memory, 8 * 1024)
  }

  func testConditionsCompare() {
    let tag = EntityTag(lineage: 1, number: 2)
    let cases: [(String, EntityTag?, Bool)] = [
      ("If-Match: \"1-2\"", tag, true), ("If-Match: \"1-3\", \"1-2\"", tag, true),
      ("If-Match: \"2-2\"", tag, false),
      ("If-Match: W/\"1-2\"", tag, false), ("If-None-Match: W/\"1-2\"", tag, true),
      ("If-Match: *", tag, true),
      ("If-Match: *", nil, false), ("If-None-Match: *", nil, false), ("If-None-Match: \"1-2\"", nil, false),
    ]
    for (field, current, expected) in cases {
      withRequest(StandardSamples.request("GET /a=b", field)) { request in
        let list = request.ifMatch.isPresent ? request.ifMatch : request.ifNoneMatch
        XCTAssertEqual(list.matches(current), expected, field)
        XCTAssertTrue(request.isConditional)
      }
    }
  }

  /// What follows the upgrade in `bytes`, if that is whole.
  private func remainder(of bytes: [UInt8], _ parser: inout RequestParser) -> [UInt8]? {
    bytes.withUnsafeBytes { buffer in
      var input = buffer
      guard case .request(let request) = parser.next(&input) else { return nil }
      XCTAssertEqual(request.action, .upgrade)
      return parser.takeRemainder(of: input)
    }
  }

  private func refusal(_ text: String) -> Refusal? {
    var parser = RequestParser()
    return Array(text.utf8).withUnsafeBytes { buffer in
      var input = buffer
      if case .refusal(let refusal) = parser.next(&input) { return refusal }
      return nil
    }
  }

  private func feed(_ text: String, to parser: inout RequestParser) {
    Array(text.utf8).withUnsafeBytes { buffer in
      var input = buffer
      while true {
        if case .needsMore = parser.next(&input) { break }
      }
    }
  }

  private func withRequest(_ text: String, _ body: (Request) -> Void) {
    var parser = RequestParser()
    Array(text.utf8).withUnsafeBytes { buffer in
      var input = buffer
      guard case .request(let request) = parser.next(&input) else { return XCTFail("no request: \(text)") }
      body(request)
    }
  }
}
