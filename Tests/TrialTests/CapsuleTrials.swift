import Foundation
import UV
import XCTest

@testable import Drill

/// What a node keeps of its core's inputs, on request and when it traps, and what `kvsim replay` makes of it.
final class CapsuleTrials: TrialCase {
  private func startOne(_ arguments: [String]) throws {
    try makeCluster(1, .durable)
    cluster.moreArguments = arguments
    try cluster.start(0)
    try cluster.waitUntilWell()
    for key in 1...20 {
      let key = Array("k\(key)".utf8)
      let questions = key.withUnsafeBytes { bytes in
        cluster.ask([0], keyLength: key.count) { $0.putWrite(key: bytes, value: bytes, into: &$1) }
      }
      XCTAssertEqual(questions.first?.reply?.status, 200)
    }
  }

  private func capsule() throws -> String { try cluster.directory(0) + "/kvnode.data/kvnode.capsule" }

  /// Exit status and output.
  private func replay(_ path: String) throws -> (status: Int32, output: String) {
    let output = try scratch.directory("replay") + "/out"
    let process = try TrialProcess(
      [TrialProcess.products + "/kvsim", "replay", "--quiet", path], stdout: output, stderr: output)
    try cluster.wait("the end of kvsim replay") { process.exitStatus != nil }
    return (process.exitStatus ?? -1, contents(output))
  }

  /// What the server itself says it has executed is where the replay ends.
  private func checkReplay(_ commit: UInt64) throws {
    let (status, output) = try replay(try capsule())
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(output.contains("executed \(commit) commit \(commit) "), output)
    XCTAssertTrue(output.contains(": primary normal"), output)
  }

  func testOnRequestItIsWrittenAndTheServerGoesOn() throws {
    try startOne(["--capsule", "1"])
    let commit = try XCTUnwrap(cluster.statuses(of: [0])[0]?.commit)
    XCTAssertGreaterThanOrEqual(commit, 20)
    cluster.signal(SIGUSR1, 0)
    try cluster.wait("the capsule") { cluster.stderr(0).contains("event=capsule") }
    try checkReplay(commit)
    XCTAssertEqual(try cluster.terminate(0), 0)
  }

  func testATrapWritesItAndEndsTheServer() throws {
    try startOne(["--capsule", "1"])
    let commit = try XCTUnwrap(cluster.statuses(of: [0])[0]?.commit)
    XCTAssertEqual(try cluster.end(0, with: SIGILL), 128 + SIGILL)
    try checkReplay(commit)
  }

  func testNoneIsKeptUnlessAsked() throws {
    try startOne([])
    cluster.signal(SIGUSR1, 0)
    try cluster.wait("a line that says so") { cluster.stderr(0).contains("none is kept: see --capsule") }
    XCTAssertFalse(FileManager.default.fileExists(atPath: try capsule()))
    XCTAssertEqual(try cluster.terminate(0), 0)
  }
}
