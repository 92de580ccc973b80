import Foundation
import Support
import UV
import XCTest

/// What all programs that are built on one parser have alike.
final class UsageTests: XCTestCase {
  private var loop: Loop!
  private let directory = FileManager.default.temporaryDirectory

  override func setUpWithError() throws {
    ignoreBrokenPipes()
    loop = try Loop()
  }

  override func tearDown() { XCTAssertEqual(loop.close(), [], "handles left") }

  private func run(_ program: String, _ arguments: [String]) throws -> ProgramRun {
    try ProgramRun(program, arguments, on: loop, in: directory)
  }

  func testWrongUsageIsOneLineAndStatus2() throws {
    let samples: [(program: String, arguments: [String], word: String)] = [
      ("kvsim", ["--bogus"], "--bogus"), ("kvsim", [], "--seed N or --seeds A..B"),
      ("kvsim", ["--seed", "1", "--seeds", "1..2"], "not both"), ("kvsim", ["--seed", "x"], "--seed"),
      ("kvsim", ["--seed", "1", "--servers", "9"], "1 to 7"),
      ("kvsim", ["--seed", "1", "--bogus"], "--bogus"),
      ("kvsim", ["replay"], "<file>"), ("kvsim", ["replay", "/nowhere"], "/nowhere"),
      ("kvsim", ["--faults", "/nowhere"], "--seed N"),
      ("kvdrill", ["--bogus"], "--bogus"), ("kvdrill", ["--servers", "8"], "1 to 7"),
      ("kvdrill", ["-h", "?"], "?"), ("kvdrill", ["--faults", "/nowhere"], "/nowhere"),
    ]
    for (program, arguments, word) in samples {
      let ran = try run(program, arguments)
      let call = "\(program) \(arguments.joined(separator: " ")): \(ran.stdout)\(ran.stderr)"
      XCTAssertEqual(ran.status, 2, call)
      XCTAssertEqual(ran.stdout, "", call)
      XCTAssertTrue(ran.stderr.hasPrefix("ERROR: "), call)
      XCTAssertTrue(ran.stderr.contains(word), call)
      XCTAssertEqual(ran.stderr.split(separator: "\n", omittingEmptySubsequences: false).count, 2, call)
    }
  }

  func testHelpGoesToStdout() throws {
    for (program, arguments) in [
      ("kvsim", ["--help"]), ("kvsim", ["replay", "--help"]), ("kvdrill", ["--help"]),
    ] {
      let ran = try run(program, arguments)
      XCTAssertEqual(ran.status, 0, "\(program)")
      XCTAssertTrue(ran.stdout.contains("USAGE: \(program)"), ran.stdout)
      XCTAssertEqual(ran.stderr, "")
    }
  }
}
