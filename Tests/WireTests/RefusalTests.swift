import Bytes
import KVStore
import VSR
import Wire
import XCTest

/// Frames that differ from a good one in a single point.
final class RefusalTests: XCTestCase {
  private let epoch = EpochID(number: 1, hash: 2)

  private func frame(_ payload: Payload, from server: ServerIndex = 0) -> [UInt8] {
    var bytes: [UInt8] = []
    XCTAssertTrue(
      bytes.put(frame: Message(from: server, incarnation: 3, epoch: epoch, payload: payload)))
    return bytes
  }

  /// A frame of `kind` with any payload.
  private func frame(_ kind: FrameKind, _ payload: [UInt8]) -> [UInt8] {
    var bytes = frame(.moved)
    bytes[5] = kind.rawValue
    bytes += payload
    bytes.patch(UInt32(bytes.count - 4), at: 0)
    return bytes
  }

  private func error(_ bytes: [UInt8], serverCount: Int = 3) -> FrameError? {
    let whole = FrameTranscript(bytes, serverCount: serverCount)
    XCTAssertEqual(FrameTranscript(bytes, pieceCounts: [1], serverCount: serverCount).error, whole.error)
    return whole.error
  }

  func testVersionsAndKindsNotKnown() {
    var bytes = frame(.moved)
    bytes[4] = 2
    XCTAssertEqual(error(bytes), .unknownVersion(2))
    bytes[4] = wireVersion
    bytes[5] = 22
    XCTAssertEqual(error(bytes), .unknownKind(22))
    bytes[5] = 0
    XCTAssertEqual(error(bytes), .unknownKind(0))
  }

  func testLengthsBeyondTheKindsAreRefusedUnread() {
    for kind in FrameKind.allCases {
      var bytes: [UInt8] = []
      bytes.put(UInt32(kind.bytesMax + 1))
      bytes += [wireVersion, kind.rawValue]
      XCTAssertEqual(error(bytes), .oversize(kind.bytesMax + 1))
      bytes.patch(UInt32(kind.bytesMax), at: 0)
      XCTAssertNil(error(bytes))
      XCTAssertLessThanOrEqual(kind.bytesMax + 4, WireBounds.frameBytesMax)
    }
    XCTAssertLessThan(FrameKind.commit.bytesMax, 512)
  }

  func testAnErrorIsForEver() {
    var reader = FrameReader(serverCount: 3)
    for bytes in [frame(FrameKind.probe, []), frame(.moved)] {
      bytes.withUnsafeBytes { reader.append($0) }
      XCTAssertThrowsError(try reader.next()) { XCTAssertEqual($0 as? FrameError, .malformed) }
    }
  }

  func testServersThereAreNot() {
    XCTAssertNil(error(frame(.moved, from: 2)))
    XCTAssertEqual(error(frame(.moved, from: 3)), .malformed)
    let reach = StartViewChange(view: 1, isVote: true, reach: ServerMask([3]))
    XCTAssertEqual(error(frame(.startViewChange(reach))), .malformed)
    XCTAssertNil(error(frame(.startViewChange(reach)), serverCount: 4))
    XCTAssertEqual(error(frame(.propose(Propose(vector: [1, 2])))), .malformed)
    XCTAssertEqual(error(frame(.propose(Propose(vector: [1, 2, 3, 4])))), .malformed)
  }

  func testNumbersBeyondTheGreatest() {
    func commit(_ head: UInt64) -> [UInt8] { frame(.commit(Commit(view: 0, commit: 0, head: head))) }
    XCTAssertNil(error(commit(WireBounds.numberMax)))
    XCTAssertEqual(error(commit(WireBounds.numberMax + 1)), .malformed)
    XCTAssertEqual(error(commit(.max)), .malformed)
  }

  func testSpellingsThatAreNotCanonical() {
    XCTAssertNil(error(frame(.commit, [0, 0, 0])))
    XCTAssertEqual(error(frame(.commit, [0x80, 0, 0, 0])), .malformed)
    XCTAssertEqual(error(frame(.startViewChange, [0, 2, 1])), .malformed)
    XCTAssertEqual(
      error(frame(.newState, [0, 4, 0, 0] + [UInt8](repeating: 0, count: 17))), .malformed)
    XCTAssertNil(error(frame(.newState, [0, 3, 0, 0] + [UInt8](repeating: 0, count: 17))))
  }

  func testCountsBeyondWhatFollows() {
    let before: [UInt8] = [0, 0, 0] + [UInt8](repeating: 0, count: 16)
    XCTAssertNil(error(frame(.startView, before + [1, 2, 0, 0])))
    XCTAssertEqual(error(frame(.startView, before + [2, 2, 0, 0])), .malformed)
    var most = before
    most.putVarint(UInt64.max)
    XCTAssertEqual(error(frame(.startView, most)), .malformed)
  }

  func testASegmentEndsAtTheGreatestOp() {
    func segment(after: Op) -> [UInt8] {
      let entry = LogEntry(op: after + 1, view: 0, kind: .noop, body: [], parent: .zero)
      return frame(
        .startView(
          StartView(
            view: 0, commit: 0, suffix: LogSegment(after: after, digest: .zero, entries: [entry]))))
    }
    XCTAssertNil(error(segment(after: WireBounds.numberMax - 1)))
    XCTAssertEqual(error(segment(after: WireBounds.numberMax)), .malformed)
  }

  func testMoreOpsThanASegmentMayHaveAreNotSent() {
    var segment = LogSegment(after: 0, digest: .zero, entries: [])
    for op in 1...Op(WireBounds.segmentOpsMax) + 1 {
      segment.entries.append(LogEntry(op: op, view: 0, kind: .noop, body: [], parent: .zero))
    }
    var bytes: [UInt8] = [1]
    let start = StartView(view: 0, commit: 0, suffix: segment)
    let message = Message(from: 0, incarnation: 1, epoch: epoch, payload: .startView(start))
    XCTAssertFalse(bytes.put(frame: message))
    XCTAssertEqual(bytes, [1])
  }

  func testMoreBytesThanAKindMayHaveAreNotSent() {
    let chunk = SnapshotChunk(
      op: 1, digest: .zero, offset: 0, isLast: true, bytes: [UInt8](repeating: 0, count: 1 << 17))
    var bytes: [UInt8] = []
    XCTAssertFalse(
      bytes.put(frame: Message(from: 0, incarnation: 1, epoch: epoch, payload: .snapshotChunk(chunk))))
    XCTAssertEqual(bytes, [])
  }

  func testAnEmptyPartOfASnapshotIsTheLast() {
    func chunk(isLast: Bool) -> [UInt8] {
      frame(
        .snapshotChunk(SnapshotChunk(op: 1, digest: .zero, offset: 0, isLast: isLast, bytes: [])))
    }
    XCTAssertNil(error(chunk(isLast: true)))
    XCTAssertEqual(error(chunk(isLast: false)), .malformed)
  }
}

// MARK: - Bodies of entries

extension RefusalTests {
  private func error(_ kind: LogEntry.Kind, _ body: [UInt8], serverCount: Int = 3) -> FrameError? {
    let entry = LogEntry(op: 1, view: 0, kind: kind, body: body, parent: .zero)
    let prepare = Prepare(view: 0, commit: 0, parent: .zero, entry: entry)
    return error(frame(.prepare(prepare)), serverCount: serverCount)
  }

  private func group(count: Int, writes: Int, first: UInt64 = 1) -> Group {
    var bytes: [UInt8] = []
    for _ in 0..<writes {
      [0x6b].withUnsafeBytes { key in bytes.put(Write(delete: key)) }
    }
    return Group(session: 1, first: first, count: count, bytes: bytes)
  }

  private func body(_ groups: [Group]) -> [UInt8] {
    var body: [UInt8] = []
    for group in groups { group.put(into: &body) }
    return body
  }

  func testGroupsHoldTheWritesThatTheyCount() {
    XCTAssertNil(error(.requests, body([group(count: 2, writes: 2)])))
    XCTAssertEqual(error(.requests, body([group(count: 2, writes: 1)])), .malformed)
    XCTAssertEqual(error(.requests, body([group(count: 1, writes: 2)])), .malformed)
    XCTAssertEqual(error(.requests, body([group(count: 0, writes: 0)])), .malformed)
    XCTAssertEqual(error(.requests, body([group(count: 1, writes: 1)]) + [0]), .malformed)
    let broken = Group(session: 1, first: 1, count: 1, bytes: [0xff])
    XCTAssertEqual(error(.requests, body([broken])), .malformed)
    XCTAssertEqual(error(frame(.forward(Forward(view: 0, sequence: 0, group: broken)))), .malformed)
  }

  func testBatchesHaveGroupsAndNotTooMany() {
    let one = group(count: 1, writes: 1)
    XCTAssertEqual(error(.requests, []), .malformed)
    XCTAssertNil(error(.requests, body(Array(repeating: one, count: Bounds.batchGroupsMax))))
    XCTAssertEqual(
      error(.requests, body(Array(repeating: one, count: Bounds.batchGroupsMax + 1))), .malformed)
  }

  func testNumbersOfWritesDoNotOverflow() {
    XCTAssertNil(error(.requests, body([group(count: 2, writes: 2, first: .max - 2)])))
    XCTAssertEqual(error(.requests, body([group(count: 2, writes: 2, first: .max - 1)])), .malformed)
  }

  func testANoopIsEmpty() {
    XCTAssertNil(error(.noop, []))
    XCTAssertEqual(error(.noop, [0]), .malformed)
  }

  private func start(
    _ servers: [ServerIndex], number: UInt64 = 1, vector: [Incarnation] = []
  ) -> EpochStart {
    EpochStart(
      number: number,
      configuration: Configuration(
        incarnations: servers.map { ($0, 10 + UInt64($0)) }, heavy: servers.first ?? 0),
      firstPrimary: servers.first ?? 0, lineage: 1, isLossPossible: false, vector: vector)
  }

  func testStopSigns() {
    XCTAssertNil(error(.stopSign, start([0, 2]).body))
    XCTAssertEqual(error(.stopSign, start([0, 2]).body + [0]), .malformed)
    XCTAssertEqual(error(.stopSign, []), .malformed)
    XCTAssertEqual(error(.stopSign, start([0, 3]).body), .malformed)
    XCTAssertNil(error(.stopSign, start([0, 3]).body, serverCount: 4))
    XCTAssertEqual(error(.stopSign, start([0], vector: [10, 11, 12]).body), .malformed)
    XCTAssertEqual(error(.stopSign, start([0], number: .max).body), .malformed)
  }

  /// Nobody could own a view of it.
  func testNoEpochIsWithoutMembers() {
    let empty = EpochStart(
      number: 1, configuration: .empty, firstPrimary: 0, lineage: 1, isLossPossible: false,
      vector: [10, 11, 12])
    XCTAssertEqual(error(.birth, empty.body), .malformed)
    XCTAssertEqual(error(frame(.announce(Announce(start: empty, op: 0, digest: .zero)))), .malformed)
  }

  func testBirthsNameLivesOfTheirVector() {
    XCTAssertNil(error(.birth, start([0, 1], vector: [10, 11, 0]).body))
    XCTAssertEqual(error(.birth, start([0, 1]).body), .malformed)
    XCTAssertEqual(error(.birth, start([0, 1], vector: [10, 12, 0]).body), .malformed)
    XCTAssertEqual(error(.birth, start([0, 1], vector: [10, 11]).body), .malformed)
    XCTAssertEqual(
      error(frame(.announce(Announce(start: start([0, 1]), op: 0, digest: .zero)))), .malformed)
  }
}
