import Bytes
import KVStore
import VSR
import Wire
import XCTest

/// One message of each kind and its bytes, so that a change of the format is seen. Where one is meant, so is
/// another `wireVersion`.
final class GoldenTests: XCTestCase {
  private static let digest = Digest(low: 0x0102_0304_0506_0708, high: 0x1112_1314_1516_1718)
  private static let vector: [Incarnation] = [0xa0, 0xa1, 0xa2]
  private static let start = EpochStart(
    number: 5,
    configuration: Configuration(incarnations: [(0, 0xa0), (2, 0xa2)], heavy: 2), firstPrimary: 2,
    lineage: 3, isLossPossible: true, vector: vector)

  private static var group: Group {
    var writes: [UInt8] = []
    Array("key".utf8).withUnsafeBytes { key in
      Array("value".utf8).withUnsafeBytes { writes.put(Write(set: key, to: $0)) }
      writes.put(Write(delete: key))
    }
    return Group(session: 0x55, first: 7, count: 2, bytes: writes)
  }

  private static var segment: LogSegment {
    var body: [UInt8] = []
    group.put(into: &body)
    let first = LogEntry(op: 301, view: 1, kind: .noop, body: [], parent: digest)
    let second = LogEntry(op: 302, view: 1, kind: .requests, body: body, parent: first.digest)
    return LogSegment(after: 300, digest: digest, entries: [first, second])
  }

  private static let ping = Ping(
    nonce: 0x99, session: 0x55, view: 1, commit: 300, excluded: ServerMask([1]), lossAcknowledged: 0x12345)
  private static let report = Report(
    rank: LogRank(epoch: 4, logView: 1, op: 300), digest: digest, epochHeard: 4, isBlank: false)

  private static func payload(_ kind: FrameKind) -> Payload {
    switch kind {
    case .ping: .ping(ping)
    case .pong: .pong(ping)
    case .prepare:
      .prepare(
        Prepare(view: 1, commit: 300, parent: segment.entries[0].digest, entry: segment.entries[1]))
    case .prepareOk: .prepareOk(PrepareOk(view: 1, op: 302, digest: digest))
    case .commit: .commit(Commit(view: 1, commit: 300, head: 302))
    case .startViewChange:
      .startViewChange(StartViewChange(view: 2, isVote: true, reach: ServerMask([0, 2])))
    case .doViewChange:
      .doViewChange(DoViewChange(view: 2, logView: 1, commit: 300, suffix: segment))
    case .startView: .startView(StartView(view: 2, commit: 300, suffix: segment))
    case .getState:
      .getState(
        GetState(
          view: 2, isNormal: true, head: 302, headDigest: digest, commit: 300, commitDigest: .zero))
    case .newState:
      .newState(NewState(view: 2, isWhole: true, isOfView: false, commit: 300, segment: segment))
    case .snapshotChunk:
      .snapshotChunk(SnapshotChunk(op: 300, digest: digest, offset: 65536, isLast: true, bytes: [1, 2]))
    case .getSnapshot: .getSnapshot(GetSnapshot(op: 300, digest: digest, offset: 65536))
    case .probe: .probe(Probe(id: 0x77))
    case .probeReply: .probeReply(ProbeReply(id: 0x77, logView: 1, head: 302, commit: 300, startOp: 200))
    case .forward: .forward(Forward(view: 1, sequence: 6, group: group))
    case .forwardOk: .forwardOk(ForwardOk(view: 1, next: 7))
    case .moved: .moved
    case .leave: .leave
    case .propose: .propose(Propose(vector: vector))
    case .agree: .agree(Agree(vector: vector, report: report))
    case .announce: .announce(Announce(start: start, op: 300, digest: digest))
    case .belowQuorum: .belowQuorum
    case .relayReads: .relayReads(RelayReads(id: 0x77, mayDegrade: true, keys: [[0x6b], [0x6c, 0x6d]]))
    case .relayWrites: .relayWrites(RelayWrites(id: 0x78, mayDegrade: false, group: group))
    case .relayed:
      .relayed(
        Relayed(
          request: 0x79, isOfWrites: true, answer: RelayedAnswer(age: 300, lineage: 5, bytes: [1, 2])))
    }
  }

  private static let state = HardState(
    epoch: Epoch(id: EpochID(number: 5, hash: 0xbeef), start: start, startOp: 301), view: 2, logView: 1,
    commit: 300, agreed: vector, epochHeard: 6)

  func testEveryKind() {
    for kind in FrameKind.allCases {
      var bytes: [UInt8] = []
      let message = Message(
        from: 2, incarnation: 0xa2, epoch: EpochID(number: 4, hash: 0xface), payload: Self.payload(kind))
      XCTAssertTrue(bytes.put(frame: message))
      XCTAssertEqual(hexadecimal(bytes), Self.frames[kind]?.filter(\.isHexDigit), "\(kind)")
      XCTAssertEqual(FrameTranscript(bytes).messages, [message])
    }
  }

  private func message(_ payload: Payload) -> Message {
    Message(from: 2, incarnation: 0xa2, epoch: EpochID(number: 4, hash: 0xface), payload: payload)
  }

  /// Version 2 has the payloads of version 1, but for `Prepare`.
  func testEveryKindInVersionTwo() throws {
    for kind in FrameKind.allCases where kind != .prepare {
      let payload = try XCTUnwrap(Self.frames[kind]).filter(\.isHexDigit).dropFirst(2 * (7 + 17))
      let header = "04cefa000000000000a200000000000000"
      var writer = FrameWriter(.two)
      var (first, second): ([UInt8], [UInt8]) = ([], [])
      XCTAssertTrue(writer.put(message(Self.payload(kind)), into: &first))
      XCTAssertTrue(writer.put(message(Self.payload(kind)), into: &second))
      let code = String(format: "%02x", kind.rawValue)
      XCTAssertEqual(hexadecimal(first), String(format: "%02x", first.count - 1) + code + header + payload)
      if kind.isBulk {
        XCTAssertEqual(second, first)
      } else {
        let short = String(format: "%02x", kind.rawValue | 0x20) + payload
        XCTAssertEqual(hexadecimal(second), String(format: "%02x", second.count - 1) + short)
      }
    }
  }

  func testPreparesInVersionTwo() {
    let first = Self.segment.entries[1]
    let second = LogEntry(op: 303, view: 1, kind: .requests, body: first.body, parent: first.digest)
    let third = LogEntry(op: 304, view: 2, kind: .noop, body: [], parent: second.digest)
    let messages = [
      Self.payload(.prepare),
      .prepare(Prepare(view: 1, commit: 302, parent: first.digest, entry: second)),
      // Sent again, with a commit number from later.
      .prepare(Prepare(view: 1, commit: 310, parent: first.digest, entry: second)),
      .prepare(Prepare(view: 2, commit: 303, parent: second.digest, entry: third)),
    ].map(message)
    var writer = FrameWriter(.two)
    let frames = messages.map { message in
      var bytes: [UInt8] = []
      XCTAssertTrue(writer.put(message, into: &bytes))
      return bytes
    }
    XCTAssertEqual(frames.map(hexadecimal), Self.prepares.map { $0.filter(\.isHexDigit) })
    let transcript = FrameTranscript(frames.flatMap { $0 }, version: .two, sender: 2)
    XCTAssertEqual(transcript.messages, messages)
  }

  func testJournalPayloads() {
    var records = StoredRecords()
    records.append(.install(Self.state, Self.segment))
    let hex = records.items.map { hexadecimal(Array(records.bytes[$0.payload])) }
    XCTAssertEqual(hex, Self.payloads.map { $0.filter(\.isHexDigit) })
    XCTAssertEqual(records.items.map(\.kind), [.truncate, .entry, .entry, .state])
    XCTAssertEqual(records.items.map(\.op), [301, 301, 302, 0])
    XCTAssertEqual(
      records.items.map(\.chain), [Self.digest] + Self.segment.entries.map(\.digest) + [.zero])
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
  }

  /// Length, version, kind, sender, epoch (number, hash), incarnation; then the payload.
  private static let frames: [FrameKind: String] = [
    .ping: """
    2b000000 01 01 02 04 cefa000000000000 a200000000000000
    9900000000000000550000000000000001ac0202c5c604
    """,
    .pong: """
    2b000000 01 02 02 04 cefa000000000000 a200000000000000
    9900000000000000550000000000000001ac0202c5c604
    """,
    .prepare: """
    47000000 01 03 02 04 cefa000000000000 a200000000000000
    01ac02ae0255cc9c706a27b61ed795a99aa778bb4901011b55000000000000000702100003056b657976616c
    756501036b6579
    """,
    .prepareOk: """
    27000000 01 04 02 04 cefa000000000000 a200000000000000
    01ae0208070605040302011817161514131211
    """,
    .commit: """
    19000000 01 05 02 04 cefa000000000000 a200000000000000
    01ac02ae02
    """,
    .startViewChange: """
    17000000 01 06 02 04 cefa000000000000 a200000000000000
    020105
    """,
    .doViewChange: """
    4c000000 01 07 02 04 cefa000000000000 a200000000000000
    0201ac02ac02080706050403020118171615141312110202010001011b55000000000000000702100003056b
    657976616c756501036b6579
    """,
    .startView: """
    4b000000 01 08 02 04 cefa000000000000 a200000000000000
    02ac02ac02080706050403020118171615141312110202010001011b55000000000000000702100003056b65
    7976616c756501036b6579
    """,
    .getState: """
    3a000000 01 09 02 04 cefa000000000000 a200000000000000
    0201ae0208070605040302011817161514131211ac0200000000000000000000000000000000
    """,
    .newState: """
    4c000000 01 0a 02 04 cefa000000000000 a200000000000000
    0201ac02ac02080706050403020118171615141312110202010001011b55000000000000000702100003056b
    657976616c756501036b6579
    """,
    .snapshotChunk: """
    2d000000 01 0b 02 04 cefa000000000000 a200000000000000
    ac020807060504030201181716151413121180800401020102
    """,
    .getSnapshot: """
    29000000 01 0c 02 04 cefa000000000000 a200000000000000
    ac0208070605040302011817161514131211808004
    """,
    .probe: """
    1c000000 01 0d 02 04 cefa000000000000 a200000000000000
    7700000000000000
    """,
    .probeReply: """
    24000000 01 0e 02 04 cefa000000000000 a200000000000000
    770000000000000001ae02ac0201c801
    """,
    .forward: """
    31000000 01 0f 02 04 cefa000000000000 a200000000000000
    010655000000000000000702100003056b657976616c756501036b6579
    """,
    .moved: """
    14000000 01 10 02 04 cefa000000000000 a200000000000000
    """,
    .propose: """
    2d000000 01 11 02 04 cefa000000000000 a200000000000000
    03a000000000000000a100000000000000a200000000000000
    """,
    .agree: """
    43000000 01 12 02 04 cefa000000000000 a200000000000000
    03a000000000000000a100000000000000a2000000000000000401ac02080706050403020118171615141312
    110400
    """,
    .announce: """
    58000000 01 13 02 04 cefa000000000000 a200000000000000
    05020001a0000000000000000202a20000000000000002030103a000000000000000a100000000000000a200
    000000000000ac0208070605040302011817161514131211
    """,
    .forwardOk: """
    16000000 01 14 02 04 cefa000000000000 a200000000000000
    0107
    """,
    .leave: """
    14000000 01 15 02 04 cefa000000000000 a200000000000000
    """,
    .belowQuorum: """
    14000000 01 16 02 04 cefa000000000000 a200000000000000
    """,
    .relayReads: """
    23000000 01 17 02 04 cefa000000000000 a200000000000000
    7700000000000000 01 02 016b 026c6d
    """,
    .relayWrites: """
    38000000 01 18 02 04 cefa000000000000 a200000000000000
    7800000000000000 00 55000000000000000702100003056b657976616c756501036b6579
    """,
    .relayed: """
    25000000 01 19 02 04 cefa000000000000 a200000000000000
    7900000000000000 01 01 01 ac02 05 020102
    """,
  ]

  /// Length, code, header where it is new; then the payload.
  private static let prepares: [String] = [
    """
    43 03 04 cefa000000000000 a200000000000000
    01ae020455cc9c706a27b61ed795a99aa778bb490101
    55000000000000000702100003056b657976616c756501036b6579
    """,
    """
    1e 63
    0201 55000000000000000702100003056b657976616c756501036b6579
    """,
    """
    32 23
    01af020dad75d6e1efca8e8433d62b790a7321de0101
    55000000000000000702100003056b657976616c756501036b6579
    """,
    """
    17 23
    02b002021c8c18fe9c39efabc38556be3d0342a40202
    """,
  ]

  private static let payloads: [String] = [
    """
    0201efbe000000000000ad0205020001a0000000000000000202a20000000000000002030103a00000000000
    0000a100000000000000a2000000000000000201ac020103a000000000000000a100000000000000a2000000
    0000000006
    """,
    """
    020100
    """,
    """
    01011b55000000000000000702100003056b657976616c756501036b6579
    """,
    """
    01efbe000000000000ad0205020001a0000000000000000202a20000000000000002030103a0000000000000
    00a100000000000000a2000000000000000201ac020103a000000000000000a100000000000000a200000000
    00000006
    """,
  ]
}
