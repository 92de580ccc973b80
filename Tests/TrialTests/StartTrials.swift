import Foundation
import UV
import XCTest

@testable import Drill

/// How a cluster comes up, and what it makes of one that does not belong to it.
final class StartTrials: TrialCase {
  /// A value set at one server is read at every other, and `kvclient status` finds all of one mind.
  func testFourServersAnswerAsOne() throws {
    try makeCluster(4, .durable)
    for server in cluster.all { try cluster.start(server) }
    let start = Clock.nanoseconds
    try cluster.wait("all being ready") {
      cluster.admin("/-/ready", cluster.all).allSatisfy { $0?.status == 200 }
    }
    say("all ready after", (Clock.nanoseconds - start) / 1_000_000)
    for server in cluster.all {
      let set = try kvclient(["-k", "key\(server)", "-v", "value\(server)"], at: [server])
      XCTAssertEqual(set.stdout, "NULL\n", set.stderr)
      for reader in cluster.all {
        XCTAssertEqual(try kvclient(["-k", "key\(server)"], at: [reader]).stdout, "value\(server)\n")
      }
    }
    try settle()
    let status = try kvclient(["status"], at: cluster.all)
    XCTAssertEqual(status.status, 0, status.stdout)
    let lines = status.stdout.split(separator: "\n")
    XCTAssertEqual(lines.count, 4, status.stdout)
    XCTAssertEqual(lines.filter { $0.contains(" primary normal linearizable ") }.count, 1, status.stdout)
    XCTAssertEqual(lines.filter { $0.contains(" backup normal linearizable ") }.count, 3, status.stdout)
  }

  private func kvclient(_ arguments: [String], at servers: [Int]) throws -> CommandResult {
    let hosts = servers.map(cluster.ground.address).joined(separator: ",")
    let words = [TrialProcess.products + "/kvclient"] + arguments + ["-h", hosts]
    return try CommandResult(words, prefix: cluster.ground.clientPrefix, on: loop, in: scratch)
  }

  /// One that lists other servers than the cluster does is refused, and told why; the cluster goes on.
  func testAnotherServersFile() throws {
    try startCluster(4, .memory)
    let workload = try startWorkload()
    let stranger = "127.0.0.1:1"
    cluster.kill(3)
    try cluster.write(
      lines: [3, 0, 1].map { cluster.ground.address($0) } + [stranger], of: 3)
    try cluster.start(3)
    try cluster.wait("a line of server 3 that names what differs") {
      cluster.stderr(3).contains { $0.isNewline }
        && lines(of: 3).contains { $0.contains(stranger) && $0.contains(cluster.ground.address(2)) }
    }
    try workload.waitForProgress(at: [0, 1, 2])
    cluster.kill(3)
    try cluster.write(lines: [3, 0, 1, 2].map { cluster.ground.address($0) }, of: 3)
    try cluster.start(3)
    try cluster.waitUntilWell()
    try conclude()
  }

  private func lines(of server: Int) -> [Substring] { cluster.stderr(server).split(separator: "\n") }
}
