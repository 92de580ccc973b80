import VSR
import XCTest

/// Processes that are told to end.
final class LeavingTests: XCTestCase {
  private func settled(_ count: Int) -> TestCluster {
    let cluster = TestCluster(count)
    cluster.tick(until: { cluster.isSettled })
    return cluster
  }

  /// As a process does it: told to end, gone when it has handed over, its connections reset.
  private func stop(_ server: Int, in cluster: TestCluster, _ what: String) {
    cluster.step(server, .handOver)
    cluster.run()
    var ticks = 0
    while !cluster.replicas[server]!.isHandedOver, ticks < 180 {
      cluster.tick()
      ticks += 1
    }
    XCTAssertTrue(cluster.replicas[server]!.isHandedOver, "\(what): \(cluster.summary)")
    cluster.replicas[server] = nil
    cluster.network.removeAll { $0.from == server || $0.to == server }
    for other in cluster.replicas.indices { cluster.step(other, .linkReset(server)) }
  }

  /// Every order of two, three and four servers, without a pause: after each end those who are left read what was
  /// written last, and write on.
  func testStopsInAnyOrderLeaveTheLastServing() {
    for count in 2...4 {
      for order in permutations(Array(0..<count)) {
        let cluster = settled(count)
        var value: String?
        for (index, server) in order.dropLast().enumerated() {
          stop(server, in: cluster, "\(server) of \(order)")
          for other in order[(index + 1)...] {
            let write = cluster.write(other, "k", "\(index)-\(other)")
            cluster.tick(until: { cluster.answers[write] != nil })
            let expected = TestCluster.Answer(kind: "done", value: value)
            XCTAssertEqual(cluster.answers[write], expected, "at \(other) after \(server) of \(order)")
            value = "\(index)-\(other)"
          }
        }
      }
    }
  }

  private func permutations(_ all: [Int]) -> [[Int]] {
    guard all.count > 1 else { return [all] }
    return all.flatMap { first in permutations(all.filter { $0 != first }).map { [first] + $0 } }
  }

  /// Of three one has died a moment ago, and no connection told: whoever ends next makes sure of who is left.
  func testADeathThatNobodyHasNoticedYetIsNotCountedOn() {
    for (dead, leaving, last) in [(2, 1, 0), (2, 0, 1), (1, 2, 0), (0, 1, 2), (0, 2, 1)] {
      let cluster = settled(3)
      cluster.replicas[dead] = nil
      cluster.network.removeAll()
      stop(leaving, in: cluster, "\(leaving) after \(dead)")
      let write = cluster.write(last, "k", "a")
      cluster.tick(until: { cluster.answers[write] != nil })
      XCTAssertEqual(cluster.answers[write]?.kind, "done", "at \(last), after \(dead) and \(leaving)")
    }
  }

  /// What a rolling upgrade costs: with a quorum left no epoch, of two servers at most one each.
  func testAStopThatLeavesAQuorumCostsNoEpoch() {
    for count in 3...7 {
      let cluster = settled(count)
      stop(0, in: cluster, "the primary of \(count)")
      cluster.tick(until: { cluster.isSettled })
      XCTAssertEqual(cluster.replicas[1]!.epoch.id.number, 1, "\(count) servers")
    }
  }

  /// A process that is told to end and does not is an ordinary member again.
  func testOneThatStaysForgetsThatItWasToLeave() {
    let cluster = settled(2)
    cluster.step(0, .handOver)
    cluster.tick(Int(Options().leaveTicks) + 1)
    XCTAssertFalse(cluster.replicas[0]!.isLeaving)
    cluster.tick(until: { cluster.isSettled })
    XCTAssertEqual(cluster.replicas[0]!.epoch.configuration.members.count, 2)
  }
}
