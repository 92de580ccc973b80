import UV
import XCTest

@testable import Drill

/// Nonsense at the port in the peer's role, while clients write and read.
final class IntruderTrials: TrialCase {
  private static let intrudersPerServer = 30
  /// Lines of a server's log that the nonsense may cost beside one for each connection.
  private static let otherLinesMax = 10

  func testNonsenseHarmsNothing() throws {
    try startCluster(4, .durable)
    let workload = try startWorkload()
    let processes = cluster.all.map(cluster.pid)
    let views = cluster.statuses(of: cluster.all).map { $0?.view }
    let linesBefore = cluster.all.map(lineCount)
    var generator = SeededGenerator(state: TrialCase.seed)
    var intruders: [Intruder] = []
    defer { intruders.forEach { $0.close() } }
    for number in 0..<(IntruderTrials.intrudersPerServer * cluster.count) {
      let kind = Intruder.Kind.plain[number / cluster.count % Intruder.Kind.plain.count]
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
    XCTAssertEqual(cluster.all.map(cluster.pid), processes)
    XCTAssertEqual(cluster.statuses(of: cluster.all).map { $0?.view }, views, "the view moved")
    try conclude()
  }

  /// With a greeting that another server gave to a third: as it was, addressed anew so that it is right, and with
  /// bytes changed. What follows is noise.
  func testGreetingsOfOthers() throws {
    try startCluster(4, .durable)
    let workload = try startWorkload()
    // The one with the lowest address is dialled by all others, and none of them by it.
    let (absent, target) = (0, 1)
    cluster.kill(absent)
    let eavesdropper = try Eavesdropper(loop, at: cluster.ground.socketAddress(absent))
    defer { eavesdropper.close() }
    try cluster.wait("greetings of the others") { eavesdropper.greetings.count >= 3 }
    eavesdropper.close()
    try cluster.start(absent)
    try cluster.waitUntilWell()
    var generator = SeededGenerator(state: TrialCase.seed)
    var intruders: [Intruder] = []
    defer { intruders.forEach { $0.close() } }
    for greeting in eavesdropper.greetings.flatMap({ variants($0, from: absent, to: target, &generator) }) {
      intruders.append(
        try Intruder(.greetingThenNoise, greeting: greeting, at: target, of: cluster, &generator))
    }
    try cluster.wait("the end of the intruders") { intruders.allSatisfy(\.isEnded) }
    try workload.waitForProgress(at: cluster.all)
    try conclude()
  }

  private func variants(
    _ greeting: [UInt8], from absent: Int, to target: Int, _ generator: inout SeededGenerator
  ) -> [[UInt8]] {
    let old = Array(cluster.ground.address(absent).utf8)
    let new = Array(cluster.ground.address(target).utf8)
    precondition(old.count == new.count)
    var readdressed = greeting
    // The addressee comes behind the list of servers.
    guard let place = position(of: old, in: greeting) else {
      XCTFail("a greeting that names no addressee")
      return []
    }
    readdressed.replaceSubrange(place..<place + old.count, with: new)
    let mangled = (0..<10).map { _ in
      var bytes = readdressed
      for _ in 0...generator.below(3) { bytes[generator.below(bytes.count)] = UInt8(generator.below(256)) }
      return bytes
    }
    return [greeting, readdressed] + mangled
  }

  private func lineCount(_ server: Int) -> Int { cluster.stderr(server).split(separator: "\n").count }
}
