import Foundation
import Support
import XCTest

/// `scripts/cluster.sh`: servers of one machine.
final class ClusterScriptTests: ScriptTestCase {
  private var settings: [String: String] = [:]
  private var base: UInt16 = 0

  override func setUpWithError() throws {
    try super.setUpWithError()
    base = try freePorts(3)
    settings = [
      "QUORATE_DIR": path("cluster"), "BASE_PORT": "\(base)", "KVNODE": Self.program("kvnode"),
      "KVCLIENT": Self.program("kvclient"),
    ]
  }

  private func cluster(_ words: String..., with further: [String: String] = [:]) throws -> ScriptRun {
    try run([Self.script("cluster.sh")] + words, settings.merging(further) { $1 })
  }

  private func pid(of server: Int) -> pid_t { pid("cluster/\(server)/kvnode.pid") }
  private func address(_ server: Int) -> String { "127.0.0.1:\(base + UInt16(server) - 1)" }
  private var hosts: String { (1...3).map(address).joined(separator: ",") }

  private func startThree(_ options: String...) throws {
    let run = try run([Self.script("cluster.sh"), "start", "3"] + options, settings)
    XCTAssertEqual(run.stderr, "")
    XCTAssertEqual(run.stdout, "a cluster of 3 serves at \(hosts), in \(path("cluster"))\n")
    XCTAssertEqual(run.status, 0)
  }

  func testStartsEachInItsOwnDirectory() throws {
    try startThree("--memory", "--log-level", "debug")
    for (server, others) in [(1, [2, 3]), (2, [1, 3]), (3, [1, 2])] {
      XCTAssertEqual(
        read("cluster/\(server)/servers.txt"), ([server] + others).map { address($0) + "\n" }.joined())
      XCTAssertTrue(isAlive(pid(of: server)))
      let words = try String(contentsOfFile: "/proc/\(pid(of: server))/cmdline", encoding: .utf8)
      XCTAssertTrue(words.hasSuffix("--memory\0--log-level\0debug\0"), words)
    }
    XCTAssertEqual(try cluster("hosts").stdout, hosts + "\n")
    XCTAssertEqual(
      try cluster("pids").stdout, (1...3).map { "\($0) \(pid(of: $0))\n" }.joined())
    let status = try cluster("status")
    XCTAssertEqual(status.status, 0)
    for server in 1...3 {
      XCTAssertTrue(status.stdout.contains("server \(server) \(address(server)) pid \(pid(of: server))\n"))
      let line = status.stdout.split(separator: "\n").first { $0.hasPrefix(address(server)) }
      XCTAssertTrue(line?.contains(" normal linearizable ") == true, status.stdout)
    }
  }

  func testStartTwiceAndStop() throws {
    try startThree()
    let before = (1...3).map(pid(of:))
    assertFails(
      try cluster("start", "3"), 1,
      "a cluster runs already in \(path("cluster")): 3 of 3 servers; cluster.sh stop ends it")
    XCTAssertEqual((1...3).map(pid(of:)), before)
    let stop = try cluster("stop")
    XCTAssertEqual(stop.stdout, "ended 3 of 3 servers\n")
    XCTAssertEqual(before.filter(isAlive), [])
    XCTAssertEqual(try cluster("stop").stdout, "nothing ran\n")
    XCTAssertEqual(try cluster("pids").status, 1)
    assertFails(
      try cluster("start", "2"), 1,
      "\(path("cluster")) holds the data of other servers (\(hosts)): remove it, or set QUORATE_DIR")
    try startThree()
  }

  func testOneServersFaults() throws {
    try startThree("--memory")
    let first = pid(of: 2)
    XCTAssertEqual(try cluster("kill", "2").stdout, "killed server 2\n")
    XCTAssertFalse(isAlive(first))
    assertFails(try cluster("kill", "2"), 1, "server 2 does not run")
    let status = try cluster("status")
    XCTAssertTrue(status.stdout.contains("server 2 \(address(2)) does not run\n"), status.stdout)
    XCTAssertEqual(status.status, 1)

    XCTAssertEqual(
      try cluster("restart", "2").stdout, "server 2 serves at \(address(2)), pid \(pid(of: 2))\n")
    let second = pid(of: 2)
    XCTAssertNotEqual(first, second)
    let words = try String(contentsOfFile: "/proc/\(second)/cmdline", encoding: .utf8)
    XCTAssertTrue(words.hasSuffix("--memory\0"), "started with the cluster's options: \(words)")

    XCTAssertEqual(try cluster("restart", "2").status, 0)
    XCTAssertFalse(isAlive(second))
    XCTAssertTrue(read("cluster/2/kvnode.log").contains("signal=SIGTERM"), "ended in good order")

    XCTAssertEqual(try cluster("stop", "2").stdout, "ended server 2\n")
    XCTAssertEqual(try cluster("stop", "2").stdout, "server 2 did not run\n")
    XCTAssertEqual(try cluster("logs", "2").stdout, read("cluster/2/kvnode.log"))
    XCTAssertTrue(isAlive(pid(of: 1)) && isAlive(pid(of: 3)), "the others were left alone")
  }

  private func client(_ words: String..., at server: Int) throws -> String {
    try run([Self.program("kvclient"), "-h", address(server)] + words).stdout
  }

  /// What was written before each fault is there after it, at every server.
  func testAValueOutlivesFaults() throws {
    try startThree()
    var last = "NULL"
    for command in [["kill", "1"], ["restart", "1"], ["wipe", "2"], ["restart", "3"]] {
      XCTAssertEqual(try client("-k", "color", "-v", command.joined(separator: "-"), at: 3), last + "\n")
      last = command.joined(separator: "-")
      let run = try run([Self.script("cluster.sh")] + command, settings)
      XCTAssertEqual(run.status, 0, run.stderr)
    }
    XCTAssertEqual(try cluster("stop").status, 0)
    try startThree()
    for server in 1...3 { XCTAssertEqual(try client("-k", "color", at: server), last + "\n") }
  }

  func testPauseAndResume() throws {
    try startThree()
    XCTAssertEqual(try cluster("pause", "1").stdout, "server 1 is frozen\n")
    XCTAssertTrue(try cluster("status").stdout.contains("pid \(pid(of: 1)) (frozen)\n"))
    XCTAssertEqual(try cluster("resume", "1").stdout, "server 1 goes on\n")
    waitUntil("all answer again") { (try? cluster("status").status) == 0 }
    XCTAssertEqual(try cluster("pause", "1").status, 0)
    XCTAssertEqual(
      try cluster("stop").stdout, "ended 3 of 3 servers\n", "a frozen one is ended in good order")
    XCTAssertTrue(read("cluster/1/kvnode.log").contains("signal=SIGTERM"))
  }

  func testWipeRemovesTheData() throws {
    try startThree()
    for server in [1, 2] { try write("x", to: "cluster/\(server)/kvnode.data/marker") }
    let before = pid(of: 2)
    XCTAssertEqual(try cluster("wipe", "2").status, 0)
    XCTAssertFalse(isAlive(before))
    XCTAssertTrue(isAlive(pid(of: 2)))
    XCTAssertFalse(exists("cluster/2/kvnode.data/marker"))
    XCTAssertTrue(exists("cluster/1/kvnode.data/marker"))
  }

  /// The number in a pid file may by now be that of a program that nobody here started.
  func testAPidThatPassedToAnotherIsLeftAlone() throws {
    try startThree()
    let own = pid(of: 1)
    let stranger = try Child(["/bin/sleep", "600"], in: directory, environment: environment)
    defer { stranger.end() }
    let file = read("cluster/1/kvnode.pid")
    try write("\(stranger.pid) 1\n", to: "cluster/1/kvnode.pid")
    for command in ["kill", "pause", "resume"] {
      assertFails(try cluster(command, "1"), 1, "server 1 does not run", command)
    }
    XCTAssertEqual(try cluster("stop", "1").stdout, "server 1 did not run\n")
    XCTAssertTrue(stranger.isRunning)
    XCTAssertTrue(isAlive(own))
    try write(file, to: "cluster/1/kvnode.pid")
  }

  func testAServerThatEndsIsQuoted() throws {
    let run = try cluster("start", "3", "--no-such-option")
    assertFails(
      run, 1,
      "server 1 (\(address(1))) has ended: ERROR: \"--no-such-option\" is not an option, or is ambiguous; see --help"
    )
    XCTAssertEqual((1...3).map(pid(of:)).filter(isAlive), [], "nothing is left running")
    try startThree()
  }

  func testAServerThatNeverAnswersIsNamed() throws {
    try write("#!/bin/sh\nexec sleep 600\n", to: "deaf-kvnode", executable: true)
    let run = try cluster("start", "1", with: ["KVNODE": path("deaf-kvnode"), "READY_SECONDS": "1"])
    assertFails(run, 1, "server 1 (\(address(1))) runs, but does not answer linearizably after 1 s: ")
    XCTAssertFalse(isAlive(pid(of: 1)))
  }

  func testABusyPortIsOneLine() throws {
    let taken = try TakenPort(from: base + 1)
    try XCTSkipUnless(taken.port == base + 1, "the port went to another")
    assertFails(
      try cluster("start", "3"), 1,
      "port \(taken.port) is in use: end what serves there, or set BASE_PORT")
    XCTAssertFalse(exists("cluster/1"), "nothing was started")
    withExtendedLifetime(taken) {}
  }

  func testUsage() throws {
    let cases: [([String], String)] = [
      ([], "no command: see cluster.sh --help"),
      (["begin"], "unknown command 'begin': see cluster.sh --help"),
      (["start"], "start how many servers: see cluster.sh --help"),
      (["start", "0"], "the number of servers is a number from 1 to 7, not '0'"),
      (["start", "8"], "the number of servers is a number from 1 to 7, not '8'"),
      (["start", "four"], "the number of servers is a number from 1 to 7, not 'four'"),
      (
        ["start", "1", "--data", "x"],
        "--data: each server has its own directory, address and data: see cluster.sh --help"
      ),
    ]
    for (words, message) in cases {
      assertFails(try run([Self.script("cluster.sh")] + words, settings), 2, message, "\(words)")
    }
    assertFails(try cluster("kill", "1"), 1, "no cluster in \(path("cluster")): cluster.sh start N")
    assertFails(
      try cluster("start", "3", with: ["BASE_PORT": "65534"]), 2,
      "BASE_PORT is a number from 1 to 65533, not '65534'")
    assertFails(
      try cluster("start", "3", with: ["KVNODE": "/no/such"]), 1, "/no/such is no program")
    try startThree()
    let later: [([String], String)] = [
      (["kill"], "kill which server: see cluster.sh --help"),
      (["kill", "4"], "the server is a number from 1 to 3, not '4'"),
      (["restart", "0"], "the server is a number from 1 to 3, not '0'"),
      (["pause", "1", "2"], "unexpected argument '2': see cluster.sh --help"),
      (["status", "1"], "unexpected argument '1': see cluster.sh --help"),
      (["logs", "1", "-x"], "unexpected argument '-x': see cluster.sh --help"),
    ]
    for (words, message) in later {
      assertFails(try run([Self.script("cluster.sh")] + words, settings), 2, message, "\(words)")
    }
    XCTAssertEqual((1...3).map(pid(of:)).filter(isAlive).count, 3)
  }

  func testHelp() throws {
    for name in ["cluster.sh", "run.sh", "launch.sh", "update.sh", "partition.sh"] {
      let help = try run([Self.script(name), "--help"])
      XCTAssertEqual(help.status, 0, name)
      XCTAssertEqual(help.stderr, "", name)
      XCTAssertTrue(help.stdout.hasPrefix("\(name): "), name)
      XCTAssertTrue(help.stdout.contains("Environment"), name)
    }
  }
}
