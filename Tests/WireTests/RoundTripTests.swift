import Bytes
import VSR
import Wire
import XCTest

final class RoundTripTests: XCTestCase {
  func testEveryKindComesBackAsItWent() {
    for serverCount in 1...serversMax {
      var maker = MessageMaker(seed: UInt64(serverCount), serverCount: serverCount)
      for kind in FrameKind.allCases {
        for _ in 0..<40 {
          let message = maker.message(kind)
          var bytes: [UInt8] = []
          XCTAssertTrue(bytes.put(frame: message))
          let transcript = FrameTranscript(bytes, serverCount: serverCount)
          XCTAssertNil(transcript.error, "\(message)")
          XCTAssertEqual(transcript.messages, [message])
        }
      }
    }
  }

  func testStreamsMayBeCutAnywhere() {
    var maker = MessageMaker(seed: 7, serverCount: 3)
    var bytes: [UInt8] = []
    var messages: [Message] = []
    for _ in 0..<30 {
      let message = maker.message(FrameKind.allCases[maker.below(FrameKind.allCases.count)])
      messages.append(message)
      XCTAssertTrue(bytes.put(frame: message))
    }
    for pieceCounts in [[1], [2, 3], [5, 1, 400], [23, 1, 1], [Int.max]] {
      let transcript = FrameTranscript(bytes, pieceCounts: pieceCounts)
      XCTAssertEqual(transcript.messages, messages)
      XCTAssertEqual(transcript.pendingCount, 0)
    }
  }

  func testEveryTruncationWaits() {
    var maker = MessageMaker(seed: 8, serverCount: 3)
    for kind in FrameKind.allCases {
      var bytes: [UInt8] = []
      XCTAssertTrue(bytes.put(frame: maker.message(kind)))
      for count in 0..<bytes.count {
        let transcript = FrameTranscript(Array(bytes[..<count]))
        XCTAssertEqual(transcript.messages, [])
        XCTAssertNil(transcript.error)
        XCTAssertEqual(transcript.pendingCount, count)
      }
    }
  }

  /// The payload cut short, or longer by a byte, under a length that says so.
  func testPayloadsOfAnotherLengthAreRefused() {
    var maker = MessageMaker(seed: 9, serverCount: 3)
    for kind in FrameKind.allCases {
      var bytes: [UInt8] = []
      XCTAssertTrue(bytes.put(frame: maker.message(kind)))
      for count in 6...bytes.count + 1 where count != bytes.count {
        var other = Array(bytes.prefix(count)) + [UInt8](repeating: 0, count: max(0, count - bytes.count))
        other.patch(UInt32(count - 4), at: 0)
        XCTAssertEqual(FrameTranscript(other).error, .malformed, "\(kind) cut to \(count)")
      }
    }
  }

  /// A flipped bit makes another message, an error, or a frame that is not whole; `FrameTranscript` holds what
  /// comes of it to be canonical.
  func testEveryFlippedBitIsSafe() {
    var maker = MessageMaker(seed: 10, serverCount: 3)
    var outcomes = (others: 0, errors: 0, waits: 0)
    for kind in FrameKind.allCases {
      for _ in 0..<3 {
        var bytes: [UInt8] = []
        let message = maker.message(kind)
        XCTAssertTrue(bytes.put(frame: message))
        for bit in 0..<bytes.count * 8 {
          bytes[bit / 8] ^= 1 << UInt8(bit % 8)
          let transcript = FrameTranscript(bytes)
          XCTAssertNotEqual(transcript.messages, [message])
          if transcript.error != nil {
            outcomes.errors += 1
          } else if transcript.messages.isEmpty {
            outcomes.waits += 1
          } else {
            outcomes.others += 1
          }
          bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
      }
    }
    XCTAssertGreaterThan(outcomes.others, 0)
    XCTAssertGreaterThan(outcomes.errors, 0)
    XCTAssertGreaterThan(outcomes.waits, 0)
  }

  func testRandomBytesBehindASoundHeadAreSafe() {
    var maker = MessageMaker(seed: 11, serverCount: 3)
    for round in 0..<4000 {
      let kind = FrameKind.allCases[round % FrameKind.allCases.count]
      let payload = maker.bytes(0...80).map { maker.flag() ? $0 : $0 & 3 }
      var bytes: [UInt8] = []
      bytes.put(UInt32(3 + 17 + payload.count))
      bytes += [wireVersion, kind.rawValue, 0, 1]
      bytes += [UInt8](repeating: 5, count: 16) + payload
      _ = FrameTranscript(bytes)
    }
  }
}
