import Bytes
import KVStore
import VSR
import Wire
import XCTest

/// What goes over the network most has to be small; docs/wire.md names these figures.
final class SizeTests: XCTestCase {
  /// A cluster that is long at work: a million ops, some views and epochs.
  private let op: Op = 1_000_000
  private let view: View = 20

  private func size(_ payload: Payload) -> Int {
    var bytes: [UInt8] = []
    let message = Message(
      from: 2, incarnation: .max, epoch: EpochID(number: 9, hash: .max), payload: payload)
    XCTAssertTrue(bytes.put(frame: message))
    return bytes.count
  }

  private func size(_ payload: Payload, _ writer: inout FrameWriter) -> Int {
    var bytes: [UInt8] = []
    let message = Message(
      from: 2, incarnation: .max, epoch: EpochID(number: 9, hash: .max), payload: payload)
    XCTAssertTrue(writer.put(message, into: &bytes))
    return bytes.count
  }

  func testHeadIsSmall() {
    XCTAssertEqual(size(.moved), 24)
  }

  func testMessagesOfNormalOperationAreSmall() {
    let digest = Digest(low: .max, high: .max)
    XCTAssertEqual(size(.prepareOk(PrepareOk(view: view, op: op, digest: digest))), 44)
    XCTAssertEqual(size(.commit(Commit(view: view, commit: op, head: op))), 31)
    XCTAssertEqual(size(.probe(Probe(id: .max))), 32)
    XCTAssertEqual(
      size(.probeReply(ProbeReply(id: .max, logView: view, head: op, commit: op, startOp: op))), 43)
  }

  func testEvenTheGreatestNumbersKeepThemSmall() {
    let most = WireBounds.numberMax
    let digest = Digest(low: .max, high: .max)
    XCTAssertLessThanOrEqual(size(.prepareOk(PrepareOk(view: most, op: most, digest: digest))), 64)
    XCTAssertLessThanOrEqual(size(.commit(Commit(view: most, commit: most, head: most))), 64)
    XCTAssertLessThanOrEqual(
      size(.probeReply(ProbeReply(id: .max, logView: most, head: most, commit: most, startOp: most))), 72)
  }

  /// One write of an 11-byte key and a 30-byte value: 66 bytes more than the write, of which the write's own
  /// encoding adds 3.
  func testAPrepareOfOneWriteIsSmall() {
    XCTAssertEqual(size(.prepare(prepare(writes: 1))), 41 + 3 + 63)
    XCTAssertEqual(size(.forward(Forward(view: view, sequence: 9, group: group(1)))), 41 + 3 + 39)
  }

  /// A lone write on three servers: two prepares, two answers. With 52 bytes of IP and TCP around each, and as
  /// much for two bare acknowledgements, that stays below 500 bytes.
  func testALoneWriteIsSmallInVersionTwo() {
    var (primary, backup) = (FrameWriter(.two), FrameWriter(.two))
    let body = prepare(writes: 1).entry.body
    var parent = Digest.zero
    for index in 0..<3 {
      let entry = LogEntry(op: op + UInt64(index), view: view, kind: .requests, body: body, parent: parent)
      let ok = PrepareOk(view: view, op: entry.op, digest: entry.digest)
      let prepare = Prepare(view: view, commit: entry.op - 1, parent: parent, entry: entry)
      parent = entry.digest
      let sizes = (size(.prepare(prepare), &primary), size(.prepareOk(ok), &backup))
      if index == 0 { continue }
      XCTAssertEqual(sizes.0, 41 + 3 + 17)
      XCTAssertEqual(sizes.1, 22)
      let frames = 2 * (sizes.0 + sizes.1)
      XCTAssertEqual(frames, 166)
      XCTAssertLessThanOrEqual(frames + 6 * 52, 500)
    }
  }

  func testALinkThatIsKnownSaysLittleInVersionTwo() {
    var writer = FrameWriter(.two)
    XCTAssertEqual(size(.moved, &writer), 19)
    XCTAssertEqual(size(.moved, &writer), 2)
    XCTAssertEqual(size(.commit(Commit(view: view, commit: op, head: op)), &writer), 9)
    XCTAssertEqual(size(.probe(Probe(id: .max)), &writer), 10)
    let ping = Ping(nonce: .max, session: .max, view: view, commit: op, excluded: ServerMask())
    XCTAssertEqual(size(.ping(ping), &writer), 24)
    XCTAssertEqual(size(.forward(Forward(view: view, sequence: 9, group: group(1))), &writer), 41 + 3 + 17)
  }

  func testFurtherWritesCostWhatTheirEncodingAdds() {
    let one = size(.prepare(prepare(writes: 1)))
    XCTAssertLessThanOrEqual(size(.prepare(prepare(writes: 101))), one + 100 * (41 + 3) + 4)
  }

  func testEntriesOfASegmentShareItsDigest() {
    func size(_ count: Int) -> Int {
      var segment = LogSegment(after: op, digest: .zero, entries: [])
      for _ in 0..<count {
        let parent = segment.entries.last?.digest ?? .zero
        segment.entries.append(
          LogEntry(op: segment.head + 1, view: view, kind: .noop, body: [], parent: parent))
      }
      return self.size(.startView(StartView(view: view, commit: op, suffix: segment)))
    }
    XCTAssertEqual(size(34) - size(0), 34 * 3)
  }

  private func prepare(writes count: Int) -> Prepare {
    var body: [UInt8] = []
    group(count).put(into: &body)
    return Prepare(
      view: view, commit: op, parent: .zero,
      entry: LogEntry(op: op + 1, view: view, kind: .requests, body: body, parent: .zero))
  }

  private func group(_ count: Int) -> Group {
    var writes: [UInt8] = []
    let key = [UInt8](repeating: 0x6b, count: 11)
    let value = [UInt8](repeating: 0x76, count: 30)
    for _ in 0..<count {
      key.withUnsafeBytes { key in value.withUnsafeBytes { writes.put(Write(set: key, to: $0)) } }
    }
    return Group(session: .max, first: op, count: count, bytes: writes)
  }
}
