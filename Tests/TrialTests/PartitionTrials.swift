import UV
import XCTest

@testable import Drill

/// Networks are cut and healed. The clients reach every server all the while.
final class PartitionTrials: TrialCase {
  func testThePrimaryIsCutOffDurable() throws { try isolatePrimary(.durable) }

  func testThePrimaryIsCutOffMemory() throws { try isolatePrimary(.memory) }

  private func isolatePrimary(_ keeping: Cluster.Keeping) throws {
    try startCluster(4, keeping, on: .namespaces)
    let workload = try startWorkload()
    for _ in 0..<TrialCase.rounds {
      let primary = try cluster.primary()
      let others = cluster.all.filter { $0 != primary }
      let start = Clock.nanoseconds
      try network.isolate(primary)
      try workload.waitForProgress(at: others)
      sayGaps("primary cut off", since: start, at: others)
      try waitUntilKnown(by: [primary], workload)
      try network.heal()
      try say("it votes again after", cluster.waitUntilWell())
      try workload.waitForProgress(at: cluster.all)
    }
    try conclude()
  }

  /// One direction of one link at the primary, each way, and a whole link. One bad link moves no view: the server
  /// behind it cannot write until it is healed, all others go on.
  func testOneLinkOfThePrimaryIsCut() throws {
    try startCluster(4, .durable, on: .namespaces)
    let workload = try startWorkload()
    for _ in 0..<TrialCase.rounds {
      for way in ["to a backup", "from a backup", "both ways"] {
        let primary = try cluster.primary()
        let backup = (primary + 1) % cluster.count
        let others = cluster.all.filter { $0 != backup }
        let start = Clock.nanoseconds
        switch way {
        case "to a backup": try network.cutOneWay(from: primary, to: backup)
        case "from a backup": try network.cutOneWay(from: backup, to: primary)
        default: try network.cut(primary, backup)
        }
        try workload.waitForProgress(at: others, operations: 60)
        sayGaps("cut \(way), at the others", since: start, at: others)
        if way == "both ways" { try waitForBadNews(workload) }
        try network.heal()
        try say("all see each other after", cluster.waitUntilWell())
        try workload.waitForProgress(at: cluster.all)
      }
    }
    try conclude()
  }

  func testOneLinkBetweenBackupsIsCut() throws {
    try startCluster(4, .memory, on: .namespaces)
    let workload = try startWorkload()
    let primary = try cluster.primary()
    let backups = cluster.all.filter { $0 != primary }
    let start = Clock.nanoseconds
    try network.cut(backups[0], backups[1])
    try workload.waitForProgress(at: cluster.all, operations: 40)
    sayGaps("backups cut from one another", since: start, at: cluster.all)
    try network.heal()
    try cluster.waitUntilWell()
    try conclude()
  }

  /// Two halves: the one with the heavy member goes on, the other promises nothing.
  func testHalves() throws {
    try startCluster(4, .durable, on: .namespaces)
    let workload = try startWorkload()
    let heavy = try cluster.heavy()
    let others = cluster.all.filter { $0 != heavy }
    let start = Clock.nanoseconds
    for server in [heavy, others[0]] {
      for other in others.dropFirst() { try network.cut(server, other) }
    }
    try workload.waitForProgress(at: [heavy, others[0]])
    sayGaps("halves", since: start, at: [heavy, others[0]])
    try waitUntilKnown(by: Array(others.dropFirst()), workload)
    try network.heal()
    try say("one cluster again after", cluster.waitUntilWell())
    try workload.waitForProgress(at: cluster.all)
    try conclude()
  }

  /// Until servers without a quorum say so, and a client has been told.
  private func waitUntilKnown(by servers: [Int], _ workload: Workload) throws {
    try cluster.waitForStatus("servers \(servers) promising nothing", of: servers) { known in
      !known.contains { $0.linearizable }
    }
    try waitForBadNews(workload)
  }

  private func waitForBadNews(_ workload: Workload) throws {
    let before = workload.recorder.counts
    try cluster.wait("a client being told that its write was not done, or may not be") {
      let now = workload.recorder.counts
      return now.refused > before.refused || now.deadlinesPassed > before.deadlinesPassed
        || now.labelled > before.labelled
    }
  }
}
