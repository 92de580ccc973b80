import Faults
import Foundation
import UV
import XCTest

@testable import Drill

/// The drill against machines, played by a script: each is a process on loopback, with a plug and a cable.
final class MachineDrillTests: XCTestCase {
  private var loop: Loop!
  private var scratch: Scratch!
  private var hosts: [String] = []

  override func setUpWithError() throws {
    ignoreBrokenPipes()
    loop = try Loop()
    scratch = try Scratch()
    let ground = LoopbackGround(servers: 3)
    hosts = (0..<3).map(ground.address)
    for (index, host) in hosts.enumerated() {
      let lines = [host] + hosts.filter { $0 != host }
      try write(lines.map { $0 + "\n" }.joined(), "\(try scratch.directory("\(index + 1)"))/servers.txt")
    }
    try write(Self.machines, program)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
  }

  override func tearDownWithError() throws {
    for number in 1...3 {
      XCTAssertEqual(try CommandResult([program, "unplug", "\(number)"], on: loop, in: scratch).status, 0)
    }
    XCTAssertEqual(loop.close(), [], "handles left")
    (loop, scratch) = (nil, nil)
  }

  private var program: String { scratch.path + "/machines" }

  private func write(_ text: String, _ path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  /// A machine's server outlives this script; it dies with the test's own process at the latest, by the hand of
  /// one that waits for that.
  private static let machines = """
    #!/bin/sh
    set -eu
    top=$(cd "$(dirname "$0")" && pwd)
    echo "$*" >>"$top/deeds"
    pid() { cat "$top/$1/pid" 2>/dev/null; }
    lives() { grep -qs '^State:.[^ZX]' "/proc/$1/status"; }
    runs() { pid "$1" >/dev/null && lives "$(pid "$1")"; }
    boot() {
      if runs "$1"; then return; fi
      cd "$top/$1"
      setsid "\(Cluster.program)" </dev/null >>stderr 2>&1 &
      echo $! >pid
      setsid sh -c 'while grep -qs "^State:.[^ZX]" "/proc/$1/status"; do sleep 1; done; kill -9 "$2"' sh \
        \(getpid()) $! </dev/null >/dev/null 2>&1 &
    }
    finish() { # finish N SIGNAL
      if ! runs "$1"; then return; fi
      kill -s "$2" "$(pid "$1")"
      while runs "$1"; do sleep 0.02; done
    }
    case $1 in
    server)
      case $3 in
      start) boot "$2" ;;
      stop) finish "$2" TERM ;;
      kill) finish "$2" KILL ;;
      wipe) finish "$2" KILL; rm -rf "$top/$2/kvnode.data" ;;
      crashes) cat "$top/$2/crashes" 2>/dev/null || echo 0; if [ -e "$top/grow" ]; then echo 3 >"$top/$2/crashes"; fi ;;
      mend) if [ -e "$top/broken" ]; then echo "ERROR: the cellar is dark" >&2; exit 1; fi ;;
      esac ;;
    unplug) finish "$2" KILL ;;
    freeze) kill -s STOP "$(pid "$2")" ;;
    thaw) kill -s CONT "$(pid "$2")" ;;
    cable) if [ "$3" = off ]; then kill -s STOP "$(pid "$2")"; else kill -s CONT "$(pid "$2")"; fi ;;
    ssh | clock) ;;
    *) exit 2 ;;
    esac

    """

  private func drill(_ words: String...) throws -> CommandResult {
    let own = ["--machines", program, "-h", hosts.joined(separator: ","), "--seed", "1", "--rate", "40"]
    return try CommandResult(
      [TrialProcess.products + "/kvdrill"] + own + words, on: loop, in: scratch, seconds: 300)
  }

  private func deeds() -> [Substring] { contents(scratch.path + "/deeds").split(separator: "\n") }

  func testEveryFaultIsDoneAndUndone() throws {
    let file = scratch.path + "/faults.txt"
    try write(
      """
      at 0.3 unplug primary
      at 1 start last
      at 1 settle
      at 1.2 disconnect 1
      at 1.9 heal
      at 1.9 settle
      at 2 clock 2 +3600
      at 2 clock 0 -60
      at 2.3 kill light
      at 2.8 start last
      at 2.8 settle
      at 3 stop 0
      at 3.4 start last
      at 3.4 settle
      at 3.6 wipe 1
      at 4 start last
      at 4 settle
      at 4.2 freeze primary
      at 4.7 thaw last
      at 4.7 settle
      at 4.9 cut 0 -> 2
      at 5.1 heal
      at 5.3 kill all
      at 5.6 start all
      at 5.6 settle
      end 5.8

      """, file)
    let result = try drill("--faults", file)
    XCTAssertEqual(result.status, 0, result.stdout.suffix(6_000) + result.stderr)
    XCTAssertTrue(result.stdout.contains("3 machines, "), result.stdout)
    for part in ["unplug primary (", "disconnect 1", "clock 2 +3600", "clock 0 -60", "0 violations in"] {
      XCTAssertTrue(result.stdout.contains(part), "\(part): \(result.stdout)")
    }
    let deeds = deeds()
    for expected in [
      "server 1 mend", "server 3 start", "cable 2 off", "cable 2 on", "clock 3 +3600", "clock 1 -60",
      "server 1 stop", "server 2 wipe", "clock 3 -3600", "clock 1 +60",
    ] {
      XCTAssertTrue(deeds.contains { $0 == expected }, "\(expected): \(deeds)")
    }
    for number in 1...3 {
      XCTAssertTrue(deeds.contains { $0 == "server \(number) kill" }, "kill all: \(deeds)")
    }
    let rules = deeds.filter { $0.hasPrefix("ssh ") }
    XCTAssertEqual(rules.count, 2, "\(rules)")
    XCTAssertTrue(rules[0].hasPrefix("ssh 3 iptables -w -A INPUT -s "), "\(rules)")
    XCTAssertEqual(rules[1], "ssh 3 iptables -w -F", "only where there are rules")
    let freezes = deeds.filter { $0.hasPrefix("freeze ") }
    XCTAssertEqual(freezes.count, 1)
    XCTAssertEqual(deeds.count { $0 == freezes[0].replacing("freeze", with: "thaw") }, 1)
  }

  /// They are started again there, which the drill does not see; that it happened it must tell.
  func testAServerThatEndedByItselfIsFound() throws {
    try write("", scratch.path + "/grow")
    let result = try drill("--seconds", "1", "--quiet")
    XCTAssertEqual(result.status, 1, result.stdout.suffix(4_000) + result.stderr)
    XCTAssertTrue(result.stdout.contains("WRONG: server 2 ended by itself 3 times"), result.stdout)
  }

  func testAMachineThatCannotBeReachedIsSaid() throws {
    try write("", scratch.path + "/broken")
    let result = try drill("--seconds", "1", "--quiet")
    XCTAssertEqual(result.status, 2)
    XCTAssertTrue(result.stderr.hasPrefix("ERROR: "), result.stderr)
    XCTAssertTrue(result.stderr.hasSuffix("server 1 mend: ERROR: the cellar is dark\n"), result.stderr)
  }

  func testAPlugNeedsAMachine() throws {
    let file = scratch.path + "/faults.txt"
    try write("at 1 unplug 0\n", file)
    let result = try CommandResult(
      [TrialProcess.products + "/kvdrill", "--faults", file], on: loop, in: scratch)
    XCTAssertEqual(result.status, 2)
    XCTAssertTrue(result.stderr.contains("ERROR: the schedule needs machines"), result.stderr)
  }
}
