import UV
import XCTest

@testable import Drill

/// Processes that are stopped and go on later, believing what was true before.
final class PauseTrials: TrialCase {
  func testThePrimaryIsPausedDurable() throws { try pausePrimary(.durable) }

  func testThePrimaryIsPausedMemory() throws { try pausePrimary(.memory) }

  private func pausePrimary(_ keeping: Cluster.Keeping) throws {
    try startCluster(4, keeping)
    let workload = try startWorkload()
    for round in 1...TrialCase.rounds {
      let paused = try cluster.primary()
      let others = cluster.all.filter { $0 != paused }
      let start = Clock.nanoseconds
      cluster.pause(paused)
      try workload.waitForProgress(at: others)
      sayGaps("primary paused", since: start, at: others)
      XCTAssertNotEqual(try cluster.primary(of: others), paused)
      // Once for so long that its clients give up, and find it later at requests that nobody waits for.
      let timeouts = workload.recorder.counts.timeouts
      try cluster.wait("a client to give up") {
        round < TrialCase.rounds || workload.recorder.counts.timeouts > timeouts
      }
      cluster.resume(paused)
      try say("it votes again after", cluster.waitUntilWell())
      try workload.waitForProgress(at: cluster.all)
    }
    try conclude()
  }

  /// Each in turn is stopped for less than it takes to be suspected, or for a little more.
  func testShortPauses() throws {
    try startCluster(4, .durable)
    let workload = try startWorkload()
    for round in 0..<(4 * TrialCase.rounds) {
      let paused = round % cluster.count
      let others = cluster.all.filter { $0 != paused }
      cluster.pause(paused)
      try workload.waitForProgress(at: [others[round % 3]], operations: 2)
      cluster.resume(paused)
      try workload.waitForProgress(at: cluster.all, operations: 2)
    }
    try conclude()
  }
}
