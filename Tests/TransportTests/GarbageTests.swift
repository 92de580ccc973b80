import UV
import VSR
import Wire
import XCTest

@testable import Frontend
@testable import Transport

/// Bytes that no server sends end their connection, with one line, and touch nothing else.
final class GarbageTests: TransportTestCase {
  private enum Stage: CaseIterable { case upgraded, greeted, linked }

  /// Three servers, of which the third is played by hand; the first two are linked all the while.
  private func three() throws -> [TestServer] {
    let both = try (0..<2).map { _ in try server() }.sorted { $0.text < $1.text }
    for server in both { try server.join(both.map(\.text) + ["raw-a:1"]) }
    run { both[0].isUp(1) && both[1].isUp(0) }
    return both
  }

  private func begin(_ stage: Stage, _ server: TestServer) throws -> RawPeer {
    switch stage {
    case .upgraded:
      let raw = try raw(to: server)
      raw.upgrade()
      return raw
    case .greeted: return try greet(server, as: "raw-a:1")
    case .linked: return try link(server, as: "raw-a:1")
    }
  }

  func testRandomBytesEndOnlyTheirConnection() throws {
    let both = try three()
    var state: UInt64 = 20
    for round in 0..<60 {
      for stage in Stage.allCases {
        let raw = try begin(stage, both[0])
        // A length of version 2 in the first byte would wait for the rest: 0x80 and more has a successor.
        let bytes = [0x7f] + randomBytes(200, &state)
        raw.stream.write(bytes)
        run { raw.isOver }
        raw.close()
        XCTAssertEqual(both[0].received, [], "\(stage) \(round)")
      }
      both[1].send(.probe(Probe(id: UInt64(round))), to: 0)
      both[0].send(.probe(Probe(id: UInt64(round))), to: 1)
      for server in both { server.flush() }
      run { both[0].received.count == 1 && both[1].received.count == round + 1 }
      both[0].forgetNews { if case .received = $0 { true } else { false } }
    }
    XCTAssertFalse(both[0].losses.contains(1))
    XCTAssertEqual(both[1].losses, [])
    XCTAssertEqual(both[0].events("peer-lost").count, 60)
  }

  private func reason(_ stage: Stage, _ bytes: [UInt8]) throws -> String? {
    let server = try server()
    try server.join(["raw-a:1"])
    let raw = try begin(stage, server)
    raw.stream.write(bytes)
    run { raw.isOver }
    raw.close()
    XCTAssertEqual(server.received, [])
    let name = stage == .linked ? "peer-lost" : "peer-refused"
    run { !server.events(name).isEmpty }
    XCTAssertEqual(server.events(name).count, 1)
    XCTAssertEqual(server.losses, stage == .linked ? [1] : [])
    return server.reasons(name).first
  }

  private func encoded(_ greeting: Greeting) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.put(greeting)
    return bytes
  }

  func testEachFaultIsNamed() throws {
    let prefix = "not the peer protocol: "
    let http = Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
    XCTAssertEqual(try reason(.upgraded, http), prefix + "a frame of version 47")
    XCTAssertEqual(try reason(.upgraded, [0, 0, 1, 0, 0, 1]), prefix + "a frame of 65536 bytes")
    XCTAssertEqual(try reason(.upgraded, encoded(.welcome(version: 2))), prefix + "a greeting out of turn")
    XCTAssertEqual(
      try reason(.greeted, encoded(.welcome(version: 1))), prefix + "a welcome for wire version 1")
    XCTAssertEqual(try reason(.greeted, encoded(.refusal("no"))), "the peer says: no")
    XCTAssertEqual(try reason(.linked, [0xff, 0xff, 0xff, 0xff]), prefix + "a frame of 268435455 bytes")
    XCTAssertEqual(try reason(.linked, [5, 0]), prefix + "a frame of kind 0")
    XCTAssertEqual(try reason(.linked, [1, 0x30]), prefix + "a malformed frame")
  }

  /// Frames before the welcome are none.
  func testNoMessageIsTakenBeforeTheHelloIsVerified() throws {
    for stage in [Stage.upgraded, .greeted] {
      var frame: [UInt8] = []
      var writer = FrameWriter(.two)
      let message = Message(from: 1, incarnation: 5, epoch: .none, payload: .moved)
      XCTAssertTrue(writer.put(message, into: &frame))
      // Long enough to be looked at as a greeting.
      let reason = try reason(stage, frame)
      XCTAssertEqual(reason?.hasPrefix("not the peer protocol: "), true)
    }
  }

  /// Version 1 names the sender in each frame.
  func testAMessageInAnothersNameEndsTheLink() throws {
    let server = try server()
    try server.join(["raw-a:1", "raw-b:1"])
    let raw = try link(server, as: "raw-a:1", versions: 1...1)
    raw.writer = FrameWriter(.one)
    raw.send(.moved, from: 1)
    raw.send(.moved, from: 2)
    raw.send(.moved, from: 1)
    run { raw.isOver }
    XCTAssertEqual(server.received, [.moved])
    XCTAssertEqual(server.losses, [1])
    XCTAssertEqual(server.reasons("peer-lost"), ["not the peer protocol: a message of server 2"])
  }

  func testADialledServerThatAnswersGarbage() throws {
    var times = PeerTimes.patient
    times.redialRefused = 5
    let odd = try server()
    var count = 0
    odd.onUpgrade = { stream, early in
      count += 1
      self.raw(on: stream, early).stream.write([UInt8](repeating: 9, count: 50))
    }
    let server = try server()
    try server.join([odd.text], own: "localhost:\(server.address.port)", times: times)
    run { count >= 3 }
    XCTAssertEqual(server.reasons("peer-refused"), ["not the peer protocol: a frame of version 9"])
    XCTAssertEqual(server.losses, [])
  }

  /// Who holds places without a word holds up no real peer.
  func testTooManyArrivalsEndTheOldest() throws {
    let server = try server()
    try server.join(["raw-a:1"])
    let idle = try (0..<PeerBounds.arrivalsMax).map { _ in
      let raw = try raw(to: server)
      raw.upgrade()
      run { raw.takeReply() }
      return raw
    }
    XCTAssertFalse(idle.contains { $0.isOver })
    let peer = try link(server, as: "raw-a:1")
    run { idle[0].isOver }
    XCTAssertEqual(idle.filter(\.isOver).count, 1)
    XCTAssertFalse(peer.isOver)
    XCTAssertEqual(
      server.reasons("peer-refused"), ["too many connections that are not verified"])
  }
}
