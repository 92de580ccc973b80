import VSR
import XCTest

/// What an outlook claims, put to the test: victims are taken at its word.
final class SurvivalTests: XCTestCase {
  private func settled(_ count: Int) -> TestCluster {
    var options = Options()
    options.evictTicks = 30
    let cluster = TestCluster(count, options: options)
    cluster.tick(until: { cluster.isSettled })
    cluster.tick(20)
    return cluster
  }

  private func kill(_ victims: [ServerIndex], of cluster: TestCluster) {
    for victim in victims { cluster.replicas[victim] = nil }
    cluster.network.removeAll { victims.contains($0.from) || victims.contains($0.to) }
  }

  private func expectToServe(_ cluster: TestCluster, _ what: String) throws {
    for replica in cluster.live {
      let number = replica.server
      var id = cluster.write(number, "k\(number)", "v")
      // One that met a view change may have been refused: again then.
      cluster.tick(until: {
        if let answer = cluster.answers[id], answer.kind != "done" {
          id = cluster.write(number, "k\(number)", "v")
        }
        return cluster.answers[id]?.kind == "done"
      })
      XCTAssertEqual(cluster.answers[id]?.kind, "done", "\(what): \(cluster.summary)")
    }
  }

  func testAnySoManyMayFailAtOnce() throws {
    for count in 1...5 {
      let atOnce = try XCTUnwrap(settled(count).replicas[0]?.outlook.prospect?.atOnce)
      for bits in 0..<UInt8(1 << count) where bits.nonzeroBitCount == atOnce {
        let cluster = settled(count)
        let victims = (0..<count).filter { bits & (1 << UInt8($0)) != 0 }
        kill(victims, of: cluster)
        try expectToServe(cluster, "\(victims) of \(count)")
      }
    }
  }

  func testOneMoreIsTooManyForSome() throws {
    for count in 2...5 {
      let atOnce = try XCTUnwrap(settled(count).replicas[0]?.outlook.prospect?.atOnce)
      var fatal = 0
      for bits in 0..<UInt8(1 << count) where bits.nonzeroBitCount == atOnce + 1 {
        let cluster = settled(count)
        let configuration = cluster.live[0].epoch.configuration
        kill((0..<count).filter { bits & (1 << UInt8($0)) != 0 }, of: cluster)
        guard !configuration.isQuorum(ServerMask(cluster.live.map(\.server))) else { continue }
        fatal += 1
        cluster.tick(until: { cluster.live.allSatisfy { $0.standing == .quorumLost } })
        cluster.tick(200)
        XCTAssertTrue(cluster.live.allSatisfy { !$0.isServing }, "no time makes up for it")
      }
      XCTAssertGreaterThan(fatal, 0, "\(count)")
    }
  }

  /// The primary each time, which is the heavy one: the worst choice.
  func testAnySoManyMayFailApart() throws {
    for count in 1...6 {
      let cluster = settled(count)
      let apart = try XCTUnwrap(cluster.live[0].outlook.prospect?.apart)
      for left in (0..<apart).reversed() {
        kill([try XCTUnwrap(cluster.primary)], of: cluster)
        try expectToServe(cluster, "\(left) left of \(count)")
        cluster.tick(until: {
          cluster.isSettled && cluster.live[0].epoch.configuration.members.count == cluster.live.count
        })
        cluster.tick(20)
        for replica in cluster.live { XCTAssertEqual(replica.outlook.prospect?.apart, left, "of \(count)") }
      }
      guard count > 1 else { continue }
      kill([try XCTUnwrap(cluster.primary)], of: cluster)
      cluster.tick(until: { cluster.live.allSatisfy { $0.standing == .quorumLost } })
    }
  }
}
