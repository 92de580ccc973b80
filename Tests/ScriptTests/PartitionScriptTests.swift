import Foundation
import Support
import XCTest

/// `scripts/partition.sh`, in a network namespace that the test makes; and what it refuses, anywhere.
final class PartitionScriptTests: ScriptTestCase {
  private var namespaces: [String] = []

  override func tearDownWithError() throws {
    for name in namespaces { XCTAssertEqual(try tool("ip", "netns", "del", name).status, 0) }
    namespaces = []
    try super.tearDownWithError()
  }

  private func tool(_ words: String...) throws -> ScriptRun {
    try run(["/usr/bin/env"] + words, ["PATH": environment["PATH"]! + ":/usr/sbin:/sbin"])
  }

  private func makeNamespace() throws -> String {
    guard geteuid() == 0 else { throw XCTSkip("needs root for network namespaces") }
    let name = "quorate-\(getpid())-\(UInt16.random(in: 0...UInt16.max))"
    let made = try tool("ip", "netns", "add", name)
    guard made.status == 0 else { throw XCTSkip("no network namespaces here: \(made.stderr)") }
    namespaces.append(name)
    XCTAssertEqual(try tool("ip", "-n", name, "link", "set", "lo", "up").status, 0)
    guard try tool("ip", "netns", "exec", name, "iptables", "-S").status == 0 else {
      throw XCTSkip("no iptables here")
    }
    return name
  }

  private func partition(_ words: [String], _ further: [String: String] = [:]) throws -> ScriptRun {
    try run(["/bin/sh", Self.script("partition.sh")] + words, further)
  }

  private func rules(_ namespace: String, _ program: String = "iptables") throws -> String {
    try tool("ip", "netns", "exec", namespace, program, "-S").stdout
  }

  func testCutsTwiceAndHeals() throws {
    let name = try makeNamespace()
    let place = ["NETNS": name]
    XCTAssertEqual(
      try tool("ip", "netns", "exec", name, "iptables", "-A", "INPUT", "-s", "192.0.2.1", "-j", "DROP")
        .status, 0)
    let (before, before6) = (try rules(name), try rules(name, "ip6tables"))
    for _ in 0..<2 {
      for words in [["cut", "10.9.0.1:8081", "10.9.0.2"], ["cut-one-way", "[fd00::1]:8081", "fd00::2"]] {
        let run = try partition(words, place)
        XCTAssertEqual(run.stdout + run.stderr, "", "\(words)")
        XCTAssertEqual(run.status, 0)
      }
      XCTAssertEqual(
        try partition(["list"], place).stdout,
        """
        \(name): 10.9.0.1 -> 10.9.0.2 cut
        \(name): 10.9.0.2 -> 10.9.0.1 cut
        \(name): fd00::1 -> fd00::2 cut

        """)
    }
    let further = place.merging(["SERVERS": "10.9.0.1:8081,10.9.0.2:8081,10.9.0.3:8081"]) { $1 }
    XCTAssertEqual(try partition(["isolate", "10.9.0.1"], further).status, 0)
    let list = try partition(["list"], place).stdout
    XCTAssertTrue(
      list.contains("10.9.0.1 -> 10.9.0.3 cut") && list.contains("10.9.0.3 -> 10.9.0.1 cut"), list)
    for _ in 0..<2 {
      XCTAssertEqual(try partition(["heal"], place).status, 0)
      XCTAssertEqual(try partition(["list"], place).stdout, "")
      XCTAssertEqual(try rules(name), before, "nothing of it is left, and nothing else was touched")
      XCTAssertEqual(try rules(name, "ip6tables"), before6)
    }
  }

  /// A server on 127.0.0.2, asked from 127.0.0.3 and 127.0.0.4.
  func testPacketsArePassedAndDropped() throws {
    let name = try makeNamespace()
    let place = ["NETNS": name, "SERVERS": "127.0.0.2:8081,127.0.0.3:8081"]
    try write("127.0.0.2:8081\n", to: "servers.txt")
    let server = try Child(
      ["/usr/sbin/ip", "netns", "exec", name, Self.program("kvnode"), "--memory"], in: directory,
      environment: environment)
    defer { server.end() }
    waitUntil("kvnode serves") { server.stderr.contains("event=serving") || !server.isRunning }
    let passes = { (source: String) in
      try self.tool(
        "ip", "netns", "exec", name, "curl", "-s", "-o", "/dev/null", "--max-time", "1", "--interface",
        source,
        "http://127.0.0.2:8081/-/healthy"
      ).status == 0
    }
    XCTAssertTrue(try passes("127.0.0.3"))
    for cut in [
      ["cut", "127.0.0.2", "127.0.0.3"], ["cut-one-way", "127.0.0.2", "127.0.0.3"],
      ["cut-one-way", "127.0.0.3", "127.0.0.2"], ["isolate", "127.0.0.2:8081"],
    ] {
      XCTAssertEqual(try partition(cut, place).status, 0)
      XCTAssertFalse(try passes("127.0.0.3"), "\(cut)")
      XCTAssertTrue(try passes("127.0.0.4"), "\(cut): others pass")
      XCTAssertEqual(try partition(["heal"], place).status, 0)
      XCTAssertTrue(try passes("127.0.0.3"), "healed after \(cut)")
    }
  }

  /// Two servers of one machine, by the addresses that servers.txt gives them; and only those two.
  func testServersOfOneMachineAreCutByTheirAddresses() throws {
    let name = try makeNamespace()
    let hosts = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
    let servers = try hosts.map { own in
      let lines = ([own] + hosts.filter { $0 != own }).map { "\($0):8081\n" }
      try write(lines.joined(), to: "\(own)/servers.txt")
      return try Child(
        ["/usr/sbin/ip", "netns", "exec", name, Self.program("kvnode"), "--memory"],
        in: directory.appendingPathComponent(own), environment: environment)
    }
    defer { for server in servers { server.end() } }
    func links(_ host: String) -> String {
      let status = try? tool(
        "ip", "netns", "exec", name, "curl", "-s", "--max-time", "1", "http://\(host):8081/-/status")
      let peers = status?.stdout.components(separatedBy: "\"peers\":").last ?? ""
      return hosts.filter { peers.contains("\"id\":\"\($0):8081\",\"link\":\"up\"") }
        .joined(separator: " ")
    }
    let all = ["127.0.0.3 127.0.0.4", "127.0.0.2 127.0.0.4", "127.0.0.2 127.0.0.3"]
    waitUntil("all are linked") { hosts.map(links) == all }
    for cut in [["cut", "127.0.0.2", "127.0.0.3"], ["cut-one-way", "127.0.0.3:8081", "127.0.0.2:8081"]] {
      XCTAssertEqual(try partition(cut, ["NETNS": name]).status, 0)
      waitUntil("\(cut): the link is down") {
        hosts.map(links) == ["127.0.0.4", "127.0.0.4", "127.0.0.2 127.0.0.3"]
      }
      XCTAssertEqual(try partition(["heal"], ["NETNS": name]).status, 0)
      waitUntil("\(cut): all are linked again") { hosts.map(links) == all }
    }
    for server in servers { XCTAssertTrue(server.isRunning, server.stderr) }
  }

  /// `--ssh` has the script run itself there: here an `ssh` that does so in the host's namespace.
  func testOverSsh() throws {
    let (one, two) = (try makeNamespace(), try makeNamespace())
    try write(
      """
      #!/bin/sh
      while [ $# -gt 0 ]; do
        case $1 in
        -o | -l | -p | -i) shift 2 ;;
        *) break ;;
        esac
      done
      case $1 in
      127.0.0.2) place=\(one) ;;
      127.0.0.3) place=\(two) ;;
      *)
        echo "ssh: no route to $1" >&2
        exit 255
        ;;
      esac
      exec ip netns exec "$place" sh -c "$2"

      """, to: "bin/ssh", executable: true)
    try write("127.0.0.2:8081\n127.0.0.3:8081 # the other\r\n", to: "servers.txt")
    let settings = ["PATH": "\(path("bin")):\(environment["PATH"]!):/usr/sbin"]
    XCTAssertEqual(try partition(["--ssh", "cut-one-way", "127.0.0.2", "127.0.0.3"], settings).stderr, "")
    XCTAssertEqual(
      try partition(["--ssh", "list"], settings).stdout,
      "127.0.0.2: 127.0.0.2 -> 127.0.0.3 cut\n127.0.0.3: 127.0.0.2 -> 127.0.0.3 cut\n")
    XCTAssertEqual(try partition(["--ssh", "heal"], settings).status, 0)
    XCTAssertEqual(try partition(["--ssh", "list"], settings).stdout, "")
    XCTAssertEqual(try partition(["--ssh", "isolate", "127.0.0.3"], settings).status, 0)
    XCTAssertEqual(
      try partition(["--ssh", "list"], settings).stdout,
      "127.0.0.3: 127.0.0.3 -> 127.0.0.2 cut\n127.0.0.3: 127.0.0.2 -> 127.0.0.3 cut\n")
    assertFails(
      try partition(["--ssh", "cut", "127.0.0.3", "127.0.0.9"], settings), 1,
      "127.0.0.9: ssh: no route to 127.0.0.9")
  }

  func testUsage() throws {
    let cases: [([String], Int32, String)] = [
      ([], 2, "no command: see partition.sh --help"),
      (["split", "a", "b"], 2, "unknown command 'split': see partition.sh --help"),
      (["cut", "10.0.0.1"], 2, "cut takes 2 server(s), not 1: see partition.sh --help"),
      (["heal", "10.0.0.1"], 2, "heal takes 0 server(s), not 1: see partition.sh --help"),
      (["cut", "10.0.0.1", "a;b"], 2, "'a;b' is not a host: see partition.sh --help"),
      (["cut", "10.0.0.1", "-j"], 2, "'-j' is not a host: see partition.sh --help"),
      (["cut", "no-such.invalid", "10.0.0.1"], 1, "no-such.invalid has no address"),
      (
        ["cut", "10.0.0.1", "fd00::1"], 1,
        "nothing to cut: no other server, or none with an address of the same family"
      ),
      (
        ["cut", "127.0.0.1:8081", "127.0.0.1:8082"], 1,
        "both servers have the address 127.0.0.1: they cannot be told apart by address"
      ),
      (
        ["isolate", "10.0.0.1"], 2,
        "which servers are there? SERVERS=HOST,… says it, or a servers.txt in this directory"
      ),
    ]
    for (words, status, message) in cases { assertFails(try partition(words), status, message, "\(words)") }
    assertFails(
      try partition(["--ssh", "list"], ["NETNS": "x"]), 2,
      "--ssh and NETNS exclude each other: see partition.sh --help")
    if geteuid() == 0 {
      assertFails(try partition(["list"], ["NETNS": "no-such"]), 1, "no network namespace no-such")
    } else {
      assertFails(
        try partition(["list"]), 1,
        "iptables needs root: run this as root, or allow sudo for iptables without password")
    }
  }
}
