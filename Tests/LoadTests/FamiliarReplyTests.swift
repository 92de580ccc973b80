import HTTP
import XCTest

@testable import Load

final class FamiliarReplyTests: XCTestCase {
  private static let head =
    "HTTP/1.1 200 OK\r\nServer: quorate\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: no-store\r\n"
    + "Content-Type: text/plain; charset=utf-8\r\n"
  private static let plain = head + "Content-Length: 17\r\nETag: \"12-345\"\r\n\r\nkey00000001=abcde"

  /// What a reader made of the bytes, but for the tag.
  private struct Outcome: Equatable {
    var status: UInt16
    var keepsAlive: Bool
    var isPresent: Bool
    var body: [UInt8]
    var isLinearizable: Bool
    var left: Int

    init(_ response: Response, left: Int) {
      (status, keepsAlive, isPresent) = (response.status, response.keepsAlive, response.isPresent)
      (body, isLinearizable) = (Array(response.body), response.assurance == .linearizable)
      self.left = left
    }
  }

  private func parsed(_ text: [UInt8]) -> Outcome? {
    text.withUnsafeBytes { bytes in
      var parser = ResponseParser()
      var input = bytes
      guard case .response(let response) = parser.next(&input) else { return nil }
      return Outcome(response, left: input.count)
    }
  }

  private func taken(_ familiar: FamiliarReply, _ text: [UInt8]) -> Outcome? {
    text.withUnsafeBytes { bytes in
      var input = bytes
      guard let response = familiar.take(&input) else {
        XCTAssertEqual(input.count, bytes.count, "what is not taken is not touched")
        return nil
      }
      return Outcome(response, left: input.count)
    }
  }

  private func learned(_ text: String) -> FamiliarReply {
    var familiar = FamiliarReply()
    learn(text, into: &familiar)
    return familiar
  }

  private func learn(_ text: String, into familiar: inout FamiliarReply) {
    Array(text.utf8).withUnsafeBytes { bytes in
      var parser = ResponseParser()
      var input = bytes
      if case .response(let response) = parser.next(&input) {
        familiar.learn(response, from: bytes, rest: input)
      }
    }
  }

  func testNothingIsTakenBeforeItIsLearned() {
    XCTAssertNil(taken(FamiliarReply(), Array(Self.plain.utf8)))
  }

  func testWhatBeginsAlikeIsRead() {
    let familiar = learned(Self.plain)
    for rest in [
      "Content-Length: 17\r\nETag: \"12-345\"\r\n\r\nkey00000001=abcde", "Content-Length: 0\r\n\r\n",
      "Content-Length: 3\r\n\r\na=bHTTP/1.1 200", "Content-Length: 3\r\nETag: \"999-1\"\r\n\r\na=bHTTP",
    ] {
      let text = Array((Self.head + rest).utf8)
      XCTAssertNotNil(parsed(text), rest)
      XCTAssertEqual(taken(familiar, text), parsed(text), rest)
    }
  }

  /// Any byte another, and cut anywhere: never another outcome than the parser's.
  func testItNeverReadsOtherwiseThanTheParser() {
    let familiar = learned(Self.plain)
    var differing = 0
    for follower in ["", "HTTP/1.1 503 X\r\n"] {
      let text = Array((Self.plain + follower).utf8)
      for index in text.indices {
        for byte: UInt8 in 0...255 {
          var damaged = text
          damaged[index] = byte
          guard let taken = taken(familiar, damaged) else { continue }
          if damaged != text { differing += 1 }
          XCTAssertEqual(taken, parsed(damaged), String(decoding: damaged, as: UTF8.self))
        }
        XCTAssertEqual(
          taken(familiar, Array(text[..<index])) == nil, index < Self.plain.utf8.count, "cut at \(index)")
      }
    }
    XCTAssertGreaterThan(differing, 1000, "other bodies and tags are read the short way")
  }

  func testWhatSaysMoreThanItsBodyIsLeftToTheParser() {
    let familiar = learned(Self.plain)
    for field in [
      "KV-Present: ?0", "KV-Consistency: degraded", "Connection: close", "Transfer-Encoding: chunked",
      "ETag: \"x\"", "ETag: \"1-2\"\r\nKV-Consistency: local",
    ] {
      XCTAssertNil(
        taken(familiar, Array((Self.head + "Content-Length: 3\r\n\(field)\r\n\r\na=b").utf8)), field)
    }
  }

  func testBeginningsThatSayMoreAreNotKept() {
    for field in [
      "KV-Present: ?0", "KV-Consistency: degraded", "Connection: close", "Transfer-Encoding: chunked",
      "KV-Replayed: ?1", "KV-Time: 5", "X: \r\n\u{1}",
    ] {
      let text = Self.head + "\(field)\r\nContent-Length: 3\r\n\r\na=b"
      XCTAssertNil(taken(learned(text), Array(text.utf8)), field)
    }
    for text in [
      "HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    ] {
      XCTAssertNil(taken(learned(text), Array(text.utf8)), text)
    }
  }

  func testANewBeginningTakesThePlaceOfTheOld() {
    let later = Self.plain.replacing("08:49:37", with: "08:49:38")
    var familiar = learned(Self.plain)
    XCTAssertNil(taken(familiar, Array(later.utf8)))
    learn(later, into: &familiar)
    XCTAssertNotNil(taken(familiar, Array(later.utf8)))
    XCTAssertNil(taken(familiar, Array(Self.plain.utf8)))
  }

  func testAHostWhoseRepliesAreNeverFamiliarIsNotTriedForever() {
    var familiar = FamiliarReply()
    for _ in 0..<FamiliarReply.failuresMax {
      learn("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", into: &familiar)
    }
    learn(Self.plain, into: &familiar)
    XCTAssertNil(taken(familiar, Array(Self.plain.utf8)))
  }
}
