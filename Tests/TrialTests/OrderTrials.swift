import Foundation
import UV
import XCTest

@testable import Drill

/// Four servers, and all orders in which they may go until one is left. `TRIAL_ORDERS=24` plays all of them, else the
/// first and a few more.
final class OrderTrials: TrialCase {
  private static let orders: [[Int]] = {
    let all = permutations(of: [0, 1, 2, 3])
    let count = ProcessInfo.processInfo.environment["TRIAL_ORDERS"].flatMap { Int($0) } ?? 2
    return (0..<count).map { all[$0 * 7 % all.count] }
  }()

  private static func permutations(of items: [Int]) -> [[Int]] {
    guard items.count > 1 else { return [items] }
    return items.flatMap { first in permutations(of: items.filter { $0 != first }).map { [first] + $0 } }
  }

  /// Killed, each after the others have gone on without the one before: linearizable down to two, and down to one
  /// where that is the heavy one; labelled otherwise. All return, and agree.
  func testKilledDownToTheLast() throws {
    try startCluster(4, .durable)
    let workload = try startWorkload()
    for order in OrderTrials.orders {
      var left = cluster.all
      for victim in order.dropLast() {
        let isLast = left.count == 2
        let heavy = isLast ? try cluster.heavy() : nil
        let start = Clock.nanoseconds
        cluster.kill(victim)
        left.removeAll { $0 == victim }
        guard isLast, heavy != left[0] else {
          try goOn(left, workload, since: start)
          continue
        }
        let before = workload.recorder.counts.labelled
        try cluster.wait("labelled answers of server \(left[0])") {
          workload.recorder.counts.labelled >= before + 20
        }
        say("the last, a light one, answers labelled after", (Clock.nanoseconds - start) / 1_000_000)
      }
      for server in order.dropLast() { try cluster.start(server) }
      try say("all vote again after", cluster.waitUntilWell())
      try workload.waitForProgress(at: cluster.all)
    }
    try conclude()
    let listed = cluster.admin("/-/conflicts", cluster.all).map { $0?.text }
    XCTAssertEqual(Set(listed).count, 1, "all list the same conflicts")
  }

  /// The members that are left count alone, and answer.
  private func goOn(_ left: [Int], _ workload: Workload, since start: UInt64) throws {
    try workload.waitForProgress(at: left)
    sayGaps("\(left) left", since: start, at: left)
    let addresses = Set(left.map(cluster.ground.address))
    try cluster.waitForStatus("the members being \(left)", of: left) { known in
      known.allSatisfy { $0.isWell && Set($0.members.map(\.id)) == addresses }
    }
    try workload.waitForProgress(at: left)
  }

  /// Stopped in an orderly way: linearizable to the last, in any order, and no answer is labelled.
  func testStoppedDownToTheLast() throws {
    try startCluster(4, .durable)
    let workload = try startWorkload()
    for order in OrderTrials.orders {
      var left = cluster.all
      for server in order.dropLast() {
        let start = Clock.nanoseconds
        XCTAssertEqual(try cluster.terminate(server), 0, "exit status of server \(server)")
        left.removeAll { $0 == server }
        try workload.waitForProgress(at: left)
        sayGaps("\(left) left", since: start, at: left)
      }
      for server in order.dropLast() { try cluster.start(server) }
      try say("all vote again after", cluster.waitUntilWell())
      try workload.waitForProgress(at: cluster.all)
    }
    XCTAssertEqual(workload.recorder.counts.labelled, 0)
    try conclude()
  }
}
