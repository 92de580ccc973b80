import UV
import XCTest

@testable import Drill

/// Orderly ends: what a rolling upgrade does.
final class StopTrials: TrialCase {
  func testEachIsStoppedInTurnDurable() throws { try stopEachInTurn(.durable) }

  func testEachIsStoppedInTurnMemory() throws { try stopEachInTurn(.memory) }

  /// A stopping server answers what it has, or refuses it: no write of the others is left open, and of its own
  /// clients' requests only those that crossed the connection's end.
  private func stopEachInTurn(_ keeping: Cluster.Keeping) throws {
    try startCluster(4, keeping)
    let workload = try startWorkload()
    for _ in 0..<TrialCase.rounds {
      for server in cluster.all {
        let others = cluster.all.filter { $0 != server }
        let wasPrimary = try cluster.primary() == server
        let start = Clock.nanoseconds
        XCTAssertEqual(try cluster.terminate(server), 0, "exit status of server \(server)")
        say("server \(server) ended within", (Clock.nanoseconds - start) / 1_000_000)
        try workload.waitForProgress(at: others)
        sayGaps(wasPrimary ? "primary stopped" : "backup stopped", since: start, at: others)
        try cluster.start(server)
        try say("\(server) votes again after", cluster.waitUntilWell())
        try workload.waitForProgress(at: cluster.all)
      }
    }
    try concludeStops(TrialCase.rounds * cluster.count)
  }

  func testDownToTheLastDurable() throws { try stopDownToOne(.durable) { _ in [1, 0, 3] } }

  /// The primary each time: in memory, so that each takes all that it had with it.
  func testPrimariesDownToTheLastMemory() throws { try stopDownToOne(.memory) { [$0] } }

  /// Each as soon as the one before has ended. `next`: who is to end next, given the primary.
  private func stopDownToOne(_ keeping: Cluster.Keeping, _ next: (Int) -> [Int]) throws {
    try startCluster(4, keeping)
    let workload = try startWorkload()
    var left = cluster.all
    while left.count > 1 {
      for server in next(try cluster.primary(of: left)) {
        let start = Clock.nanoseconds
        XCTAssertEqual(try cluster.terminate(server), 0, "exit status of server \(server)")
        left.removeAll { $0 == server }
        say("server \(server) ended within", (Clock.nanoseconds - start) / 1_000_000)
        try workload.waitForProgress(at: left)
        sayGaps("\(left.count) left", since: start, at: left)
      }
    }
    for server in cluster.all where !left.contains(server) { try cluster.start(server) }
    try say("all vote again after", cluster.waitUntilWell())
    try workload.waitForProgress(at: cluster.all)
    try concludeStops(cluster.count - 1)
  }

  private func concludeStops(_ stops: Int) throws {
    guard let workload else { return }
    let counts = workload.recorder.counts
    XCTAssertEqual(counts.faults, 0, "500")
    XCTAssertEqual(counts.deadlinesPassed, 0, "504")
    XCTAssertEqual(counts.timeouts, 0)
    XCTAssertLessThanOrEqual(
      counts.lost, stops * workload.settings.clientsPerServer, "lost with a connection")
    try conclude()
  }
}
