import Foundation
import Support
import XCTest

/// `scripts/launch.sh`, in the shells that machines have; in busybox's with nothing but busybox in PATH.
final class LaunchScriptTests: ScriptTestCase {
  private struct Shell {
    let name: String
    let words: [String]
    let path: String?
  }

  private func shells() throws -> [Shell] {
    var shells = [Shell(name: "sh", words: ["/bin/sh"], path: nil)]
    shells.append(Shell(name: "bash", words: ["/bin/bash", "--posix"], path: nil))
    if let bin = try? busyboxPath() {
      shells.append(Shell(name: "busybox", words: ["/bin/busybox", "sh"], path: bin))
    }
    return shells
  }

  private func launch(
    _ words: [String], _ shell: Shell? = nil, with further: [String: String] = [:]
  ) throws -> ScriptRun {
    var settings = ["QUORATE_HOME": path("home"), "KVNODE": Self.program("kvnode")]
    if let path = shell?.path { settings["PATH"] = path }
    return try run(
      (shell?.words ?? ["/bin/sh"]) + [Self.script("launch.sh")] + words, settings.merging(further) { $1 })
  }

  private var serverPid: pid_t { pid("home/kvnode.pid") }

  func testStartStatusStop() throws {
    for shell in try shells() {
      let address = "127.0.0.1:\(try freePorts(1))"
      let start = try launch(["start", address, "--", "--memory"], shell)
      XCTAssertEqual(start.stderr, "", shell.name)
      XCTAssertEqual(start.stdout, "\(address) serves, pid \(serverPid), in \(path("home"))\n", shell.name)
      XCTAssertEqual(read("home/servers.txt"), "\(address)\n")
      XCTAssertTrue(read("home/kvnode.log").contains("event=listening"))
      let words = try String(contentsOfFile: "/proc/\(serverPid)/cmdline", encoding: .utf8)
      XCTAssertEqual(words, "\(Self.program("kvnode"))\0--memory\0")
      XCTAssertEqual(getsid(serverPid), pid("home/keeper.pid"), "a session of its own")
      XCTAssertEqual(try run(["/usr/bin/curl", "-s", "http://\(address)/color"]).stdout, "color=NIL")

      let before = serverPid
      let again = try launch(["start", address], shell)
      XCTAssertEqual(again.stdout, "\(address) runs already, pid \(before)\n", shell.name)
      XCTAssertEqual(again.status, 0)
      XCTAssertEqual(serverPid, before)
      assertFails(
        try launch(["start", address, "192.0.2.77:8081"], shell), 1,
        "a server with another servers.txt runs in \(path("home")) (pid \(before)): end it first, launch.sh stop",
        shell.name)
      XCTAssertEqual(read("home/servers.txt"), "\(address)\n")

      let status = try launch(["status"], shell)
      XCTAssertEqual(status.stdout, "\(address) runs, pid \(before), in \(path("home"))\n", shell.name)
      XCTAssertEqual(status.status, 0)
      XCTAssertEqual(try launch(["stop"], shell).stdout, "\(address) ended\n", shell.name)
      XCTAssertFalse(isAlive(before))
      XCTAssertTrue(read("home/kvnode.log").contains("signal=SIGTERM"))
      XCTAssertEqual(try launch(["status"], shell).status, 1)
      XCTAssertEqual(try launch(["stop"], shell).stdout, "no server runs in \(path("home"))\n")
      XCTAssertEqual(try launch(["start"], shell).status, 0, "with the servers.txt that is there")
      XCTAssertEqual(try launch(["stop"], shell).status, 0)
      try FileManager.default.removeItem(atPath: path("home"))
    }
  }

  func testFindsItsOwnAddressAmongOthers() throws {
    let port = try freePorts(1)
    let settings = ["KVNODE": try loneServer()]
    for shell in try shells() {
      for own in ["127.0.0.1:\(port)", "localhost:\(port)", try machineAddress() + ":\(port)"] {
        let others = ["192.0.2.77:8081", "192.0.2.78:8081"]
        let list = others[0] + "," + own
        let start = try launch(["start", list, others[1], "--", "--memory"], shell, with: settings)
        XCTAssertEqual(start.stderr, "", "\(shell.name) \(own)")
        XCTAssertEqual(read("home/servers.txt"), ([own] + others).map { $0 + "\n" }.joined())
        XCTAssertEqual(try launch(["stop"], shell).status, 0)
      }
    }
  }

  /// An address of this machine that is not loopback, else loopback.
  private func machineAddress() throws -> String {
    let words = try run(["/bin/hostname", "-I"]).stdout.split(separator: " ")
    return words.first { !$0.contains(":") && $0.contains(".") }.map {
      "\($0)".trimmingCharacters(in: .newlines)
    }
      ?? "127.0.0.1"
  }

  func testOwnDecides() throws {
    let port = try freePorts(2)
    let (one, two) = ("127.0.0.1:\(port)", "127.0.0.1:\(port + 1)")
    for shell in try shells() {
      assertFails(
        try launch(["start", one, two], shell), 1,
        "\(one) and \(two) are both this machine's: say which with OWN=HOST:PORT", shell.name)
      assertFails(
        try launch(["start", one], shell, with: ["OWN": two]), 1,
        "OWN=\(two) is not among the addresses: \(one)",
        shell.name)
      let start = try launch(["start", one, two], shell, with: ["OWN": two, "KVNODE": loneServer()])
      XCTAssertEqual(start.status, 0, start.stderr)
      XCTAssertEqual(read("home/servers.txt"), "\(two)\n\(one)\n")
      XCTAssertEqual(try launch(["stop"], shell).status, 0)
    }
  }

  /// Three directories stand for three machines; each is given the same list.
  func testThreeBecomeACluster() throws {
    for shell in try shells() {
      let port = try freePorts(1)
      let servers = (1...3).map { "127.0.0.\($0):\(port)" }
      for own in servers {
        let start = try launch(["start"] + servers, shell, with: ["OWN": own, "QUORATE_HOME": path(own)])
        XCTAssertEqual(start.stderr, "", "\(own): served before the others are there")
        XCTAssertTrue(start.stdout.hasPrefix("\(own) serves, pid "), start.stdout)
      }
      let client = [Self.program("kvclient"), "-h"]
      XCTAssertEqual(try run(client + [servers[0], "-k", "color", "-v", "blue"]).stdout, "NULL\n")
      for own in servers { XCTAssertEqual(try run(client + [own, "-k", "color"]).stdout, "blue\n") }
      for own in servers {
        XCTAssertEqual(try launch(["stop"], shell, with: ["QUORATE_HOME": path(own)]).status, 0)
      }
    }
  }

  func testAStrangersListIsRefused() throws {
    for shell in try shells() {
      let run = try launch(["start", "192.0.2.77:8081", "192.0.2.78:8081"], shell)
      XCTAssertEqual(run.status, 1)
      XCTAssertTrue(
        run.stderr.hasPrefix(
          "ERROR: none of 192.0.2.77:8081 192.0.2.78:8081 is an address of this machine ("),
        run.stderr)
      XCTAssertTrue(run.stderr.contains("127.0.0.1"), "what it has: \(run.stderr)")
      XCTAssertEqual(run.stderr.filter { $0 == "\n" }.count, 1)
    }
  }

  func testAServerThatEndsIsQuoted() throws {
    for shell in try shells() {
      assertFails(
        try launch(["start", "localhost:99999"], shell), 1,
        "kvnode has ended: ERROR: servers.txt:1: port \"99999\" is out of range: 1 to 65535", shell.name)
      XCTAssertEqual(try launch(["status"], shell).status, 1)
    }
  }

  /// Without something that speaks HTTP the port is not looked at first: kvnode itself says that it is busy.
  func testABusyPort() throws {
    let taken = try TakenPort(from: freePorts(1))
    for shell in try shells() where shell.path != nil {
      let run = try launch(["start", "127.0.0.1:\(taken.port)"], shell)
      XCTAssertEqual(run.status, 1)
      XCTAssertTrue(run.stderr.hasPrefix("ERROR: kvnode has ended: ERROR: "), run.stderr)
    }
    withExtendedLifetime(taken) {}
  }

  func testAPidThatPassedToAnotherIsLeftAlone() throws {
    let stranger = try Child(["/bin/sleep", "600"], in: directory, environment: environment)
    defer { stranger.end() }
    try write("\(stranger.pid) 1\n", to: "home/kvnode.pid")
    for shell in try shells() {
      XCTAssertEqual(try launch(["stop"], shell).stdout, "no server runs in \(path("home"))\n", shell.name)
    }
    XCTAssertTrue(stranger.isRunning)
  }

  func testRenewRestartsOnlyWhatIsOutdated() throws {
    try FileManager.default.copyItem(atPath: Self.program("kvnode"), toPath: path("kvnode"))
    for shell in try shells() {
      let address = "127.0.0.1:\(try freePorts(1))"
      let settings = ["KVNODE": path("kvnode")]
      XCTAssertEqual(try launch(["renew", address, "--", "--memory"], shell, with: settings).status, 0)
      let first = serverPid
      let same = try launch(["renew", "--", "--memory"], shell, with: settings)
      XCTAssertEqual(same.stdout, "\(address) runs already, pid \(first)\n", "\(shell.name) \(same.stderr)")

      // A program that took the place of the one that runs, as an update leaves it.
      var program = try Data(contentsOf: URL(fileURLWithPath: path("kvnode")))
      program.append(0)
      try program.write(to: URL(fileURLWithPath: path("kvnode.new")))
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path("kvnode.new"))
      XCTAssertEqual(rename(path("kvnode.new"), path("kvnode")), 0)
      XCTAssertEqual(
        try launch(["start", address], shell, with: settings).stdout,
        "\(address) runs already, pid \(first)\n")
      let renewed = try launch(["renew", "--", "--memory"], shell, with: settings)
      XCTAssertEqual(renewed.stderr, "")
      XCTAssertEqual(renewed.stdout, "\(address) serves, pid \(serverPid), in \(path("home"))\n", shell.name)
      XCTAssertFalse(isAlive(first))

      let second = serverPid
      XCTAssertEqual(try launch(["renew", "--", "--memory", "--strict"], shell, with: settings).status, 0)
      XCTAssertFalse(isAlive(second), "other options are a reason too")
      XCTAssertEqual(try launch(["stop"], shell).status, 0)
    }
  }

  func testACrashedServerIsStartedAgain() throws {
    for shell in try shells() {
      let address = "127.0.0.1:\(try freePorts(1))"
      XCTAssertEqual(try launch(["start", address, "--", "--memory"], shell).status, 0)
      let (first, keeper) = (serverPid, pid("home/keeper.pid"))
      kill(first, SIGKILL)
      waitUntil("\(shell.name): another listens") {
        self.read("home/kvnode.log").components(separatedBy: "event=listening").count == 3
      }
      XCTAssertNotEqual(serverPid, first)
      XCTAssertTrue(read("home/kvnode.log").contains(" event=ended status=137 restart_seconds=1\n"))
      XCTAssertEqual(try launch(["stop"], shell).stdout, "\(address) ended\n")
      XCTAssertFalse(isAlive(keeper), "\(shell.name): who would start it again ends too")
      XCTAssertFalse(isAlive(serverPid))
      XCTAssertEqual(
        read("home/kvnode.log").components(separatedBy: "signal=SIGTERM").count, 2,
        "told once, so in good order")

      XCTAssertEqual(try launch(["start", address], shell, with: ["KEEP": "no"]).status, 0)
      XCTAssertFalse(exists("home/keeper.pid"), "\(shell.name): once")
      let words = try String(contentsOfFile: "/proc/\(serverPid)/cmdline", encoding: .utf8)
      XCTAssertTrue(words.hasSuffix("\0--memory\0"), "the options of the last time: \(words)")
      XCTAssertEqual(try launch(["stop"], shell).status, 0)
      try FileManager.default.removeItem(atPath: path("home"))
    }
  }

  /// Between a crash and the next start there is no server, but somebody to end.
  func testStopsBetweenTwoStarts() throws {
    for shell in try shells() {
      let address = "127.0.0.1:\(try freePorts(1))"
      XCTAssertEqual(try launch(["start", address, "--", "--memory"], shell).status, 0)
      let (first, keeper) = (serverPid, pid("home/keeper.pid"))
      try write("#!/bin/sh\nexit 1\n", to: "home/crashes", executable: true)
      try write("\(path("home/crashes"))\n", to: "home/kvnode.command")
      kill(first, SIGKILL)
      waitUntil("\(shell.name): it waits") {
        self.read("home/kvnode.log").contains("status=1 restart_seconds=2")
      }
      let status = try launch(["status"], shell)
      XCTAssertEqual(status.stdout, "\(address) has crashed, and is soon started again\n", shell.name)
      XCTAssertEqual(status.status, 1)
      XCTAssertEqual(try launch(["stop"], shell).stdout, "\(address) ended\n", shell.name)
      XCTAssertFalse(isAlive(keeper))
      try FileManager.default.removeItem(atPath: path("home"))
    }
  }

  func testUsage() throws {
    let cases: [([String], String)] = [
      ([], "no command: see launch.sh --help"),
      (["begin"], "unknown command 'begin': see launch.sh --help"),
      (["start"], "no addresses, and no servers.txt in \(path("home")): see launch.sh --help"),
      (["start", "here"], "'here' is not HOST:PORT: see launch.sh --help"),
      (["start", "here:port"], "'here:port' is not HOST:PORT: see launch.sh --help"),
      (["start", "a;b:1"], "'a;b:1' is not HOST:PORT: see launch.sh --help"),
      (["start", ":8081"], "':8081' is not HOST:PORT: see launch.sh --help"),
      (["stop", "now"], "unexpected argument 'now': see launch.sh --help"),
    ]
    for shell in try shells() {
      for (words, message) in cases {
        assertFails(try launch(words, shell), 2, message, "\(shell.name) \(words)")
      }
      assertFails(
        try launch(["stop"], shell, with: ["STOP_SECONDS": "soon"]), 2,
        "STOP_SECONDS is a number of seconds up to 9999, not 'soon'", shell.name)
      assertFails(
        try launch(["start", "localhost:1"], shell, with: ["KVNODE": "/no/such"]), 1,
        "KVNODE=/no/such is no program", shell.name)
    }
  }
}
