import Bytes
import UV
import VSR
import Wire
import XCTest

import class UV.Timer

@testable import Transport

/// What waits for a peer that is slow, or does not read at all.
final class QueueTests: TransportTestCase {
  private static let chunkBytes = Bounds.snapshotChunkBytes

  private func probe(_ id: UInt64) -> Payload { .probe(Probe(id: id)) }

  private func chunk(_ number: UInt64) -> Payload {
    .snapshotChunk(
      SnapshotChunk(
        op: number, digest: .zero, offset: 0, isLast: false,
        bytes: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: Self.chunkBytes)))
  }

  /// A protocol message that is long: an op's body of stop-sign size would be refused, a snapshot's is bulk.
  private func long(_ op: Op) -> Payload {
    var writes: [UInt8] = []
    let value = [UInt8](repeating: 0x76, count: 2000)
    for _ in 0..<30 {
      Array("key".utf8).withUnsafeBytes { key in value.withUnsafeBytes { writes.putSet(key, $0) } }
    }
    return .forward(
      Forward(view: 1, sequence: op, group: Group(session: 1, first: 1, count: 30, bytes: writes)))
  }

  private func host(_ times: PeerTimes) throws -> (TestServer, RawPeer) {
    let server = try server()
    try server.join(["raw-a:1"], times: times)
    return (server, try link(server, as: "raw-a:1"))
  }

  /// Sends bulk until the socket takes no more: how many messages that were.
  private func fill(_ server: TestServer) -> Int {
    var (count, sent) = (0, -1)
    while Int(server.peers.report(on: 1).sent.messages) > sent, count < 5000 {
      sent = Int(server.peers.report(on: 1).sent.messages)
      send(count..<count + 1, server)
      count += 1
    }
    return count
  }

  private func send(_ numbers: Range<Int>, _ server: TestServer) {
    for number in numbers {
      server.send(chunk(UInt64(number)), to: 1)
      server.flush()
    }
  }

  private func messages(_ raw: RawPeer, _ reader: inout FrameReader) -> [Payload] {
    raw.bytes.withUnsafeBytes { reader.append($0) }
    raw.bytes = []
    var found: [Payload] = []
    while let message = try? reader.next() { found.append(message.payload) }
    return found
  }

  func testBulkKeepsItsPlaceWhileTheSocketTakesEverything() throws {
    let (server, raw) = try host(.patient)
    for payload in [probe(1), chunk(1), probe(2)] { server.send(payload, to: 1) }
    server.flush()
    var reader = FrameReader(serverCount: 2, version: .two, sender: 0)
    var found: [Payload] = []
    run {
      found += self.messages(raw, &reader)
      return found.count == 3
    }
    XCTAssertEqual(found, [probe(1), chunk(1), probe(2)])
  }

  func testProtocolOvertakesBulk() throws {
    let (server, raw) = try host(.patient)
    raw.stream.pauseReading()
    let filled = fill(server)
    let count = filled + 20
    send(filled..<count, server)
    let sent = server.peers.report(on: 1).sent.messages
    XCTAssertLessThan(Int(sent), filled)
    for id in 1...5 { server.send(probe(UInt64(id)), to: 1) }
    server.flush()
    XCTAssertEqual(server.peers.report(on: 1).sent.messages, sent)
    raw.stream.startReading()
    var reader = FrameReader(serverCount: 2, version: .two, sender: 0)
    var found: [Payload] = []
    run {
      found += self.messages(raw, &reader)
      return found.count == count + 5
    }
    let place = try XCTUnwrap(found.firstIndex(of: probe(1)))
    // Behind what the socket had, before all that waited.
    XCTAssertEqual(place, Int(sent))
    XCTAssertEqual(Array(found[place..<place + 5]), (1...5).map { probe(UInt64($0)) })
    let numbers = found.compactMap { payload -> Op? in
      if case .snapshotChunk(let chunk) = payload { chunk.op } else { nil }
    }
    XCTAssertEqual(numbers, (0..<UInt64(count)).map { $0 })
    XCTAssertEqual(server.losses, [])
  }

  func testTheOldestBulkIsDroppedBeyondTheBound() throws {
    let (server, raw) = try host(.patient)
    raw.stream.pauseReading()
    let filled = fill(server)
    let total = filled + 2 * PeerBounds.bulkBytesMax / Self.chunkBytes
    send(filled..<total, server)
    let count = UInt64(total)
    let report = server.peers.report(on: 1)
    XCTAssertGreaterThan(report.dropped, 0)
    // Where they are: with the system, waiting, or gone.
    let waiting = count - report.sent.messages - report.dropped
    XCTAssertLessThanOrEqual(waiting * UInt64(Self.chunkBytes), UInt64(PeerBounds.bulkBytesMax))
    XCTAssertGreaterThan(waiting, 100)
    XCTAssertTrue(server.isUp(1))
    XCTAssertEqual(server.losses, [])
  }

  func testBeyondTheBoundOfProtocolTheLinkIsReset() throws {
    let (server, raw) = try host(.patient)
    raw.stream.pauseReading()
    var count = 0
    while server.isUp(1), count < 2000 {
      server.send(long(UInt64(count)), to: 1)
      server.flush()
      count += 1
    }
    XCTAssertFalse(server.isUp(1))
    XCTAssertEqual(server.losses, [], "told within a call")
    run { !server.losses.isEmpty }
    XCTAssertEqual(server.losses, [1])
    XCTAssertEqual(server.reasons("peer-lost"), ["too much waits to be sent"])
    let report = server.peers.report(on: 1)
    XCTAssertEqual(report.sent.messages + report.dropped, UInt64(count))
    XCTAssertGreaterThan(report.dropped * 60_000, UInt64(PeerBounds.outputBytesMax) - 200_000)
    raw.stream.startReading()
    run { raw.isOver }
    _ = try link(server, as: "raw-a:1")
  }

  /// A peer that speaks and does not read would hold its link for ever.
  func testAPeerThatTakesNothingIsLost() throws {
    var times = PeerTimes.patient
    (times.stall, times.tick) = (200, 10)
    let (server, raw) = try host(times)
    raw.stream.pauseReading()
    _ = fill(server)
    run { !server.losses.isEmpty }
    XCTAssertEqual(server.reasons("peer-lost"), ["the peer takes nothing"])
  }

  /// It takes what is sent, one read in a while, for longer than one that takes nothing is kept.
  func testASlowPeerIsNotLost() throws {
    var times = PeerTimes.patient
    (times.stall, times.tick) = (1_500, 10)
    let (server, raw) = try host(times)
    raw.readsOnce = true
    let count = 120
    send(0..<count, server)
    XCTAssertEqual(server.peers.report(on: 1).dropped, 0)
    let began = loop.now
    var reader = FrameReader(serverCount: 2, version: .two, sender: 0)
    var found = 0
    let pace = Timer(loop) { raw.readOnce() }
    pace.start(after: 0, repeating: 15)
    run {
      found += self.messages(raw, &reader).count
      return found == count || !server.losses.isEmpty
    }
    pace.close()
    XCTAssertEqual(found, count)
    XCTAssertEqual(server.losses, [])
    XCTAssertGreaterThan(loop.now, began + times.stall, "that was not slow")
  }

  func testAMessageThatFitsNoFrameIsDroppedAndSaid() throws {
    let (server, raw) = try host(.patient)
    let tooLong = [UInt8](repeating: 1, count: 2 * Self.chunkBytes)
    let chunk = SnapshotChunk(op: 1, digest: .zero, offset: 0, isLast: true, bytes: tooLong)
    server.send(.snapshotChunk(chunk), to: 1)
    server.send(probe(1), to: 1)
    server.flush()
    var reader = FrameReader(serverCount: 2, version: .two, sender: 0)
    run { self.messages(raw, &reader) == [self.probe(1)] }
    run { !server.events("peer-message-too-long").isEmpty }
    XCTAssertEqual(server.peers.report(on: 1).dropped, 1)
    XCTAssertEqual(server.losses, [])
  }
}

extension [UInt8] {
  /// A write as the store encodes it: header, lengths, key, value.
  fileprivate mutating func putSet(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    put(0 as UInt8)
    putVarint(key.count)
    putVarint(value.count)
    put(key)
    put(value)
  }
}
