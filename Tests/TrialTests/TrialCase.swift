import Foundation
import UV
import XCTest

@testable import Drill

/// One trial a test: its loop, servers and clients are made with it and end with it. When it fails, what the
/// servers wrote is printed and the history is kept.
class TrialCase: XCTestCase {
  enum Place { case loopback, namespaces }

  private(set) var loop: Loop!
  private(set) var scratch: Scratch!
  private(set) var cluster: Cluster!
  private(set) var workload: Workload?
  private var namespaces: NamespaceGround?

  /// How often the rounds of a trial are repeated: `TRIAL_ROUNDS`, 2 unless set.
  static let rounds = ProcessInfo.processInfo.environment["TRIAL_ROUNDS"].flatMap { Int($0) } ?? 2
  /// Of the clients' choices: `TRIAL_SEED`, else a new one, which is printed.
  static let seed =
    ProcessInfo.processInfo.environment["TRIAL_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999)

  override func setUpWithError() throws {
    ignoreBrokenPipes()
    loop = try Loop()
    scratch = try Scratch()
  }

  override func tearDownWithError() throws {
    let hasFailed = (testRun?.totalFailureCount ?? 0) > 0
    workload?.close()
    cluster?.end()
    if hasFailed { showWhatIsLeft() }
    (workload, cluster, namespaces) = (nil, nil, nil)
    XCTAssertEqual(loop.close(), [], "handles left")
    (loop, scratch) = (nil, nil)
  }

  /// Starts servers and waits until all of them vote.
  func startCluster(
    _ count: Int = 4, _ keeping: Cluster.Keeping, on place: Place = .loopback, areStrangers: Bool = false
  ) throws {
    try makeCluster(count, keeping, on: place, areStrangers: areStrangers)
    for server in cluster.all { try cluster.start(server) }
    areStrangers ? try waitUntilEachIsWell() : try say("all vote after", cluster.waitUntilWell())
  }

  func makeCluster(
    _ count: Int = 4, _ keeping: Cluster.Keeping, on place: Place = .loopback, areStrangers: Bool = false
  ) throws {
    print("\(name): seed \(TrialCase.seed)")
    cluster = try Cluster(
      count, keeping, on: try ground(count, place), loop: loop, scratch: scratch, areStrangers: areStrangers)
  }

  private func waitUntilEachIsWell() throws {
    try cluster.waitForStatus("each alone", of: cluster.all) { $0.allSatisfy(\.isWell) }
  }

  private func ground(_ count: Int, _ place: Place) throws -> any Ground {
    if place == .loopback { return LoopbackGround(servers: count) }
    if let obstacle = NamespaceGround.obstacle(loop: loop, scratch: scratch) { throw XCTSkip(obstacle) }
    let ground = try NamespaceGround(servers: count, loop: loop, scratch: scratch)
    namespaces = ground
    return ground
  }

  /// What cuts: only of a cluster in namespaces.
  var network: NamespaceGround {
    guard let namespaces else { preconditionFailure("this trial is not in namespaces") }
    return namespaces
  }

  func startWorkload(_ settings: Workload.Settings = Workload.Settings()) throws -> Workload {
    let workload = Workload(cluster, settings, seed: TrialCase.seed)
    self.workload = workload
    workload.start()
    try workload.waitForProgress(at: cluster.all)
    return workload
  }

  func say(_ text: String, _ milliseconds: UInt64) { print("\(name): \(text) \(milliseconds) ms") }

  /// For the log: figures of a debug build on a busy machine, which nothing is asserted about.
  func sayGaps(_ what: String, since start: UInt64, at servers: [Int]) {
    guard let recorder = workload?.recorder else { return }
    func gaps(_ writes: Bool) -> String {
      let all = recorder.longestGap(since: start, writes: writes, at: Set(servers))
      let each = servers.map {
        String(format: "%.0f", recorder.longestGap(since: start, writes: writes, at: [$0]))
      }
      return String(format: "%.0f ms", all) + " (at each: \(each.joined(separator: " ")))"
    }
    print("\(name): \(what): longest gap of writes \(gaps(true)), of reads \(gaps(false))")
  }

  private func showWhatIsLeft() {
    for server in cluster?.all ?? [] {
      print("---- stderr of server \(server), \(cluster.ground.address(server))")
      print(cluster.stderr(server), terminator: "")
    }
    guard let workload else { return }
    let path = FileManager.default.temporaryDirectory.path + "/quorate-history-\(UUID().uuidString).txt"
    _ = FileManager.default.createFile(atPath: path, contents: Data(workload.recorder.history.text()))
    print("---- the history is in \(path); \(workload.recorder.counts)")
  }
}
