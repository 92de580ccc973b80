import Foundation
import XCTest

@testable import HTTP

/// What goes the short way is understood as the long way understands it.
final class FamiliarHeadsTests: XCTestCase {
  /// Heads that the parsers of a loop may have seen before.
  private static let seen = [
    "GET /k HTTP/1.1\r\nHost: x\r\n\r\n", "PUT /k HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nvv",
    "GET /k HTTP/1.1\r\nHost: x\r\nKV-Consistency: local\r\n\r\n",
    "GET /k HTTP/1.1\r\nHost: a:1\r\nAccept: */*\r\n\r\n",
    "PUT /k HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "PUT /k HTTP/1.1\r\nHost: x\r\nIdempotency-Key: a\r\nContent-Length: 2\r\n\r\nvv",
  ]

  private func familiar(with head: String) -> FamiliarHeads {
    let familiar = FamiliarHeads()
    XCTAssertEqual(Transcript.requests(Pieces.whole(Array(head.utf8)), end: nil, familiar).lines.count, 1)
    return familiar
  }

  func testEverySampleMeansTheSameWhateverWasSeenBefore() {
    for head in Self.seen {
      for sample in StandardSamples.all + ClassicSamples.all {
        let familiar = familiar(with: head)
        // Twice: the second time what the sample itself has taught counts.
        for _ in 1...2 {
          let lines = Transcript.requests(Pieces.whole(sample.input), end: sample.end, familiar).lines
          XCTAssertEqual(
            lines, Transcript.requests(Pieces.whole(sample.input), end: sample.end).lines, sample.name)
        }
      }
    }
  }

  func testEveryByteOfATargetAndOfAHeadMeansTheSame() {
    for head in Self.seen {
      for place in 0..<head.utf8.count {
        for byte in UInt8.min...UInt8.max {
          var bytes = Array(head.utf8)
          bytes[place] = byte
          let lines = Transcript.requests(Pieces.whole(bytes), end: .ofInput, familiar(with: head)).lines
          XCTAssertEqual(
            lines, Transcript.requests(Pieces.whole(bytes), end: .ofInput).lines,
            "\(byte) at \(place) of \(head)")
        }
      }
    }
  }

  func testKeysOfEveryLength() {
    for head in Self.seen {
      let start = head.prefix(5)
      let tail = head.dropFirst(6)
      let familiar = familiar(with: head)
      for count in [0, 1, 2, 7, 8, 9, 127, 128, 129, 300] {
        for letter in ["a", "é", "-", "/", "?", "%41"] {
          let bytes = Array((start + String(repeating: letter, count: count) + tail).utf8)
          XCTAssertEqual(
            Transcript.requests(Pieces.whole(bytes), end: .ofInput, familiar).lines,
            Transcript.requests(Pieces.whole(bytes), end: .ofInput).lines, "\(count) x \(letter)")
        }
      }
    }
  }

  func testAPipelineIsFamiliarFromItsSecondRequestOn() {
    for head in Self.seen.prefix(2) {
      let familiar = familiar(with: head)
      let bytes = Array(head.replacingOccurrences(of: "/k", with: "/another-key").utf8)
      bytes.withUnsafeBytes { bytes in
        let found = familiar.find(in: bytes)
        XCTAssertEqual(found?.length, bytes.count)
        XCTAssertEqual(found.map { Array($0.request.key) }, Array("another-key".utf8))
        XCTAssertNil(familiar.find(in: bytes[from: 0, to: bytes.count - 1]), "not whole")
      }
    }
  }

  func testWhatDoesNotDependOnItsBytesAloneIsNotKept() {
    for head in [
      Self.seen[5], "GET /k HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      "DELETE /k HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
      let bytes = Array(head.utf8)
      let familiar = familiar(with: head)
      bytes.withUnsafeBytes { XCTAssertNil(familiar.find(in: $0), head) }
    }
  }
}
