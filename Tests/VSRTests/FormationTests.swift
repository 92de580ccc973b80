import VSR
import XCTest

final class FormationTests: XCTestCase {
  /// The first record is acknowledged by all and committed; then the primary is cut off before anybody else knows.
  /// The others know that it had entered: they need not wait for it.
  func testABornEpochGoesOnWithoutAMemberThatHadEntered() {
    let cluster = TestCluster(3)
    cluster.delivers = { from, _, message in
      if case .commit = message.payload { return from != 0 }
      return true
    }
    cluster.tick(until: { cluster.replicas[0]!.commit >= 1 })
    XCTAssertEqual(cluster.replicas[1]!.commit, 0)
    XCTAssertEqual(cluster.replicas[2]!.commit, 0)
    cluster.delivers = { from, to, _ in from != 0 && to != 0 }
    let id = cluster.write(1, "k", "a")
    cluster.tick(until: { cluster.replicas[2]!.commit >= 1 && cluster.replicas[1]!.commit >= 1 })
    let next = cluster.answers[id] == nil ? id : cluster.write(1, "k", "b")
    cluster.tick(until: { cluster.answers[next] != nil })
    XCTAssertEqual(cluster.answers[next]?.kind, "done")
  }

  /// One that has not entered may still be asked for another formation: nothing is acknowledged without it.
  func testABornEpochWaitsForAMemberThatHasNotEntered() {
    let cluster = TestCluster(3)
    cluster.delivers = { _, to, message in
      if case .announce = message.payload { return to != 2 }
      return true
    }
    cluster.tick(until: { cluster.replicas[0]!.isBorn && cluster.replicas[1]!.isBorn })
    cluster.tick(50)
    XCTAssertTrue(cluster.live.allSatisfy { $0.commit == 0 })
    cluster.delivers = { _, _, _ in true }
    cluster.tick(until: { cluster.isSettled })
  }

  /// What an operator says to one server, that another is gone for good, reaches those who must agree to go on.
  func testAnOperatorsWordReachesAll() {
    let cluster = TestCluster(3)
    cluster.tick(until: { cluster.isSettled })
    let id = cluster.write(0, "k", "a")
    cluster.tick(until: { cluster.answers[id] != nil && cluster.live.allSatisfy { $0.executed >= 3 } })
    cluster.replicas[0] = nil
    cluster.start(1)
    cluster.tick(until: { cluster.replicas[1]!.isBorn })
    cluster.step(2, .recover(without: ServerMask([0])))
    cluster.tick(until: { cluster.isSettled })
    XCTAssertTrue(cluster.replicas[2]!.epoch.start.isLossPossible)
    let ticket = cluster.read(1, "k")
    cluster.tick(until: { cluster.answers[ticket] != nil })
    XCTAssertEqual(cluster.answers[ticket]?.value, "a")
  }
}
