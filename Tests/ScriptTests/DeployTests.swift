import Foundation
import Support
import XCTest

/// `scripts/standalone.sh` and `scripts/update.sh` as `make deploy` uses them: real ssh, machines of their own.
final class DeployTests: ScriptTestCase {
  private var machines: Machines!

  override func tearDownWithError() throws {
    machines?.end()
    machines = nil
    try super.tearDownWithError()
  }

  /// Where what is deployed was compiled: the debug build that is tested, unless QUORATE_BUILD names another, as
  /// `make build` leaves in .build/release, to measure a roll of that.
  private static let otherBuild = ProcessInfo.processInfo.environment["QUORATE_BUILD"]
  private static let build = otherBuild ?? products.path

  /// What was compiled, linked as for any machine.
  private func link() throws {
    let linked = try run(
      [Self.script("standalone.sh")],
      ["BUILD": Self.build, "PROGRAMS": path("programs"), "HOME": "/"])
    XCTAssertEqual(linked.status, 0, linked.stderr)
  }

  func testTheProgramsNeedNothing() throws {
    try link()
    for name in ["kvnode", "kvclient"] {
      let header = try run([
        "/usr/bin/env", "readelf", "--wide", "--program-headers", path("programs/\(name)"),
      ])
      XCTAssertTrue(header.stdout.contains(" LOAD "), header.stderr)
      XCTAssertFalse(header.stdout.contains("INTERP"), "\(name): no dynamic linker")
      XCTAssertTrue(try run([path("programs/\(name)"), "--version"]).stdout.hasPrefix(name))
    }
    assertFails(
      try run([Self.script("standalone.sh")], ["BUILD": path("none"), "PROGRAMS": path("programs")]), 1,
      "no kvnode built in \(path("none")): make build")
    guard geteuid() == 0 else { throw XCTSkip("needs root to change the root directory") }
    // A machine with nothing but the programs, and the kernel's /proc. Names are looked up by what is inside.
    try write("127.0.0.1 here\n", to: "programs/etc/hosts")
    try write("hosts: mdns4_minimal [NOTFOUND=return] resolve\n", to: "programs/etc/nsswitch.conf")
    try FileManager.default.createDirectory(atPath: path("programs/proc"), withIntermediateDirectories: false)
    let answer = try run(
      [
        "/usr/bin/unshare", "--mount", "--", "/bin/sh", "-ec",
        "mount -t proc proc programs/proc; exec chroot programs /kvclient -h here:1 -k color",
      ], ["PATH": environment["PATH"]! + ":/usr/sbin"])
    XCTAssertEqual(
      answer.stdout, "ERROR: no connection to any server: here:1: connection refused\n", answer.stderr)
  }

  private let hosts = (1...4).map { Machines.prefix + "\($0)" }

  /// Another program for the eye of a sum: the same, with a section that nobody reads.
  private func changeProgram() throws {
    try write("another version", to: "note")
    let kvnode = path("programs/kvnode")
    let changed = try run(
      ["/usr/bin/env", "objcopy", "--add-section", ".quorate=\(path("note"))", kvnode, kvnode])
    XCTAssertEqual(changed.status, 0, changed.stderr)
  }

  private func pids() throws -> [String] {
    try (1...4).map { try machines.on($0, "cut -d ' ' -f 1 quorate/kvnode.pid").stdout }
  }

  func testRollsUnderLoad() throws {
    try link()
    machines = try Machines(self)
    for number in 1...4 { try machines.boot(number) }
    let programs = ["PROGRAMS": path("programs")]
    let first = try machines.update(["--start"] + hosts, programs)
    XCTAssertEqual(first.status, 0, first.stdout + first.stderr)
    XCTAssertTrue(try machines.on(3, "test -x quorate/start-at-boot").status == 0)
    let all = hosts.map { $0 + ":8081" }
    let before = try pids()

    // Of a debug build, tested beside all else, no time is demanded.
    let demands = Self.otherBuild == nil ? [] : ["--require", "gap<=100ms"]
    let load = try machines.start(
      [
        Self.build + "/kvload", "-h", all.joined(separator: ","), "--rate", "200", "--connections", "8",
        "--duration", "300", "--keys", "50", "--check", "--json", path("load.json"),
      ] + demands)
    waitUntil("the load is on") {
      load.stdout.contains("\n") || load.stderr.contains("\n") || !load.isRunning
    }
    let primary = try primary(of: all)
    try changeProgram()
    let second = try machines.update(["--start"] + hosts, programs)
    XCTAssertEqual(second.status, 0, second.stdout + second.stderr)
    let turns = second.stdout.split(separator: "\n").filter { $0.contains(" serves, pid ") }
    XCTAssertEqual(turns.count, 4, second.stdout)
    XCTAssertTrue(
      turns.last?.hasPrefix(primary + ": ") == true, "the primary, \(primary), last: \(second.stdout)")
    XCTAssertTrue(zip(before, try pids()).allSatisfy { $0 != $1 })

    let renewed = try pids()
    let third = try machines.update(["--start"] + hosts, programs)
    XCTAssertEqual(
      third.stdout.split(separator: "\n").dropLast(), all.map { "\($0): nothing to do" }[...], third.stderr)
    XCTAssertEqual(try pids(), renewed, "run twice, it changes nothing")
    XCTAssertTrue(load.isRunning, "under load until the end")
    load.signal(SIGINT)
    XCTAssertEqual(try load.waitForExit(seconds: 120), 0, load.stdout + load.stderr)
    // Not executed, so a client sends it again; anything else would be a harm that was done.
    let errors = load.stdout.split(separator: "\n").first { $0.hasPrefix("errors ") } ?? "no such line"
    let words = errors.split(separator: " ").dropFirst()
    XCTAssertTrue(words == ["none"] || (words.count == 2 && words.first == "503"), load.stdout)
    print("a roll under load:", load.stdout)
  }

  private func primary(of all: [String]) throws -> String {
    let status = try machines.inside([
      Self.program("kvclient"), "status", "-h", all.joined(separator: ","),
    ]).stdout
    let line = status.split(separator: "\n").first { $0.contains(" primary ") }
    return line?.split(separator: " ").first.map(String.init) ?? "none in \(status)"
  }

  /// One machine each: without a fault, without space, with another's program on the port, and not there at all.
  func testNothingIsHalfInstalled() throws {
    try link()
    machines = try Machines(self)
    try machines.boot(1)
    try machines.boot(2, megabytes: 4)
    try machines.boot(3, also: "exec nc -l -k \(hosts[2]) 8081")
    let run = try machines.update(["--start"] + hosts, ["PROGRAMS": path("programs")])
    XCTAssertEqual(run.status, 1)
    let lines = run.stdout.split(separator: "\n")
    XCTAssertEqual(lines.count, 3, run.stdout)
    XCTAssertTrue(lines[0].hasPrefix("ERROR: \(hosts[1]):8081: no space: "), run.stdout)
    XCTAssertTrue(lines[1].hasPrefix("ERROR: \(hosts[2]):8081: port 8081 is taken by nc"), run.stdout)
    XCTAssertTrue(
      lines[2].hasPrefix("ERROR: \(hosts[3]):8081: not reached: ssh: connect to host "), run.stdout)
    for number in 1...3 {
      XCTAssertEqual(try machines.on(number, "ls -A").stdout, ".ssh\n", "machine \(number)")
    }
  }
}
