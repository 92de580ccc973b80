import VSR
import XCTest

final class StandingTests: XCTestCase {
  /// A backup that no longer hears anybody knows since when its state is unconfirmed; healed, it is confirmed again.
  func testConfirmationStopsWithContact() throws {
    let cluster = TestCluster(3)
    cluster.tick(until: { cluster.isSettled })
    cluster.tick(20)
    for replica in cluster.live { XCTAssertEqual(replica.confirmedAt, replica.now) }
    let cut = try XCTUnwrap(cluster.primary)
    cluster.delivers = { from, to, _ in from != cut && to != cut }
    cluster.tick(100)
    for replica in cluster.live {
      if replica.server == cut {
        XCTAssertLessThan(try XCTUnwrap(replica.confirmedAt), replica.now - 60)
        XCTAssertEqual(replica.standing, .quorumLost)
        XCTAssertFalse(replica.isServing)
        XCTAssertFalse(replica.isInContact((cut + 1) % 3))
      } else {
        XCTAssertEqual(replica.confirmedAt, replica.now)
        XCTAssertTrue(replica.isServing)
        XCTAssertTrue(replica.isSuspected(cut))
      }
    }
    cluster.delivers = { _, _, _ in true }
    cluster.tick(until: { cluster.isSettled })
    cluster.tick(20)
    for replica in cluster.live { XCTAssertEqual(replica.confirmedAt, replica.now) }
  }

  /// A read's probe confirms a learner's state too, as of the moment when it was sent.
  func testAReadConfirms() {
    let cluster = TestCluster(3)
    cluster.tick(until: { cluster.isSettled })
    let learner = (cluster.primary! + 1) % 3
    cluster.start(learner)
    cluster.tick(until: { cluster.replicas[learner]!.isBorn && cluster.replicas[learner]!.isNormal })
    let before = cluster.replicas[learner]!.now
    let ticket = cluster.read(learner, "k")
    cluster.run()
    XCTAssertEqual(cluster.answers[ticket]?.kind, "read")
    XCTAssertEqual(cluster.replicas[learner]!.confirmedAt, before)
  }

  func testThePrimaryKnowsHowFarTheOthersAre() throws {
    let cluster = TestCluster(3)
    cluster.tick(until: { cluster.isSettled })
    let primary = try XCTUnwrap(cluster.primary)
    let (near, far) = ((primary + 1) % 3, (primary + 2) % 3)
    cluster.delivers = { from, to, _ in from != far && to != far }
    for number in 0..<3 {
      let id = cluster.write(primary, "k", "v\(number)")
      cluster.run()
      XCTAssertEqual(cluster.answers[id]?.kind, "done")
    }
    let replica = try XCTUnwrap(cluster.replicas[primary])
    XCTAssertEqual(replica.ackedOp(of: primary), replica.log.head)
    XCTAssertEqual(replica.ackedOp(of: near), replica.log.head)
    XCTAssertEqual(replica.lag(of: near), 0)
    XCTAssertEqual(replica.lag(of: far), 3)
    XCTAssertEqual(cluster.replicas[near]!.lag(of: primary), 0)
  }

  /// Only one that is alone may do without a probe.
  func testServesAlone() {
    for count in 1...3 {
      let cluster = TestCluster(count)
      XCTAssertFalse(cluster.live.contains(where: \.servesAlone))
      cluster.tick(until: { cluster.isSettled })
      XCTAssertEqual(cluster.live.contains(where: \.servesAlone), count == 1)
    }
  }
}
