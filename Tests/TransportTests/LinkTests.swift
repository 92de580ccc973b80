import UV
import VSR
import Wire
import XCTest

@testable import Transport

final class LinkTests: TransportTestCase {
  private func probe(_ id: UInt64) -> Payload { .probe(Probe(id: id)) }

  func testTwoServersTalkBothWays() throws {
    let both = try cluster(2)
    both[0].send(probe(1), to: 1)
    both[0].send(probe(2), to: 1)
    both[1].send(probe(3), to: 0)
    for server in both { server.flush() }
    run { both[1].received.count == 2 && both[0].received.count == 1 }
    XCTAssertEqual(both[1].received, [probe(1), probe(2)])
    XCTAssertEqual(both[0].received, [probe(3)])
    XCTAssertEqual(both[1].news.last, .received(both[0].message(probe(2))))
  }

  func testNothingIsSentBeforeTheFlush() throws {
    let both = try cluster(2)
    both[0].send(probe(1), to: 1)
    XCTAssertEqual(both[0].peers.report(on: 1).sent, PeerReport.Traffic())
    both[0].flush()
    XCTAssertEqual(both[0].peers.report(on: 1).sent.messages, 1)
  }

  func testThreeServersAllLink() throws {
    let all = try cluster(3)
    for from in all {
      for to in all where to !== from { from.send(probe(UInt64(from.index)), to: to.index) }
      from.flush()
    }
    run { all.allSatisfy { $0.received.count == 2 } }
    for server in all {
      XCTAssertEqual(Set(server.received), Set([0, 1, 2].filter { $0 != server.index }.map { probe($0) }))
      XCTAssertEqual(server.events("peer-linked").count, 2)
      XCTAssertEqual(server.losses, [])
    }
  }

  func testSevenServersLinkThoughTheirSetsAreInDifferentOrder() throws {
    let all = try cluster(7)
    XCTAssertTrue(all.allSatisfy(isWhollyLinked))
  }

  func testCountsAgreeAtBothEnds() throws {
    let both = try cluster(2)
    for id in 1...5 { both[0].send(probe(UInt64(id)), to: 1) }
    both[0].flush()
    run { both[1].received.count == 5 }
    let (sent, received) = (both[0].peers.report(on: 1).sent, both[1].peers.report(on: 0).received)
    XCTAssertEqual(sent, received)
    // The header once, then what differs.
    let (frames, header) = (5 * (2 + 8), 1 + 8 + 8)
    XCTAssertEqual(Int(sent.bytes), frames + header)
  }

  func testALinkSaysWhomItLinks() throws {
    let both = try cluster(2)
    let report = both[0].peers.report(on: 1)
    XCTAssertEqual(report.wireVersion, 2)
    XCTAssertEqual(report.programVersion, "1.2")
    let event = try XCTUnwrap(both[0].events("peer-linked").first)
    XCTAssertEqual(event["peer"], both[1].text)
    XCTAssertEqual(event["incarnation"], "\(both[1].address.port)")
  }

  func testWithoutALinkMessagesAreDroppedAndCounted() throws {
    let server = try server()
    try server.join(["127.0.0.1:1"])
    let other = 1 - server.index
    server.send(probe(1), to: other)
    server.flush()
    XCTAssertEqual(server.peers.report(on: other).dropped, 1)
    XCTAssertEqual(server.peers.report(on: other).sent.messages, 0)
  }

  func testNamesAreResolved() throws {
    let all = try (0..<2).map { _ in try server() }
    let names = all.map { "localhost:\($0.address.port)" }
    for (server, name) in zip(all, names) { try server.join(names, own: name) }
    run { all.allSatisfy(self.isWhollyLinked) }
  }

  /// The server with the later name dials: the other sees it come from the address in that name, if it has it.
  func testAPeerIsDialledFromTheOwnAddress() throws {
    for (own, seen) in [
      ("127.0.0.9", "127.0.0.9"), ("192.0.2.9", "127.0.0.1"), ("localhost", "127.0.0.1"),
      ("[::1]", "127.0.0.1"),
    ] {
      let (called, dialling) = (try server(), try server())
      var from: [String] = []
      called.onUpgrade = { stream, _ in
        from.append(stream.peerAddress?.host ?? "")
        stream.close()
      }
      try dialling.join([called.text], own: "\(own):\(dialling.address.port)")
      XCTAssertEqual(dialling.index, 1)
      run { !from.isEmpty }
      XCTAssertEqual(from.first, seen, own)
      dialling.peers.close()
    }
  }

  func testAServerMayCloseItsPeersWhileItIsTold() throws {
    let both = try cluster(2)
    both[1].onNews = { news in
      if case .received = news { both[1].peers.close() }
    }
    both[0].send(probe(1), to: 1)
    both[0].send(probe(2), to: 1)
    both[0].flush()
    run { !both[0].losses.isEmpty }
    XCTAssertEqual(both[1].received, [probe(1)])
    XCTAssertEqual(both[0].losses, [1])
    both[1].peers.close()
  }
}
