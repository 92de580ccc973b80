import History
import UV
import XCTest

@testable import Drill

/// The trials' own instruments: what they are to find, they find.
final class HarnessTests: TrialCase {
  func testOneServerIsWhatItPromises() throws {
    try startCluster(1, .memory)
    let workload = try startWorkload(.init(clientsPerServer: 12))
    try workload.waitForProgress(at: [0], operations: 300)
    try conclude()
    XCTAssertEqual(workload.recorder.counts.open, 0)
    XCTAssertGreaterThan(workload.recorder.counts.done, 600)
  }

  /// Four stores that know nothing of each other must not pass for one.
  func testStrangersAreNoCluster() throws {
    try startCluster(4, .memory, areStrangers: true)
    let workload = try startWorkload()
    try workload.waitForProgress(at: cluster.all, operations: 50)
    try workload.stop()
    XCTAssertFalse(check(workload.recorder.history).violations.isEmpty)
    XCTAssertTrue(workload.recorder.unexpected.contains { $0.contains("sent again, not the same") })
  }

  /// A store that lost everything with its process must not pass for one that did not.
  func testALostStoreIsFound() throws {
    try startCluster(1, .memory)
    let workload = try startWorkload()
    cluster.kill(0)
    try cluster.wait("a client to find nobody") { workload.recorder.counts.unreachable > 0 }
    try cluster.start(0)
    try cluster.waitUntilWell()
    try workload.waitForProgress(at: [0])
    try workload.stop()
    XCTAssertFalse(check(workload.recorder.history).violations.isEmpty)
  }

  /// A stopped process keeps what came: its answers may come late, or never, and the history says so.
  func testAPausedServerLeavesOpenWrites() throws {
    try startCluster(1, .memory)
    let workload = try startWorkload(.init(clientsPerServer: 6))
    cluster.pause(0)
    try cluster.wait("every client to give up once, and a write left open") {
      workload.recorder.counts.timeouts >= 6 && workload.recorder.counts.open > 0
    }
    cluster.resume(0)
    try workload.waitForProgress(at: [0])
    try conclude()
  }

  func testCutsConcernServersOnly() throws {
    try startCluster(3, .memory, on: .namespaces, areStrangers: true)
    XCTAssertEqual(try reached(), ["01", "02", "10", "12", "20", "21"])
    try network.cut(0, 1)
    XCTAssertEqual(try reached(), ["02", "12", "20", "21"])
    try network.heal()
    try network.isolate(2)
    XCTAssertEqual(try reached(), ["01", "10"])
    let answers = cluster.admin("/-/healthy", cluster.all)
    XCTAssertEqual(answers.map { $0?.status }, [200, 200, 200])
    try network.heal()
    XCTAssertEqual(try reached(), ["01", "02", "10", "12", "20", "21"])
  }

  func testOneDirectionIsCut() throws {
    try startCluster(2, .memory, on: .namespaces, areStrangers: true)
    try network.cutOneWay(from: 0, to: 1)
    // No connection stands while one direction is cut, so the packets are counted.
    XCTAssertEqual(try reached(), [])
    XCTAssertGreaterThan(try packets(arrivingAt: 0, from: 1), 0)
    XCTAssertEqual(try packets(arrivingAt: 1, from: 0), 0)
  }

  /// Which server's machine gets an answer of which server, as pairs of numbers.
  private func reached() throws -> [String] {
    var found: [String] = []
    for (server, other) in cluster.all.flatMap({ a in cluster.all.map { (a, $0) } }) where server != other {
      let words = ["curl", "-s", "-m", "0.5", "http://\(cluster.ground.address(other))/-/healthy"]
      let result = try CommandResult(words, prefix: cluster.ground.prefix(server), on: loop, in: scratch)
      if result.status == 0 { found.append("\(server)\(other)") }
    }
    return found
  }

  /// Pings answered would need both directions: a rule that only counts tells what arrives.
  private func packets(arrivingAt server: Int, from other: Int) throws -> Int {
    let host = cluster.ground.address(other).split(separator: ":")[0]
    let prefix = cluster.ground.prefix(server)
    func run(_ words: [String], at prefix: [String]) throws -> CommandResult {
      try CommandResult(words, prefix: prefix, on: loop, in: scratch)
    }
    try run(["iptables", "-w", "-A", "INPUT", "-s", "\(host)"], at: prefix).check("count")
    let address = cluster.ground.address(server)
    _ = try run(
      ["curl", "-s", "-m", "0.5", "http://\(address)/-/healthy"], at: cluster.ground.prefix(other))
    let rules = try run(["iptables", "-w", "-nvxL", "INPUT"], at: prefix).stdout.split(separator: "\n")
    let line = rules.last { $0.contains(host) && !$0.contains("DROP") }
    return line.flatMap { Int($0.split(separator: " ")[0]) } ?? 0
  }
}
