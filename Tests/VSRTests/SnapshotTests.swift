import VSR
import XCTest

final class SnapshotTests: XCTestCase {
  /// Every server that is asked offers the first part of its own snapshot, again and again, while one that began
  /// anew is still fetching another's: the one under way must be brought to its end.
  func testOffersDoNotDisplaceATransfer() {
    let cluster = clusterWithLargeSnapshots()
    cluster.replicas[3] = nil
    cluster.start(3)
    // A way on which one part takes longer than an offer takes to be asked for again.
    var held = 0
    var asked = 0
    cluster.delivers = { from, _, message in
      guard from == 3, case .getSnapshot(let request) = message.payload, request.offset > 0 else {
        return true
      }
      asked += 1
      held += 1
      guard held == 2 else { return false }
      held = 0
      return true
    }
    cluster.tick(until: { cluster.isSettled })
    XCTAssertGreaterThan(asked, 2 * Self.partsMin, "the snapshot has many parts")
    XCTAssertGreaterThan(cluster.replicas[3]!.counters.snapshotsInstalled, 0)
    XCTAssertEqual(cluster.replicas[3]!.executedDigest, cluster.replicas[0]!.executedDigest)
  }

  private static let partsMin = 5

  /// All four are well, and the snapshots of 0 and 1 are of different ops.
  private func clusterWithLargeSnapshots() -> TestCluster {
    var options = Options()
    options.snapshotOps = 8
    options.retainedOps = 4
    let cluster = TestCluster(4, options: options)
    cluster.tick(until: { cluster.isSettled })
    let filling = String(repeating: ".", count: 2_000)
    for number in 1...261 {
      // What one hears of all at once it executes at once.
      let isApart = number > 250
      cluster.delivers = { from, to, _ in !isApart || from != 1 && to != 1 }
      let id = cluster.write(0, "k\(number)", filling)
      cluster.tick(until: { cluster.answers[id] != nil })
    }
    cluster.delivers = { _, _, _ in true }
    cluster.tick(until: { cluster.isSettled })
    XCTAssertNotEqual(cluster.replicas[0]!.log.base, cluster.replicas[1]!.log.base)
    return cluster
  }
}
