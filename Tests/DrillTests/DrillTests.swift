import Faults
import Foundation
import UV
import XCTest

@testable import Drill

/// The drill's program, with the other programs as they were built with this test.
final class DrillTests: XCTestCase {
  private var loop: Loop!
  private var scratch: Scratch!

  override func setUpWithError() throws {
    ignoreBrokenPipes()
    loop = try Loop()
    scratch = try Scratch()
  }

  override func tearDownWithError() throws {
    XCTAssertEqual(loop.close(), [], "handles left")
    (loop, scratch) = (nil, nil)
  }

  /// More than any of these drills takes.
  private static let patienceSeconds = 300.0

  private func drill(_ words: String...) throws -> CommandResult {
    try CommandResult(
      [TrialProcess.products + "/kvdrill"] + words, on: loop, in: scratch, seconds: Self.patienceSeconds)
  }

  private func skipWithoutNamespaces() throws {
    if let obstacle = NamespaceGround.obstacle(loop: loop, scratch: scratch) { throw XCTSkip(obstacle) }
  }

  /// A random schedule of a fixed seed: every promise is kept, and every fault has its row.
  func testAShortDrill() throws {
    try skipWithoutNamespaces()
    let (page, figures) = (scratch.path + "/page.html", scratch.path + "/figures.json")
    let result = try drill(
      "--seconds", "25", "--seed", "3", "--html", page, "--json", figures, "--rate", "100")
    XCTAssertEqual(result.status, 0, result.stdout.suffix(6_000) + result.stderr)
    let json = try XCTUnwrap(
      JSONSerialization.jsonObject(with: Data(contents(figures).utf8)) as? [String: Any])
    XCTAssertEqual(json["isClean"] as? Bool, true)
    XCTAssertGreaterThanOrEqual(json["faults"] as? Int ?? 0, 5)
    XCTAssertGreaterThan(json["operations"] as? Int ?? 0, 500)
    let rows = try XCTUnwrap(json["rows"] as? [[String: Any]])
    for row in rows {
      let text = try XCTUnwrap(row["text"] as? String)
      XCTAssertTrue(contents(page).contains(TimelinePicture.escape(text)), text)
    }
    for outside in ["src=", "href=", "url(", "@import", "<script"] {
      XCTAssertFalse(contents(page).contains(outside), "the page needs nothing else: \(outside)")
    }
  }

  func testAWrittenScheduleInMemory() throws {
    try skipWithoutNamespaces()
    let file = scratch.path + "/faults.txt"
    let text = """
      at 1 kill primary
      at 2 start last
      at 2 settle
      at 2.5 cut primary -> backup
      at 3.5 heal
      at 3.5 settle
      at 4 freeze primary
      at 5 thaw last
      at 5 settle
      end 6

      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    let result = try drill(
      "--faults", file, "--memory", "--servers", "3", "--seed", "1", "--quiet", "--rate", "0")
    XCTAssertEqual(result.status, 0, result.stdout.suffix(6_000) + result.stderr)
    for part in ["3 servers, in memory", "kill primary (", "cut primary -> ", "freeze primary (", "3 faults"]
    {
      XCTAssertTrue(result.stdout.contains(part), "\(part): \(result.stdout)")
    }
  }

  /// Servers that know nothing of each other must not pass for one, whoever started them.
  func testStrangersAreFoundOut() throws {
    let result = try drillRunning(2, areStrangers: true)
    XCTAssertEqual(result.status, 1, result.stdout.suffix(4_000) + result.stderr)
    XCTAssertTrue(result.stdout.contains("WRONG: not linearizable"), result.stdout)
    XCTAssertTrue(result.stdout.contains("VIOLATED"), result.stdout)
    XCTAssertFalse(result.stdout.contains("VIOLATED: 0 answers out of date"), result.stdout)
  }

  func testARunningClusterIsMeasured() throws {
    let result = try drillRunning(3, areStrangers: false)
    XCTAssertEqual(result.status, 0, result.stdout.suffix(4_000) + result.stderr)
    XCTAssertTrue(result.stdout.contains("3 running servers, nothing injected"), result.stdout)
  }

  private func drillRunning(_ count: Int, areStrangers: Bool) throws -> CommandResult {
    let ground = LoopbackGround(servers: count)
    let cluster = try Cluster(
      count, .memory, on: ground, loop: loop, scratch: scratch, areStrangers: areStrangers)
    defer { cluster.end() }
    for server in cluster.all { try cluster.start(server) }
    try cluster.waitForStatus("all being well", of: cluster.all) { $0.allSatisfy(\.isWell) }
    let hosts = cluster.all.map(ground.address).joined(separator: ",")
    // Servers remember what they were asked: a second drill must not seem to repeat the first.
    if !areStrangers { try drill("-h", hosts, "--seconds", "1", "--seed", "5", "--quiet").check("the first") }
    return try drill("-h", hosts, "--seconds", "3", "--seed", "5", "--quiet", "--rate", "100")
  }

  func testWhatCannotBeDoneIsSaidBeforeAnythingStarts() throws {
    let file = scratch.path + "/faults.txt"
    try Data("at 1 kill 5\n".utf8).write(to: URL(fileURLWithPath: file))
    for (words, part) in [
      (["--faults", file], "names server 5"), (["--faults", "/nowhere"], "cannot be read"),
      (["-h", "nonsense"], "-h"),
    ] {
      let result = try CommandResult([TrialProcess.products + "/kvdrill"] + words, on: loop, in: scratch)
      XCTAssertEqual(result.status, 2, "\(words)")
      XCTAssertTrue(result.stderr.contains("ERROR: ") && result.stderr.contains(part), result.stderr)
    }
  }
}
