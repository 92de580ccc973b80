import UV
import XCTest

@testable import Drill

/// Processes are killed and come back, while clients write and read at all servers.
final class CrashTrials: TrialCase {
  func testEachIsKilledInTurnDurable() throws { try killEachInTurn(.durable) }

  func testEachIsKilledInTurnMemory() throws { try killEachInTurn(.memory) }

  func testEachOfThreeIsKilledInTurn() throws { try killEachInTurn(.memory, of: 3) }

  private func killEachInTurn(_ keeping: Cluster.Keeping, of count: Int = 4) throws {
    try startCluster(count, keeping)
    let workload = try startWorkload()
    for _ in 0..<TrialCase.rounds {
      for server in cluster.all {
        let others = cluster.all.filter { $0 != server }
        let primary = try cluster.primary()
        let start = Clock.nanoseconds
        cluster.kill(server)
        try workload.waitForProgress(at: others)
        sayGaps(server == primary ? "primary killed" : "backup killed", since: start, at: others)
        try cluster.start(server)
        try say("\(server) votes again after", cluster.waitUntilWell())
        try workload.waitForProgress(at: cluster.all)
      }
    }
    try conclude()
  }

  /// Of two, the heavy one is a quorum.
  func testTheLightOneOfTwoIsKilled() throws {
    try startCluster(2, .durable)
    let workload = try startWorkload()
    let heavy = try cluster.heavy()
    let start = Clock.nanoseconds
    cluster.kill(1 - heavy)
    try workload.waitForProgress(at: [heavy])
    sayGaps("the light one of two killed", since: start, at: [heavy])
    try cluster.start(1 - heavy)
    try cluster.waitUntilWell()
    try workload.waitForProgress(at: cluster.all)
    try conclude()
  }

  func testAllAreKilledAtOnce() throws {
    try startCluster(4, .durable)
    let workload = try startWorkload()
    for _ in 0..<TrialCase.rounds {
      let start = Clock.nanoseconds
      for server in cluster.all { cluster.kill(server) }
      for server in cluster.all { try cluster.start(server) }
      try say("all vote again after", cluster.waitUntilWell())
      try workload.waitForProgress(at: cluster.all)
      sayGaps("all killed at once", since: start, at: cluster.all)
    }
    try conclude()
  }

  func testOneIsWiped() throws {
    try startCluster(4, .durable)
    let workload = try startWorkload()
    for round in 0..<TrialCase.rounds {
      let server = round % cluster.count
      let before = cluster.statuses(of: [server])[0]
      cluster.kill(server)
      try cluster.wipe(server)
      try cluster.start(server)
      try say("\(server), wiped, votes again after", cluster.waitUntilWell())
      XCTAssertNotEqual(cluster.statuses(of: [server])[0]?.incarnation, before?.incarnation)
      try workload.waitForProgress(at: cluster.all)
    }
    try conclude()
  }

  func testTwoOfFourAreKilledDurable() throws { try killTwo(.durable) }

  func testTwoOfFourAreKilledMemory() throws { try killTwo(.memory) }

  /// What is left is the heavy one and another, which is a quorum.
  private func killTwo(_ keeping: Cluster.Keeping) throws {
    try startCluster(4, keeping)
    let workload = try startWorkload()
    for _ in 0..<TrialCase.rounds {
      let heavy = try cluster.heavy()
      let killed = Array(cluster.all.filter { $0 != heavy }.prefix(2))
      let left = cluster.all.filter { !killed.contains($0) }
      let start = Clock.nanoseconds
      for server in killed { cluster.kill(server) }
      try workload.waitForProgress(at: left)
      sayGaps("two of four killed", since: start, at: left)
      for server in killed { try cluster.start(server) }
      try say("both vote again after", cluster.waitUntilWell())
      try workload.waitForProgress(at: cluster.all)
    }
    try conclude()
  }

  /// Less than a quorum is left: nothing is promised and nothing is done, until one comes back.
  func testTheHeavyOneAndAnotherAreKilled() throws {
    try startCluster(4, .durable)
    // So many writes that some are on their way when the primary goes.
    let settings = Workload.Settings(clientsPerServer: 6, thinkMilliseconds: 1, isStrict: true)
    let workload = try startWorkload(settings)
    let heavy = try cluster.heavy()
    let others = cluster.all.filter { $0 != heavy }
    let left = Array(others.dropFirst())
    cluster.kill(heavy)
    cluster.kill(others[0])
    try waitForRefusal(at: left)
    try cluster.start(others[0])
    // Three light ones are a quorum.
    try cluster.waitUntilWell(others)
    try workload.waitForProgress(at: others)
    try cluster.start(heavy)
    try cluster.waitUntilWell()
    try workload.waitForProgress(at: cluster.all)
    try conclude()
  }

  /// Once a server knows that the quorum is lost, it says of each new write that it was certainly not executed,
  /// and when to come again; also while earlier ones are without an outcome.
  private func waitForRefusal(at servers: [Int]) throws {
    try cluster.waitForStatus("servers \(servers) promising nothing", of: servers) { known in
      !known.contains { $0.linearizable }
    }
    let plan = PlannedOperation(key: Array("refused".utf8), action: .write(Array("never".utf8)))
    for server in servers {
      let start = Clock.nanoseconds
      let reply = cluster.ask([server], keyLength: plan.key.count) {
        plan.put($0, isStrict: true, into: &$1)
      }[0].reply
      say("server \(server) refuses within", (Clock.nanoseconds - start) / 1_000_000)
      XCTAssertEqual(reply?.status, 503, "server \(server): \(reply?.text ?? "no answer")")
      XCTAssertEqual(reply?.hasRetryAfter, true, "503 without Retry-After")
    }
  }
}
