import Glibc
import UV
import VSR
import Wire
import XCTest

import class UV.Timer

@testable import Frontend
@testable import Transport

/// Links end in every way, and come back.
final class LossTests: TransportTestCase {
  private func probe(_ id: UInt64) -> Payload { .probe(Probe(id: id)) }

  /// A server whose only peer is played by hand, and dials.
  private func host(_ times: PeerTimes = .patient) throws -> TestServer {
    let server = try server()
    try server.join(["raw-a:1"], times: times)
    return server
  }

  func testAResetIsALossOnce() throws {
    let server = try host()
    let raw = try link(server, as: "raw-a:1")
    raw.stream.reset()
    run { !server.losses.isEmpty }
    XCTAssertEqual(server.losses, [1])
    XCTAssertEqual(server.peers.report(on: 1).link, .down)
    XCTAssertEqual(server.reasons("peer-lost"), ["connection reset by peer"])
    _ = try link(server, as: "raw-a:1")
    XCTAssertEqual(server.losses, [1])
  }

  func testAnEndIsALoss() throws {
    let server = try host()
    let raw = try link(server, as: "raw-a:1")
    raw.send(probe(1), from: 1)
    raw.stream.shutdown()
    run { !server.losses.isEmpty }
    // What came before counts.
    XCTAssertEqual(server.received, [probe(1)])
    XCTAssertEqual(server.reasons("peer-lost"), ["the peer ended the connection"])
  }

  /// The one that dials is refused until the other is back, and says so now and then.
  func testARestartedServerIsLinkedAgain() throws {
    var times = PeerTimes.patient
    times.refusalHint = 30
    let both = try cluster(2, times: times)
    let port = both[0].address.port
    let began = loop.now
    both[0].close()
    run { both[1].losses.count >= 3 }
    // The loss of the link itself, the first refusal, and one more after 30 ms.
    XCTAssertGreaterThanOrEqual(loop.now, began + 30)
    XCTAssertEqual(Set(both[1].losses), [0])
    XCTAssertEqual(both[1].reasons("peer-unreachable"), ["nobody listens there"])
    let again = try server(port: port)
    try again.join(both.map(\.text))
    run { again.isUp(1) && both[1].isUp(0) }
    both[1].send(probe(1), to: 0)
    both[1].flush()
    run { again.received == [self.probe(1)] }
  }

  func testAServerThatDialsComesBackByItself() throws {
    let both = try cluster(2)
    both[1].peers.close()
    run { both[0].losses == [1] }
    try both[1].join(both.map(\.text))
    run { both.allSatisfy(self.isWhollyLinked) }
    XCTAssertEqual(both[0].losses, [1])
  }

  /// No byte of the old connection counts once the new one is verified, and not before.
  func testANewConnectionTakesTheOldOnesPlace() throws {
    let server = try host()
    let old = try link(server, as: "raw-a:1")
    let new = try greet(server, as: "raw-a:1")
    old.send(probe(1), from: 1)
    run { server.received == [self.probe(1)] }
    XCTAssertFalse(old.isOver)
    new.say(.welcome(version: 2))
    new.send(probe(2), from: 1)
    run { server.received.count == 2 }
    old.send(probe(3), from: 1)
    run { old.isOver }
    new.send(probe(4), from: 1)
    run { server.received.last == self.probe(4) }
    XCTAssertEqual(server.received, [probe(1), probe(2), probe(4)])
    XCTAssertEqual(server.losses, [])
    server.send(probe(5), to: 1)
    server.flush()
    run { !new.bytes.isEmpty }
    XCTAssertEqual(server.events("peer-linked").count, 2)
    XCTAssertEqual(server.events("peer-lost"), [])
  }

  /// Bytes of both lie in the sockets when the server looks: whichever it reads first, the old one's do not follow
  /// the new one's.
  func testNothingOldFollowsANewConnectionsMessages() throws {
    let server = try host()
    var old = try link(server, as: "raw-a:1")
    for round in 0..<20 {
      let new = try greet(server, as: "raw-a:1")
      let base = UInt64(round) * 10
      new.say(.welcome(version: 2))
      new.send(probe(base + 1), probe(base + 2), from: 1)
      old.send(probe(base), from: 1)
      run { server.received.contains(self.probe(base + 2)) && old.isOver }
      old.close()
      old = new
    }
    let ids = server.received.map { if case .probe(let probe) = $0 { probe.id } else { UInt64(0) } }
    XCTAssertEqual(ids, ids.sorted())
  }
}

// Time
extension LossTests {
  func testSilenceEndsALink() throws {
    var times = PeerTimes.patient
    (times.silence, times.tick) = (100, 10)
    let server = try host(times)
    let raw = try link(server, as: "raw-a:1")
    run { !server.losses.isEmpty }
    XCTAssertEqual(server.reasons("peer-lost"), ["nothing was heard"])
    run { raw.error == .connectionReset }
  }

  /// Any byte is a sign of life, also one that makes no frame whole.
  func testBytesKeepALink() throws {
    var times = PeerTimes.patient
    (times.silence, times.tick) = (300, 10)
    let server = try host(times)
    let raw = try link(server, as: "raw-a:1")
    let began = loop.now
    var sent = 0
    let drip = Timer(loop) {
      raw.stream.write(sent == 0 ? [120, 16] : [0])
      sent += 1
    }
    drip.start(after: 0, repeating: 10)
    run { self.loop.now > began + 900 }
    drip.close()
    XCTAssertEqual(server.losses, [])
    XCTAssertTrue(server.isUp(1))
  }

  /// A server that was held up itself finds the bytes of its peers before it judges them.
  func testAnOwnStallIsNoSilence() throws {
    var times = PeerTimes.patient
    (times.silence, times.tick) = (100, 10)
    let server = try host(times)
    let raw = try link(server, as: "raw-a:1")
    for round in 1...5 {
      raw.send(probe(UInt64(round)), from: 1)
      // This is the stall: timers are due before the next poll.
      usleep(150_000)
      run { server.received.count == round || !server.losses.isEmpty }
    }
    XCTAssertEqual(server.losses, [])
  }

  func testASlowHandshakeEnds() throws {
    var times = PeerTimes.patient
    (times.handshake, times.tick) = (50, 10)
    let server = try host(times)
    let silent = try raw(to: server)
    silent.upgrade()
    run { silent.isOver }
    XCTAssertEqual(server.reasons("peer-refused"), ["no connection in time"])
    let half = try greet(server, as: "raw-a:1")
    run { half.isOver }
    XCTAssertEqual(server.losses, [])
    XCTAssertEqual(server.peers.report(on: 1).link, .down)
  }

  /// Who dials does not wait for ever for one that accepts and says nothing.
  func testADialThatIsNotAnsweredIsTriedAgain() throws {
    var times = PeerTimes.patient
    (times.greeting, times.tick) = (50, 10)
    let quiet = try server()
    quiet.onUpgrade = { stream, early in _ = self.raw(on: stream, early) }
    let server = try server()
    try server.join([quiet.text], own: "localhost:\(server.address.port)", times: times)
    run { quiet.frontend.metrics.connectionsUpgraded >= 3 }
    XCTAssertEqual(server.losses, [])
    XCTAssertEqual(Set(server.reasons("peer-unreachable")), ["no connection in time"])
  }

  func testADialThatIsNotUpgradedIsTriedAgain() throws {
    let busy = try server()
    busy.frontend.upgradeHandler = nil
    let server = try server()
    try server.join([busy.text], own: "localhost:\(server.address.port)")
    run { busy.frontend.metrics.connectionsAccepted >= 3 }
    XCTAssertEqual(
      server.reasons("peer-unreachable"), ["no upgrade: HTTP/1.1 503 Service Unavailable"])
    XCTAssertEqual(server.losses, [])
  }

  func testANameThatIsNoneIsSaidAndTriedAgain() throws {
    var times = PeerTimes.patient
    (times.redialRefused, times.noteAgain) = (10, 1)
    let server = try server()
    try server.join(["a.invalid:1"], own: "localhost:\(server.address.port)", times: times)
    run { server.events("peer-unreachable").count >= 2 }
    XCTAssertEqual(server.events("peer-unreachable")[0]["peer"], "a.invalid:1")
    XCTAssertEqual(server.losses, [])
  }
}
