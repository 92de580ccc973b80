import XCTest

@testable import Replication

/// Servers wired up as the program wires them, in one process.
final class ClusterTests: XCTestCase {
  private func run(_ count: Int, isDurable: Bool = false, _ body: (Cluster) throws -> Void) throws {
    let cluster = try Cluster(count, isDurable: isDurable)
    do {
      try body(cluster)
    } catch {
      for (index, server) in cluster.servers.enumerated() {
        for note in server?.notes ?? [] { print("server \(index): \(note.event) \(note.fields)") }
      }
      try? cluster.tearDown()
      throw error
    }
    try cluster.tearDown()
  }

  func testALoneServerInMemory() throws {
    try run(1) { cluster in
      try cluster.startAll()
      XCTAssertEqual(try cluster.body(0, "/a=1"), "a=NIL")
      XCTAssertEqual(try cluster.body(0, "/a=2"), "a=1")
      XCTAssertEqual(try cluster.body(0, "/a"), "a=2")
      XCTAssertEqual(try cluster.body(0, "/-/dump"), "a=2\n")
    }
  }

  func testALoneServerRemembers() throws {
    try run(1, isDurable: true) { cluster in
      try cluster.startAll()
      XCTAssertEqual(try cluster.body(0, "/a=1"), "a=NIL")
      try cluster.stop(0)
      try cluster.startAll()
      XCTAssertEqual(try cluster.body(0, "/a"), "a=1")
    }
  }

  func testWhatIsWrittenAtOneIsReadAtEvery() throws {
    for count in [2, 3, 4] {
      try run(count) { cluster in
        try cluster.startAll()
        for writer in 0..<count {
          XCTAssertEqual(try cluster.body(writer, "/k\(writer)=v\(writer)"), "k\(writer)=NIL")
          for reader in 0..<count {
            XCTAssertEqual(try cluster.body(reader, "/k\(writer)"), "k\(writer)=v\(writer)")
          }
        }
        let dumps = try (0..<count).map { try cluster.body($0, "/-/dump") }
        XCTAssertEqual(Set(dumps).count, 1)
        XCTAssertEqual(dumps[0].split(separator: "\n").count, count)
      }
    }
  }

  func testAllStopAndAllReturn() throws {
    try run(3, isDurable: true) { cluster in
      try cluster.startAll()
      for number in 0..<20 { _ = try cluster.body(number % 3, "/k\(number)=v\(number)") }
      for index in 0..<3 { try cluster.stop(index) }
      try cluster.startAll()
      for number in 0..<20 {
        XCTAssertEqual(try cluster.body(number % 3, "/k\(number)"), "k\(number)=v\(number)")
      }
    }
  }

  func testTwoOfThreeGoOnAndTheThirdCatchesUp() throws {
    try run(3) { cluster in
      try cluster.startAll()
      _ = try cluster.body(0, "/a=1")
      let primary = try XCTUnwrap((0..<3).first { try cluster.driver($0).report.role == .primary })
      try cluster.stop(primary)
      let survivor = (primary + 1) % 3
      XCTAssertEqual(try cluster.body(survivor, "/a=2"), "a=1")
      try cluster.start(primary)
      try cluster.wait("the third serves again") {
        (try? cluster.driver(primary).report.isLinearizable) == true
      }
      XCTAssertEqual(try cluster.body(primary, "/a"), "a=2")
    }
  }

  func testOneOfThreeRefusesAndSaysSo() throws {
    try run(3) { cluster in
      try cluster.startAll()
      _ = try cluster.body(0, "/a=1")
      try cluster.stop(1)
      try cluster.stop(2)
      let degraded = try cluster.get(0, "/a")
      XCTAssertTrue(degraded.contains("KV-Consistency: degraded"), degraded)
      XCTAssertTrue(degraded.hasSuffix("a=1"), degraded)
      let refusal = try cluster.get(0, "/a", headers: "KV-Consistency: linearizable\r\n")
      XCTAssertTrue(refusal.hasPrefix("HTTP/1.1 503 "), refusal)
      XCTAssertTrue(refusal.contains("Retry-After: "), refusal)
      try cluster.wait("it says so") { (try? cluster.driver(0).report.state) == .quorumLost }
      let reason = try cluster.driver(0).report.reason
      let (one, other) = (
        min(cluster.address(1), cluster.address(2)), max(cluster.address(1), cluster.address(2))
      )
      XCTAssertTrue(
        reason.hasPrefix("no quorum: weight 1 of 3 in contact, 2 needed; \(one) missing for "), reason)
      let end = "ends when one of \(one), \(other) is back without a restart; "
      XCTAssertTrue(reason.contains(end + "if they are gone for good: kvclient recover --without "), reason)
      let local = try cluster.get(0, "/a", headers: "KV-Consistency: local\r\n")
      XCTAssertTrue(local.contains("KV-Consistency: local"), local)
      XCTAssertTrue(local.contains("Age: "), local)
      XCTAssertTrue(local.hasSuffix("a=1"), local)
    }
  }

  func testReportsAgree() throws {
    try run(4) { cluster in
      try cluster.startAll()
      _ = try cluster.body(2, "/a=1")
      try cluster.wait("all have executed it") {
        (0..<4).allSatisfy { (try? cluster.driver($0).report.keys) == 1 }
      }
      let reports = try (0..<4).map { try cluster.driver($0).report }
      XCTAssertEqual(Set(reports.map(\.primary)).count, 1)
      XCTAssertEqual(Set(reports.map(\.epoch)).count, 1)
      XCTAssertEqual(Set(reports.map(\.lineage)).count, 1)
      XCTAssertEqual(reports.filter { $0.role == .primary }.count, 1)
      for report in reports {
        XCTAssertEqual(report.members.count, 4)
        XCTAssertEqual(report.members.map(\.weight).reduce(0, +), 5)
        XCTAssertEqual(report.peers.count, 3)
        XCTAssertTrue(report.peers.allSatisfy { $0.link == .up && !$0.isSuspected })
        XCTAssertFalse(report.isLossPossible)
        XCTAssertEqual(report.reason, "linearizable; survives 1 more failure, 2 if they come apart")
      }
    }
  }

  /// The heavy one of two is gone for good. The other goes on at an operator's word, says that something may be
  /// lost until that is acknowledged, and takes the lost one in again should it return.
  func testAnOperatorBringsTheRestBack() throws {
    try run(2, isDurable: true) { cluster in
      try cluster.startAll()
      _ = try cluster.body(0, "/a=1")
      let heavy = try XCTUnwrap(
        (0..<2).first {
          cluster.address($0) == (try? cluster.driver(0).report.members.first { $0.weight == 2 }?.id)
        })
      let rest = 1 - heavy
      try cluster.stop(heavy)
      try cluster.wait("it knows") { (try? cluster.driver(rest).report.state) == .quorumLost }
      XCTAssertTrue(try cluster.get(rest, "/a").contains("KV-Consistency: degraded"))
      let nameless = try cluster.post(rest, "/-/recover", "")
      XCTAssertTrue(nameless.hasPrefix("HTTP/1.1 400 "), nameless)
      XCTAssertTrue(nameless.contains(cluster.address(heavy)), "it names whom it misses: \(nameless)")
      let done = try cluster.post(rest, "/-/recover", "without=\(cluster.address(heavy))")
      XCTAssertTrue(done.hasPrefix("HTTP/1.1 200 "), done)
      try cluster.wait("it serves alone") { (try? cluster.driver(rest).report.isLinearizable) == true }
      XCTAssertEqual(try cluster.body(rest, "/a=2"), "a=1")
      XCTAssertTrue(try cluster.driver(rest).report.isLossPossible)
      XCTAssertTrue(try cluster.post(rest, "/-/acknowledge-loss", "").hasPrefix("HTTP/1.1 200 "))
      try cluster.wait("it is acknowledged") { (try? cluster.driver(rest).report.isLossPossible) == false }
      try cluster.start(heavy)
      try cluster.wait("both are members") {
        (0..<2).allSatisfy { (try? cluster.driver($0).report.members.count) == 2 }
      }
      XCTAssertEqual(try cluster.body(heavy, "/a"), "a=2")
    }
  }

  func testAnOperatorsWordIsTakenByNameOnly() throws {
    try run(2) { cluster in
      try cluster.startAll()
      let driver = try cluster.driver(0)
      XCTAssertTrue(driver.command(.recover(without: [])).isDone, "nothing to recover")
      XCTAssertFalse(driver.command(.recover(without: ["127.0.0.1:1"])).isDone)
      XCTAssertFalse(driver.command(.recover(without: [cluster.address(0)])).isDone)
      let connected = driver.command(.recover(without: [cluster.address(1)]))
      XCTAssertFalse(connected.isDone)
      XCTAssertTrue(connected.line.contains("connected"), connected.line)
    }
  }
}
