import VSR
import XCTest

/// Whom a probe asks, when it asks more, and how reads share one.
final class ReadProbeTests: XCTestCase {
  private func settled(_ count: Int) -> TestCluster {
    let cluster = TestCluster(count)
    cluster.tick(until: { cluster.isSettled })
    // Contact both ways is known by then.
    cluster.tick(20)
    return cluster
  }

  /// The servers to which `server` has sent probes that are still under way.
  private func probed(by server: Int, in cluster: TestCluster) -> [Int] {
    cluster.network.compactMap { from, to, message in
      if case .probe = message.payload, from == server { to } else { nil }
    }
  }

  func testAProbeAsksNoMoreThanAQuorumNeeds() {
    for count in 2...7 {
      for reader in 0..<count {
        let cluster = settled(count)
        let configuration = cluster.replicas[reader]!.epoch.configuration
        let ticket = cluster.read(reader, "k")
        let asked = probed(by: reader, in: cluster)
        let mask = ServerMask(asked + [reader])
        XCTAssertTrue(configuration.isQuorum(mask), "\(count) servers, \(reader) asked \(asked)")
        for one in asked {
          var fewer = mask
          fewer.remove(one)
          XCTAssertFalse(configuration.isQuorum(fewer), "\(count) servers, \(reader) asked \(asked)")
        }
        cluster.run()
        XCTAssertEqual(cluster.answers[ticket], .init(kind: "read", value: nil))
      }
    }
  }

  func testABackupAsksThePrimary() {
    let cluster = settled(5)
    for reader in 0..<5 where reader != cluster.primary! {
      _ = cluster.read(reader, "k")
      XCTAssertTrue(probed(by: reader, in: cluster).contains(cluster.primary!))
      cluster.run()
    }
  }

  func testOneThatIsSilentIsGoneAroundAndNotAskedAgain() {
    let cluster = settled(3)
    let silent = cluster.primary!
    let reader = (silent + 1) % 3
    cluster.delivers = { from, to, _ in from != silent && to != silent }
    let ticket = cluster.read(reader, "k")
    XCTAssertEqual(probed(by: reader, in: cluster), [silent])
    cluster.run()
    XCTAssertNil(cluster.answers[ticket])
    cluster.tick(2)
    XCTAssertEqual(cluster.answers[ticket], .init(kind: "read", value: nil), "the third was asked")
    let next = cluster.read(reader, "k")
    XCTAssertEqual(probed(by: reader, in: cluster), [3 - silent - reader])
    cluster.run()
    XCTAssertNotNil(cluster.answers[next])
  }

  func testOneThatAnswersAgainIsAskedAgain() {
    let cluster = settled(3)
    let primary = cluster.primary!
    let reader = (primary + 1) % 3
    cluster.delivers = { _, to, message in
      if case .probe = message.payload { to != primary } else { true }
    }
    _ = cluster.read(reader, "k")
    cluster.run()
    cluster.tick(2)
    cluster.delivers = { _, _, _ in true }
    cluster.tick(10)
    _ = cluster.read(reader, "k")
    XCTAssertEqual(probed(by: reader, in: cluster), [primary])
  }

  func testAResetAsksTheRestAtOnce() {
    let cluster = settled(3)
    let primary = cluster.primary!
    let reader = (primary + 1) % 3
    cluster.replicas[primary] = nil
    let ticket = cluster.read(reader, "k")
    XCTAssertEqual(probed(by: reader, in: cluster), [primary])
    cluster.step(reader, .linkReset(primary))
    cluster.run()
    XCTAssertEqual(cluster.answers[ticket], .init(kind: "read", value: nil), "without a tick")
  }

  func testWithTooFewInSightAllAreAsked() {
    let cluster = settled(3)
    let primary = cluster.primary!
    let others = (0..<3).filter { $0 != primary }
    for other in others { cluster.step(primary, .linkReset(other)) }
    cluster.network.removeAll()
    _ = cluster.read(primary, "k")
    XCTAssertEqual(probed(by: primary, in: cluster).sorted(), others)
  }

  func testUnderLoadFewProbesCarryManyReads() {
    let cluster = settled(3)
    let reader = (cluster.primary! + 1) % 3
    let before = cluster.replicas[reader]!.counters.probesSent
    let tickets = (0..<40).map { _ in cluster.read(reader, "k") }
    // Two of one read each are in flight; the others wait together.
    XCTAssertEqual(cluster.replicas[reader]!.counters.probesSent - before, 2)
    cluster.run()
    for ticket in tickets { XCTAssertEqual(cluster.answers[ticket], .init(kind: "read", value: nil)) }
    XCTAssertLessThanOrEqual(cluster.replicas[reader]!.counters.probesSent - before, 4)
  }

  func testReadsOfKeysInFlightHoldUpNoOthers() {
    let cluster = settled(3)
    let primary = cluster.primary!
    let (reader, third) = ((primary + 1) % 3, (primary + 2) % 3)
    for key in 0..<12 { cluster.write(primary, "busy\(key)", "v") }
    cluster.run()
    // The ops are in the logs; that they are committed is known to the primary alone, and it is gone.
    for key in 12..<24 { cluster.write(primary, "busy\(key)", "v") }
    cluster.delivers = { _, to, message in
      if case .prepareOk = message.payload { to != primary } else { true }
    }
    cluster.run()
    cluster.replicas[primary] = nil
    cluster.step(reader, .linkReset(primary))
    cluster.delivers = { from, to, message in
      switch message.payload {
      case .probe, .probeReply: true
      default: false
      }
    }
    let waiting = (12..<24).map { key in
      let ticket = cluster.read(reader, "busy\(key)")
      cluster.run()
      return ticket
    }
    for ticket in waiting { XCTAssertNil(cluster.answers[ticket]) }
    let free = cluster.read(reader, "quiet")
    cluster.run()
    XCTAssertEqual(cluster.answers[free], .init(kind: "read", value: nil))
    cluster.delivers = { _, _, _ in true }
    cluster.tick(until: { waiting.allSatisfy { cluster.answers[$0]?.kind == "read" } })
    XCTAssertEqual(third, cluster.live.map(\.server).first { $0 != reader })
  }
}
