import Bytes
import KVStore
import VSR
import Wire
import XCTest

/// Frames that leave out what their connection has said before.
final class VersionTwoTests: XCTestCase {
  private func encode(_ messages: [Message]) -> [UInt8] {
    var writer = FrameWriter(.two)
    var bytes: [UInt8] = []
    for message in messages { XCTAssertTrue(writer.put(message, into: &bytes)) }
    return bytes
  }

  private func transcript(_ bytes: [UInt8], pieceCounts: [Int] = [Int.max]) -> FrameTranscript {
    FrameTranscript(bytes, pieceCounts: pieceCounts, version: .two, sender: 2)
  }

  func testConversationsComeBackAsTheyWent() {
    for seed in 1...60 {
      var maker = MessageMaker(seed: UInt64(seed), serverCount: 3)
      let messages = maker.conversation(from: 2, count: 60)
      let transcript = transcript(encode(messages))
      XCTAssertNil(transcript.error)
      XCTAssertEqual(transcript.messages, messages)
    }
  }

  func testStreamsMayBeCutAnywhere() {
    var maker = MessageMaker(seed: 7, serverCount: 3)
    let messages = maker.conversation(from: 2, count: 40)
    for pieceCounts in [[1], [2, 3], [5, 1, 400], [23, 1, 1]] {
      let transcript = transcript(encode(messages), pieceCounts: pieceCounts)
      XCTAssertEqual(transcript.messages, messages)
      XCTAssertEqual(transcript.pendingCount, 0)
    }
  }

  func testEveryTruncationWaits() {
    var maker = MessageMaker(seed: 8, serverCount: 3)
    let bytes = encode(maker.conversation(from: 2, count: 16))
    let whole = transcript(bytes).messages
    for count in 0..<bytes.count {
      let transcript = transcript(Array(bytes[..<count]))
      XCTAssertNil(transcript.error)
      XCTAssertTrue(whole.starts(with: transcript.messages))
      XCTAssertLessThan(transcript.messages.count, whole.count)
    }
  }

  /// `FrameTranscript` holds what comes of it to be the only spelling.
  func testEveryFlippedBitIsSafe() {
    var maker = MessageMaker(seed: 10, serverCount: 3)
    var bytes = encode(maker.conversation(from: 2, count: 16))
    let messages = transcript(bytes).messages
    var errors = 0
    for bit in 0..<bytes.count * 8 {
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      let transcript = transcript(bytes)
      XCTAssertNotEqual(transcript.messages, messages)
      if transcript.error != nil { errors += 1 }
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    }
    XCTAssertGreaterThan(errors, 0)
  }

  func testRandomBytesAreSafe() {
    var maker = MessageMaker(seed: 11, serverCount: 3)
    for round in 0..<4000 {
      let kind = FrameKind.allCases[round % FrameKind.allCases.count]
      let payload = maker.bytes(0...80).map { maker.flag() ? $0 : $0 & 3 }
      var bytes: [UInt8] = [UInt8(17 + payload.count), kind.rawValue, 1]
      bytes += [UInt8](repeating: 5, count: 16) + payload
      _ = transcript(bytes)
    }
  }

  /// Bulk may be overtaken and dropped: nothing else may depend on it.
  func testFramesOfBulkStandForThemselves() {
    var maker = MessageMaker(seed: 12, serverCount: 3)
    let messages = maker.conversation(from: 2, count: 80)
    var writer = FrameWriter(.two)
    var others: [UInt8] = []
    var bulk: [UInt8] = []
    for message in messages {
      var frame: [UInt8] = []
      XCTAssertTrue(writer.put(message, into: &frame))
      if message.payload.kind.isBulk { bulk += frame } else { others += frame }
    }
    XCTAssertFalse(bulk.isEmpty)
    let sorted =
      messages.filter { !$0.payload.kind.isBulk } + messages.filter { $0.payload.kind.isBulk }
    XCTAssertEqual(transcript(others + bulk).messages, sorted)
    XCTAssertEqual(transcript(bulk + others).messages.count, messages.count)
  }

  func testAMessageThatFitsNoFrameLeavesNoTrace() {
    var maker = MessageMaker(seed: 13, serverCount: 3)
    let messages = maker.conversation(from: 2, count: 4)
    let body = [UInt8](repeating: 0, count: FrameKind.prepare.bytesMax)
    let entry = LogEntry(op: 9, view: 1, kind: .requests, body: body, parent: .zero)
    let long = Message(
      from: 2, incarnation: 77, epoch: EpochID(number: 77, hash: 77),
      payload: .prepare(Prepare(view: 1, commit: 1, parent: .zero, entry: entry)))
    var writer = FrameWriter(.two)
    var bytes: [UInt8] = []
    for message in messages {
      XCTAssertFalse(writer.put(long, into: &bytes))
      XCTAssertTrue(writer.put(message, into: &bytes))
    }
    XCTAssertEqual(bytes, encode(messages))
  }

  func testVersionOneIsTheSameThroughAWriter() {
    var maker = MessageMaker(seed: 14, serverCount: 3)
    var writer = FrameWriter(.one)
    var (written, put): ([UInt8], [UInt8]) = ([], [])
    for message in maker.conversation(from: 2, count: 30) {
      XCTAssertTrue(writer.put(message, into: &written))
      XCTAssertTrue(put.put(frame: message))
    }
    XCTAssertEqual(written, put)
  }

  func testTheGreatestCommonVersionIsSpoken() {
    XCTAssertEqual(WireVersion.common(1...2, 1...2), .two)
    XCTAssertEqual(WireVersion.common(1...1, 1...2), .one)
    XCTAssertEqual(WireVersion.common(1...2, 2...9), .two)
    XCTAssertNil(WireVersion.common(1...2, 3...4))
    XCTAssertEqual(WireVersion.spoken, 1...WireVersion.allCases.last!.rawValue)
  }
}

// MARK: - One spelling

extension VersionTwoTests {
  private static let header: [UInt8] = [1] + [UInt8](repeating: 2, count: 8) + [UInt8](repeating: 3, count: 8)

  private func frame(_ code: UInt8, _ fields: [UInt8]) -> [UInt8] {
    [UInt8(fields.count + 1), code] + fields
  }

  private func error(_ frames: [UInt8]...) -> FrameError? {
    let bytes = frames.flatMap { $0 }
    let whole = transcript(bytes)
    XCTAssertEqual(transcript(bytes, pieceCounts: [1]).error, whole.error)
    return whole.error
  }

  private var moved: [UInt8] { frame(16, Self.header) }

  func testAHeaderIsSaidWhereItIsNewAndOnlyThere() {
    XCTAssertNil(error(moved, frame(16 | 0x20, [])))
    XCTAssertEqual(error(frame(16 | 0x20, [])), .malformed)
    XCTAssertEqual(error(moved, moved), .malformed)
    let other = [2] + Self.header.dropFirst()
    XCTAssertNil(error(moved, frame(16, other), moved))
  }

  func testBulkSaysItsHeaderAndLeavesTheLastOne() {
    let chunk = Self.header + [1] + [UInt8](repeating: 0, count: 16) + [0, 1, 0]
    XCTAssertNil(error(moved, frame(11, chunk), frame(16 | 0x20, [])))
    XCTAssertNil(error(frame(11, chunk), moved))
    XCTAssertEqual(error(frame(11, chunk), frame(16 | 0x20, [])), .malformed)
    XCTAssertEqual(error(moved, frame(11 | 0x20, Array(chunk.dropFirst(17)))), .malformed)
  }

  /// Op 5 of view 1, a no-op; then 6.
  func testAPrepareThatContinuesSaysSo() {
    let first = frame(3, Self.header + [1, 5, 2] + [UInt8](repeating: 7, count: 16) + [2, 1])
    XCTAssertNil(error(first))
    XCTAssertNil(error(first, frame(3 | 0x60, [2, 2])))
    XCTAssertEqual(error(moved, frame(3 | 0x60, [2, 2])), .malformed)
    guard case .prepare(let prepare) = transcript(first).messages[0].payload else {
      return XCTFail("no prepare")
    }
    XCTAssertEqual(prepare.commit, 4)
    var long: [UInt8] = [1, 6, 2]
    long.put(prepare.entry.digest)
    XCTAssertEqual(error(first, frame(3 | 0x20, long + [2, 1])), .malformed)
    // In another view of the entry it does not continue.
    XCTAssertNil(error(first, frame(3 | 0x20, long + [2, 0])))
  }

  func testCodesThatMeanNothing() {
    XCTAssertEqual(error(moved, frame(16 | 0xa0, [])), .malformed)
    XCTAssertEqual(error(moved, frame(16 | 0x60, [])), .malformed)
    XCTAssertEqual(error(frame(0, Self.header)), .unknownKind(0))
    XCTAssertEqual(error(frame(22, Self.header)), .unknownKind(22))
    XCTAssertEqual(error(frame(31, Self.header)), .unknownKind(31))
  }

  func testCommitNumbersAreInBounds() {
    func prepare(_ distance: [UInt8]) -> FrameError? {
      error(frame(3, Self.header + [1, 5] + distance + [UInt8](repeating: 7, count: 16) + [2, 1]))
    }
    XCTAssertNil(prepare([10]))
    XCTAssertEqual(prepare([12]), .malformed)
    // Beyond its op: repeated ones are.
    XCTAssertNil(prepare([5]))
    var most: [UInt8] = []
    most.putVarint(2 * (WireBounds.numberMax - 5) - 1)
    XCTAssertNil(prepare(most))
    most = []
    most.putVarint(2 * (WireBounds.numberMax - 4) - 1)
    XCTAssertEqual(prepare(most), .malformed)
    XCTAssertEqual(prepare([UInt8](repeating: 0xff, count: 9) + [1]), .malformed)
  }

  func testLengths() {
    XCTAssertEqual(error([0x92, 0x00] + moved.dropFirst()), .malformed)
    XCTAssertEqual(error([0, 16]), .malformed)
    for kind in FrameKind.allCases {
      var bytes: [UInt8] = []
      bytes.putVarint(kind.bytesMax + 1)
      XCTAssertEqual(error(bytes + [kind.rawValue]), .oversize(kind.bytesMax + 1))
      bytes = []
      bytes.putVarint(kind.bytesMax)
      XCTAssertNil(error(bytes + [kind.rawValue]))
    }
    XCTAssertEqual(error([0xff, 0xff, 0xff, 0xff]), .oversize(1 << 28 - 1))
    XCTAssertNil(error([0xff, 0xff, 0xff]))
  }

  func testServersThereAreNot() {
    XCTAssertNil(error(frame(6, Self.header + [1, 1, 0b111])))
    XCTAssertEqual(error(frame(6, Self.header + [1, 1, 0b1000])), .malformed)
  }
}
