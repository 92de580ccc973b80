import UV
import VSR
import Wire
import XCTest

@testable import Frontend
@testable import Transport

/// Who may link with whom, and what is said to those who may not.
final class FitTests: TransportTestCase {
  /// Two servers, in order of their indexes, not joined yet.
  private func pair() throws -> [TestServer] {
    try (0..<2).map { _ in try server() }.sorted { $0.text < $1.text }
  }

  private func runUntilBothRefuse(_ both: [TestServer]) {
    run { both.allSatisfy { !$0.events("peer-refused").isEmpty } }
    for server in both {
      XCTAssertEqual(server.losses, [])
      XCTAssertEqual(server.events("peer-linked"), [])
    }
  }

  func testSetsThatDifferNameTheEntries() throws {
    let both = try pair()
    try both[0].join(both.map(\.text))
    try both[1].join(both.map(\.text) + ["extra:1"])
    runUntilBothRefuse(both)
    let reason = "servers.txt differs: only there: extra:1"
    XCTAssertEqual(both[0].reasons("peer-refused"), [reason])
    XCTAssertEqual(both[1].reasons("peer-refused"), ["the peer says: \(reason)"])
    XCTAssertEqual(both[1].events("peer-refused")[0]["peer"], both[0].text)
  }

  func testStoreLimitsThatDiffer() throws {
    let both = try pair()
    try both[0].join(both.map(\.text), limit: 1000)
    try both[1].join(both.map(\.text), limit: 2000)
    runUntilBothRefuse(both)
    XCTAssertEqual(both[0].reasons("peer-refused"), ["store limit 2000 bytes there, 1000 here"])
  }

  func testVersionsWithoutACommonOne() throws {
    let both = try pair()
    try both[0].join(both.map(\.text))
    try both[1].join(both.map(\.text), versions: 3...4)
    runUntilBothRefuse(both)
    XCTAssertEqual(both[0].reasons("peer-refused"), ["wire versions 3...4 there, 1...2 here"])
  }

  /// What is wrong is said once in a while, however often it is tried; put right, the link stands.
  func testAFaultIsSaidOnceAndMayBePutRight() throws {
    var times = PeerTimes.patient
    times.redialRefused = 5
    let both = try pair()
    try both[0].join(both.map(\.text))
    try both[1].join(both.map(\.text), limit: 1, times: times)
    run { both[0].frontend.metrics.connectionsUpgraded > 5 }
    XCTAssertEqual(both[0].events("peer-refused").count, 1)
    XCTAssertEqual(both[1].events("peer-refused").count, 1)
    both[1].peers.close()
    try both[1].join(both.map(\.text), times: times)
    run { both.allSatisfy(self.isWhollyLinked) }
  }

  func testAConnectionToItself() throws {
    let server = try server()
    let alias = "localhost:\(server.address.port)"
    try server.join([server.text], own: alias)
    run { server.events("peer-refused").count == 2 }
    XCTAssertEqual(
      Set(server.reasons("peer-refused")),
      ["a connection to itself", "the peer says: a connection to itself"])
  }

  func testAVersionOneServerIsSpokenToInVersionOne() throws {
    let both = try pair()
    try both[0].join(both.map(\.text))
    try both[1].join(both.map(\.text), versions: 1...1)
    run { both.allSatisfy(self.isWhollyLinked) }
    for (from, to) in [(0, 1), (1, 0)] {
      XCTAssertEqual(both[from].peers.report(on: to).wireVersion, 1)
      both[from].send(.probe(Probe(id: 7)), to: to)
      both[from].send(.moved, to: to)
      both[from].flush()
      run { both[to].received == [.probe(Probe(id: 7)), .moved] }
      XCTAssertEqual(both[from].peers.report(on: to).sent.bytes, 32 + 24)
    }
  }
}

/// Hellos that differ from a good one in a single point.
extension FitTests {
  private func refusal(
    of change: (inout Hello) -> Void, file: StaticString = #filePath, line: UInt = #line
  ) throws -> String {
    let server = try server()
    try server.join(["0.0.0.0:1", "raw-a:1", "raw-b:1"])
    let raw = try raw(to: server)
    var hello = hello("raw-a:1", to: server)
    change(&hello)
    raw.upgrade()
    raw.say(.hello(hello))
    run(file: file, line: line) { raw.takeReply() }
    run(file: file, line: line) { raw.isOver }
    raw.close()
    run(file: file, line: line) { !server.events("peer-refused").isEmpty }
    // Server 0 is dialled, and not there.
    XCTAssertTrue(server.losses.allSatisfy { $0 == 0 })
    guard case .refusal(let reason) = raw.takeGreeting() else { return "no refusal" }
    XCTAssertEqual(server.reasons("peer-refused"), [reason], file: file, line: line)
    XCTAssertEqual(server.events("peer-refused")[0]["peer"], "127.0.0.1")
    return reason
  }

  func testStrangersAreNamed() throws {
    XCTAssertEqual(
      try refusal { $0.own = "who:1" }, "who:1 is a stranger")
    XCTAssertEqual(
      try refusal {
        $0.own = "who:1"
        $0.servers.append("who:1")
      }, "who:1 is a stranger; servers.txt differs: only there: who:1")
  }

  func testTheDigestCountsToo() throws {
    XCTAssertEqual(try refusal { $0.digest.low += 1 }, "the digest of servers.txt differs")
  }

  func testWhoMeansAnotherIsToldWhoThisIs() throws {
    let reason = try refusal { $0.addressee = "raw-b:1" }
    XCTAssertTrue(reason.hasPrefix("meant for raw-b:1, this is 127.0.0.1:"), reason)
  }

  func testTheLowerIndexDialsNobody() throws {
    XCTAssertEqual(
      try refusal { $0.own = "0.0.0.0:1" }, "0.0.0.0:1 is dialled by this server, and dials none of it")
  }

  func testTwoProcessesWithOneAddress() throws {
    let reason = try refusal { $0.own = $0.addressee }
    XCTAssertTrue(reason.hasPrefix("another process says that it is 127.0.0.1:"), reason)
  }
}
