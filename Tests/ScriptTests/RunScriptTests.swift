import Foundation
import Support
import XCTest

/// `scripts/run.sh`, behind `make run`.
final class RunScriptTests: ScriptTestCase {
  private func settings(base: UInt16, servers: Int) throws -> [String: String] {
    [
      "QUORATE_DIR": path("run"), "BASE_PORT": "\(base)", "SERVERS": "\(servers)",
      "KVNODE": Self.program("kvnode"),
      "KVCLIENT": Self.program("kvclient"),
    ]
  }

  func testRunsUntilInterrupted() throws {
    for signal in [SIGINT, SIGTERM] {
      let base = try freePorts(4)
      let environment = try environment.merging(settings(base: base, servers: 4)) { $1 }
      let script = try Child([Self.script("run.sh")], in: directory, environment: environment)
      defer { script.end() }
      let isServing = waitUntil("run.sh says how it ends") {
        script.stdout.contains("Ctrl-C ends it.") || !script.isRunning
      }
      XCTAssertTrue(isServing && script.isRunning, script.stderr)
      let pids = (1...4).map { pid("run/\($0)/kvnode.pid") }
      XCTAssertEqual(pids.filter(isAlive).count, 4)

      // What it suggests is tried, as it stands there.
      let commands = script.stdout.split(separator: "\n").map { $0.drop(while: { $0 == " " }) }
      let curl = try XCTUnwrap(commands.first { $0.hasPrefix("curl") && $0.contains("=blue") })
      XCTAssertEqual(try run(["/bin/sh", "-c", "\(curl)"]).stdout, "color=NIL")
      let read = try XCTUnwrap(commands.first { $0.hasPrefix("curl") && !$0.contains("=blue") })
      XCTAssertTrue(read.contains(":\(base + 3)/"), "at another server: \(read)")
      XCTAssertEqual(try run(["/bin/sh", "-c", "\(read)"]).stdout, "color=blue")
      let classic = try XCTUnwrap(commands.first { $0.hasPrefix("printf") })
      XCTAssertTrue(try run(["/bin/sh", "-c", "\(classic)"]).stdout.hasSuffix("[color]=[blue]"))
      let hosts = try XCTUnwrap(commands.first { $0.hasPrefix("export KV_HOSTS=") })
      let status = try XCTUnwrap(commands.first { $0.hasSuffix("kvclient status") })
      XCTAssertEqual(try run(["/bin/sh", "-c", "\(hosts); \(status)"]).status, 0)

      script.signal(signal)
      XCTAssertEqual(try script.waitForExit(), 0)
      XCTAssertTrue(
        script.stdout.hasSuffix("Quorate: ended 4 of 4 servers; the data stays in \(path("run"))\n"),
        script.stdout)
      XCTAssertEqual(pids.filter(isAlive), [])
      try FileManager.default.removeItem(atPath: path("run"))
    }
  }

  func testEndsWhenAllServersHave() throws {
    let settings = try settings(base: freePorts(1), servers: 1)
    let script = try Child(
      [Self.script("run.sh")], in: directory, environment: environment.merging(settings) { $1 })
    defer { script.end() }
    waitUntil("run.sh says how it ends") { script.stdout.contains("Ctrl-C ends it.") || !script.isRunning }
    XCTAssertEqual(try run([Self.script("cluster.sh"), "stop"], settings).status, 0)
    XCTAssertEqual(try script.waitForExit(), 0)
    XCTAssertTrue(script.stdout.hasSuffix("Quorate: all servers have ended\n"), script.stdout)
  }

  func testABusyPortIsOneLine() throws {
    let base = try freePorts(2)
    let taken = try TakenPort(from: base)
    let run = try run([Self.script("run.sh")], settings(base: taken.port, servers: 1))
    assertFails(run, 1, "port \(taken.port) is in use: end what serves there, or set BASE_PORT")
    withExtendedLifetime(taken) {}
  }

  func testUsage() throws {
    let settings = try settings(base: freePorts(1), servers: 9)
    assertFails(
      try run([Self.script("run.sh")], settings), 2, "the number of servers is a number from 1 to 7, not '9'")
    assertFails(
      try run([Self.script("run.sh"), "now"], settings), 2, "unexpected argument 'now': see run.sh --help")
  }
}
