import UV
import XCTest

/// Nonsense at the port in the peer's role, while clients write and read.
final class IntruderTrials: TrialCase {
  private static let intrudersPerServer = 30
  /// Lines of a server's log that the nonsense may cost beside one for each connection.
  private static let otherLinesMax = 10

  func testNonsenseHarmsNothing() throws {
    try startCluster(4, .durable)
    let workload = try startWorkload()
    let processes = cluster.processes.map { $0?.pid }
    let views = cluster.statuses(of: cluster.all).map { $0?.view }
    let linesBefore = cluster.all.map(lineCount)
    var generator = SeededGenerator(state: TrialCase.seed)
    var intruders: [Intruder] = []
    defer { intruders.forEach { $0.close() } }
    for number in 0..<(IntruderTrials.intrudersPerServer * cluster.count) {
      let kind = Intruder.Kind.allCases[number / cluster.count % Intruder.Kind.allCases.count]
      intruders.append(try Intruder(kind, at: number % cluster.count, of: cluster, &generator))
    }
    try cluster.wait("the end of all that is refused at once") {
      intruders.allSatisfy { !$0.kind.isRefusedAtOnce || $0.isEnded }
    }
    try workload.waitForProgress(at: cluster.all)
    for server in cluster.all {
      let lines = lineCount(server) - linesBefore[server]
      XCTAssertGreaterThan(lines, 0, "server \(server) says nothing of it")
      XCTAssertLessThanOrEqual(
        lines, IntruderTrials.intrudersPerServer + IntruderTrials.otherLinesMax, "server \(server)")
    }
    XCTAssertEqual(cluster.processes.map { $0?.pid }, processes)
    XCTAssertEqual(cluster.statuses(of: cluster.all).map { $0?.view }, views, "the view moved")
    try conclude()
  }

  private func lineCount(_ server: Int) -> Int { cluster.stderr(server).split(separator: "\n").count }
}
