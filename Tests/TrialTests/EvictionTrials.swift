import UV
import XCTest

@testable import Drill

/// Servers die one after another, each after the others have gone on without the one before.
final class EvictionTrials: TrialCase {
  func testFourDieOneAfterAnotherDurable() throws { try killDownToOne(.durable) }

  func testFourDieOneAfterAnotherMemory() throws { try killDownToOne(.memory) }

  /// The primary each time, but of the last two the light one; then all return.
  private func killDownToOne(_ keeping: Cluster.Keeping) throws {
    try startCluster(4, keeping)
    let workload = try startWorkload()
    var left = cluster.all
    while left.count > 1 {
      let heavy = left.count == 2 ? try cluster.heavy() : nil
      let victim = try heavy.map { heavy in left.first { $0 != heavy }! } ?? cluster.primary(of: left)
      let start = Clock.nanoseconds
      cluster.kill(victim)
      left.removeAll { $0 == victim }
      try workload.waitForProgress(at: left)
      sayGaps("\(left.count) left", since: start, at: left)
      try say("\(left.count) count alone after", waitUntilMembers(are: left))
      try workload.waitForProgress(at: left)
    }
    for server in cluster.all where !left.contains(server) { try cluster.start(server) }
    try say("all vote again after", cluster.waitUntilWell())
    try workload.waitForProgress(at: cluster.all)
    try conclude()
  }

  private func waitUntilMembers(are left: [Int]) throws -> UInt64 {
    let addresses = Set(left.map(cluster.ground.address))
    return try cluster.waitForStatus("the members being \(left)", of: left) { known in
      known.allSatisfy { $0.isWell && Set($0.members.map(\.id)) == addresses }
    }
  }
}
