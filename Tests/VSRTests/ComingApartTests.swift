import VSR
import XCTest

/// The tables of docs/situations.md: who decides when servers come apart. Server 0 is the heavy one where there is one.
final class ComingApartTests: XCTestCase {
  private func settled(_ count: Int, evictTicks: Tick = 0) -> TestCluster {
    var options = Options()
    options.evictTicks = evictTicks
    let cluster = TestCluster(count, options: options)
    cluster.tick(until: { cluster.isSettled })
    cluster.tick(20)
    XCTAssertEqual(cluster.live[0].epoch.configuration.members[0].weight, count % 2 == 0 ? 2 : 1)
    return cluster
  }

  private func connect(_ cluster: TestCluster, _ links: Set<Set<ServerIndex>>) {
    cluster.delivers = { from, to, _ in links.contains([from, to]) }
    cluster.network.removeAll()
  }

  /// Every way to put the servers into groups: for each the number of its group.
  private func groupings(_ count: Int) -> [[Int]] {
    guard count > 0 else { return [[]] }
    return groupings(count - 1).flatMap { rest in (0...(rest.max() ?? -1) + 1).map { rest + [$0] } }
  }

  private func links(_ groups: [Int]) -> Set<Set<ServerIndex>> {
    var links: Set<Set<ServerIndex>> = []
    for one in groups.indices {
      for other in groups.indices where one != other && groups[one] == groups[other] {
        links.insert([one, other])
      }
    }
    return links
  }

  /// Those who are together and weigh enough go on, all of them; the others do not; healed, all are one again.
  func testEverySplit() throws {
    for count in 1...4 {
      for groups in groupings(count) {
        for evictTicks: Tick in [0, 30] {
          let cluster = settled(count, evictTicks: evictTicks)
          let configuration = cluster.live[0].epoch.configuration
          connect(cluster, links(groups))
          let decides = groups.indices.map { server in
            configuration.isQuorum(ServerMask(groups.indices.filter { groups[$0] == groups[server] }))
          }
          cluster.tick(until: { cluster.live.allSatisfy { $0.isServing == decides[$0.server] } })
          cluster.tick(200)
          for replica in cluster.live {
            XCTAssertEqual(replica.isServing, decides[replica.server], "\(groups)")
            XCTAssertEqual(replica.standing == .quorumLost, !decides[replica.server], "\(groups)")
          }
          for server in groups.indices where decides[server] {
            let write = cluster.write(server, "k", "v")
            cluster.tick(until: { cluster.answers[write] != nil })
            XCTAssertEqual(cluster.answers[write]?.kind, "done", "\(groups)")
          }
          connect(cluster, links(groups.map { _ in 0 }))
          cluster.tick(until: {
            cluster.isSettled && cluster.live[0].epoch.configuration.members.count == count
          })
        }
      }
    }
  }

  /// Links of four that are no groups: who has to relay, and who has not.
  func testStarsAndChains() {
    let cases: [(links: Set<Set<ServerIndex>>, relaying: [ServerIndex])] = [
      ([[0, 1], [0, 2], [0, 3]], []), ([[1, 0], [1, 2], [1, 3]], [2, 3]),
      ([[0, 1], [1, 2], [2, 3]], [3]), ([[1, 0], [0, 2], [2, 3]], [3]), ([[1, 2], [2, 3], [3, 0]], [1]),
      ([[0, 1], [1, 2], [2, 3], [3, 0], [0, 2]], []), ([[0, 1], [1, 2], [2, 3], [3, 0], [1, 3]], []),
    ]
    for (links, relaying) in cases {
      let cluster = settled(4)
      connect(cluster, links)
      cluster.tick(200)
      for replica in cluster.live {
        let server = replica.server
        XCTAssertEqual(replica.hasQuorumContact, !relaying.contains(server), "\(server) of \(links)")
        let hasHelp = (0..<4).contains { links.contains([server, $0]) && cluster.live[$0].hasQuorumContact }
        XCTAssertTrue(replica.hasQuorumContact || hasHelp, "one hop is enough")
      }
    }
  }
}
