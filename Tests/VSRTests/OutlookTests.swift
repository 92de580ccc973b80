import VSR
import XCTest

/// What a server sees of the others, and since when.
final class OutlookTests: XCTestCase {
  private func settled(_ count: Int, evictTicks: Tick) -> TestCluster {
    var options = Options()
    options.evictTicks = evictTicks
    let cluster = TestCluster(count, options: options)
    cluster.tick(until: { cluster.isSettled })
    cluster.tick(20)
    return cluster
  }

  private func outlook(_ cluster: TestCluster, _ server: ServerIndex) throws -> Outlook {
    try XCTUnwrap(cluster.replicas[server]).outlook
  }

  func testAllArePresent() throws {
    let cluster = settled(4, evictTicks: 50)
    for server in 0..<4 {
      let outlook = try outlook(cluster, server)
      XCTAssertTrue(outlook.isServing && outlook.isMember)
      XCTAssertEqual(outlook.absences, [])
      XCTAssertEqual(outlook.present, ServerMask(0..<4))
      XCTAssertEqual(outlook.prospect?.atOnce, 1)
      XCTAssertEqual(outlook.prospect?.apart, 2)
      XCTAssertEqual(outlook.weightLacking, 0)
    }
  }

  func testOneIsMissingIsTakenOutAndIsBack() throws {
    let cluster = settled(4, evictTicks: 100)
    let primary = try XCTUnwrap(cluster.primary)
    let gone = (primary + 1) % 4
    cluster.delivers = { from, to, _ in from != gone && to != gone }
    cluster.tick(60)
    var seen = try outlook(cluster, primary)
    XCTAssertEqual(seen.absences.map(\.server), [gone])
    XCTAssertEqual(seen.absences.map(\.weight), [1])
    guard case .missing(let ticks)? = seen.absences.first?.kind else { return XCTFail("\(seen.absences)") }
    // As old as the last answer, which came within one round of pings before the cut.
    XCTAssertTrue((60...60 + Options().pingTicks).contains(ticks), "\(ticks)")
    XCTAssertEqual(seen.prospect?.critical, ServerMask([primary]))

    cluster.tick(until: { cluster.replicas[primary]!.epoch.id.number > 1 })
    cluster.tick(20)
    seen = try outlook(cluster, primary)
    XCTAssertEqual(seen.absences.map(\.weight), [0], "no member any more, but still missing")
    XCTAssertEqual(seen.prospect?.atOnce, 1)
    XCTAssertEqual(seen.prospect?.apart, 1)

    cluster.delivers = { _, _, _ in true }
    var kinds: Set<Outlook.Absence.Kind> = []
    cluster.tick(until: {
      kinds.formUnion(cluster.replicas[primary]!.outlook.absences.map(\.kind))
      return cluster.isSettled && cluster.replicas[primary]!.outlook.absences.isEmpty
    })
    XCTAssertTrue(kinds.contains(.learning), "on its way it was seen to learn")
  }

  func testBelowAQuorumItKnowsWhatIsLacking() throws {
    let cluster = settled(4, evictTicks: 100)
    let primary = try XCTUnwrap(cluster.primary)
    let alone = (primary + 1) % 4
    cluster.delivers = { from, to, _ in from != alone && to != alone }
    cluster.tick(until: { cluster.replicas[alone]!.standing == .quorumLost })
    let seen = try outlook(cluster, alone)
    XCTAssertFalse(seen.isServing)
    XCTAssertNil(seen.prospect)
    XCTAssertEqual(seen.present, ServerMask([alone]))
    XCTAssertEqual(seen.weightLacking, 2)
    XCTAssertEqual(seen.awaited.reduce(0) { $0 + $1.weight }, 4)
    XCTAssertFalse(seen.isBeyondReturn)
  }

  /// Two of three come back without their state: no quorum can return, whoever is in contact.
  func testStateThatIsLostDoesNotReturn() throws {
    let cluster = settled(3, evictTicks: 0)
    for wiped in 1...2 { cluster.start(wiped) }
    // Or they would agree to begin anew.
    cluster.delivers = { _, _, message in if case .propose = message.payload { false } else { true } }
    cluster.tick(until: { cluster.replicas[0]!.outlook.isBeyondReturn })
    let seen = try outlook(cluster, 0)
    XCTAssertEqual(seen.absences.map(\.kind), [.replaced, .replaced])
    XCTAssertTrue(seen.absences.allSatisfy(\.isOver))
    XCTAssertEqual(seen.awaited, [])
  }

  func testBeforeBirthTheUnreachedAreKnown() throws {
    let cluster = TestCluster(3)
    cluster.delivers = { from, to, _ in from != 2 && to != 2 }
    cluster.tick(70)
    let seen = try outlook(cluster, 0)
    XCTAssertEqual(seen.standing, .unborn)
    XCTAssertEqual(seen.absences.map(\.kind), [.learning, .neverReached(70)])
    XCTAssertEqual(seen.absences.map(\.isReached), [true, false])
  }

  /// While a change of the members is under way, neither the old nor the new bound is claimed.
  func testNothingIsClaimedWhileTheMembersChange() throws {
    let cluster = settled(4, evictTicks: 50)
    let primary = try XCTUnwrap(cluster.primary)
    let gone = (primary + 1) % 4
    cluster.delivers = { from, to, _ in from != gone && to != gone }
    cluster.tick(40)
    for _ in 0..<200 {
      for server in 0..<4 {
        cluster.step(server, .tick)
        guard cluster.replicas[primary]!.log.last?.kind == .stopSign else { continue }
        return XCTAssertNil(cluster.replicas[primary]!.outlook.prospect)
      }
      cluster.run()
    }
    XCTFail("nobody is taken out: \(cluster.summary)")
  }

  func testAServerThatLagsKnowsHowFarItIs() throws {
    let cluster = settled(3, evictTicks: 0)
    let late = (try XCTUnwrap(cluster.primary) + 1) % 3
    cluster.delivers = { from, to, _ in from != late && to != late }
    for number in 0..<5 { cluster.write((late + 1) % 3, "k", "\(number)") }
    cluster.run()
    cluster.delivers = { _, _, message in
      if case .newState = message.payload { return false }
      if case .prepare = message.payload { return false }
      return true
    }
    cluster.tick(20)
    let seen = try outlook(cluster, late)
    XCTAssertEqual(seen.target, cluster.replicas[(late + 1) % 3]!.commit)
    XCTAssertLessThan(seen.executed, seen.target)
  }
}
