import Foundation
import Support
import XCTest

/// `scripts/update.sh`, with an `ssh` that runs the command here, in a directory for each host.
final class UpdateScriptTests: ScriptTestCase {
  override func setUpWithError() throws {
    try super.setUpWithError()
    try write(
      """
      #!/bin/sh
      # What ssh does, as far as update.sh asks: options, the host, one command line for a shell.
      echo "$*" >>"\(path("ssh.log"))"
      while [ $# -gt 0 ]; do
        case $1 in
        -o | -l | -p | -i) shift 2 ;;
        -O) exit 0 ;;
        *) break ;;
        esac
      done
      host=$1
      if [ -e "\(directory.path)/$host.unreachable" ]; then
        echo "ssh: connect to host $host port 22: No route to host" >&2
        exit 255
      fi
      mkdir -p "\(directory.path)/$host" && cd "\(directory.path)/$host" || exit 255
      if [ -e "\(directory.path)/$host.mangles" ]; then
        head -c 1000 | sh -c "$2"
      else
        exec sh -c "$2"
      fi

      """, to: "bin/ssh", executable: true)
  }

  private func update(_ words: [String], _ further: [String: String] = [:]) throws -> ScriptRun {
    let settings = [
      "PATH": "\(path("bin")):\(environment["PATH"]!)", "PROGRAMS": Self.products.path,
    ]
    return try run([Self.script("update.sh")] + words, settings.merging(further) { $1 })
  }

  private func calls() -> Int { read("ssh.log").split(separator: "\n").count }

  func testCopiesToEveryHost() throws {
    let run = try update(["one,two:9000", "three"])
    XCTAssertEqual(run.stderr, "")
    let copied = "copied kvnode kvclient launch.sh servers.txt\n"
    XCTAssertEqual(run.stdout, "one:8081: \(copied)two:9000: \(copied)three:8081: \(copied)")
    XCTAssertEqual(run.status, 0)
    XCTAssertEqual(read("one/quorate/servers.txt"), "one:8081\ntwo:9000\nthree:8081\n")
    XCTAssertEqual(read("two/quorate/servers.txt"), "two:9000\none:8081\nthree:8081\n")
    let files = try FileManager.default.contentsOfDirectory(atPath: path("three/quorate")).sorted()
    XCTAssertEqual(files, ["kvclient", "kvnode", "launch.sh", "servers.txt"])
    for program in ["kvnode", "kvclient"] {
      let version = try self.run([path("three/quorate/\(program)"), "--version"])
      XCTAssertTrue(version.stdout.hasPrefix(program), version.stdout)
      let size = { try FileManager.default.attributesOfItem(atPath: $0)[.size] as! Int }
      XCTAssertLessThan(
        try size(path("three/quorate/\(program)")), try size(Self.program(program)), "stripped")
    }

    let before = calls()
    let again = try update(["one,two:9000", "three"])
    XCTAssertEqual(
      again.stdout, "one:8081: nothing to do\ntwo:9000: nothing to do\nthree:8081: nothing to do\n")
    XCTAssertEqual(calls() - before, 3, "one look at each")
    XCTAssertEqual(
      try update(["one", "two:9000"]).stdout, "one:8081: copied servers.txt\ntwo:9000: copied servers.txt\n")
  }

  func testSaysHowSshIsCalled() throws {
    try write("no key", to: "key")
    let further = [
      "SSH_USER": "me", "SSH_PORT": "2222", "SSH_KEY": path("key"),
      "SSH_OPTIONS": "-o StrictHostKeyChecking=no",
      "REMOTE_DIR": "some where/it's", "PORT": "7000",
    ]
    XCTAssertEqual(try update(["[::1]"], further).status, 0)
    XCTAssertEqual(read("::1/some where/it's/servers.txt"), "[::1]:7000\n")
    let line = read("ssh.log").split(separator: "\n")[0]
    XCTAssertTrue(
      line.hasPrefix(
        "-o BatchMode=yes -o ConnectTimeout=10 -l me -p 2222 -i \(path("key")) -o IdentitiesOnly=yes "
          + "-o StrictHostKeyChecking=no ::1 "), "\(line)")
  }

  func testAHostThatFailsIsNamedAndTheOthersAreServed() throws {
    try write("", to: "two.unreachable")
    try write("", to: "three.mangles")
    let run = try update(["--start", "one", "two", "three"])
    let lines = run.stdout.split(separator: "\n").map(String.init)
    XCTAssertEqual(lines.count, 3, run.stdout)
    XCTAssertEqual(lines[0], "one:8081: copied kvnode kvclient launch.sh servers.txt")
    XCTAssertEqual(
      lines[1], "ERROR: two:8081: not reached: ssh: connect to host two port 22: No route to host")
    XCTAssertTrue(lines[2].hasPrefix("ERROR: three:8081: kvnode arrived mangled: 1000 bytes of "), lines[2])
    XCTAssertEqual(run.status, 1)
    XCTAssertFalse(exists("three/quorate/kvnode"), "what is mangled takes nobody's place")
    XCTAssertFalse(exists("one/quorate/kvnode.pid"), "nothing is started before all copies are good")
  }

  func testAProgramThatDoesNotRunThereTakesNobodysPlace() throws {
    XCTAssertEqual(try update(["one"]).status, 0)
    let works = try Data(contentsOf: URL(fileURLWithPath: path("one/quorate/kvnode")))
    // An object file of another machine: strip takes it, the kernel does not.
    for name in ["kvnode", "kvclient"] {
      var other = try Data(contentsOf: URL(fileURLWithPath: Self.program(name)))
      other.replaceSubrange(24..<32, with: Data(repeating: 0, count: 8))
      try FileManager.default.createDirectory(atPath: path("other"), withIntermediateDirectories: true)
      try other.write(to: URL(fileURLWithPath: path("other/\(name)")))
    }
    let run = try update(["one"], ["PROGRAMS": path("other")])
    XCTAssertTrue(run.stdout.hasPrefix("ERROR: one:8081: the new files do not work there: "), run.stdout)
    XCTAssertEqual(run.status, 1)
    XCTAssertEqual(try Data(contentsOf: URL(fileURLWithPath: path("one/quorate/kvnode"))), works)
  }

  func testStartsAndRenews() throws {
    let port = try freePorts(1)
    let server = "localhost:\(port)"
    let home = path("localhost/quorate")
    let first = try update(["--start", server, "--", "--memory"])
    let pid = { self.pid("localhost/quorate/kvnode.pid") }
    XCTAssertEqual(
      first.stdout,
      "\(server): copied kvnode kvclient launch.sh servers.txt\n\(server): \(server) serves, pid \(pid()), in \(home)\n"
    )
    XCTAssertEqual(first.status, 0)
    let before = pid()
    XCTAssertTrue(isAlive(before))

    let again = try update(["--start", server, "--", "--memory"])
    XCTAssertEqual(
      again.stdout, "\(server): nothing to do\n\(server): \(server) runs already, pid \(before)\n")
    XCTAssertEqual(try update(["--start", server, "--", "--memory", "--strict"]).status, 0)
    XCTAssertFalse(isAlive(before))
    XCTAssertTrue(isAlive(pid()))

    let broken = try update(["--start", server, "--", "--no-such"])
    XCTAssertTrue(
      broken.stdout.hasSuffix(
        "ERROR: \(server): does not serve: ERROR: kvnode has ended: ERROR: \"--no-such\" is not an option, "
          + "or is ambiguous; see --help\n"), broken.stdout)
    XCTAssertEqual(broken.status, 1)
  }

  /// Each that is ended and started anew answers linearizably before the next one's turn: nothing is lost, and at
  /// the end all are new.
  func testRenewsAClusterOneByOne() throws {
    let port = try freePorts(1)
    let hosts = (1...3).map { "127.0.0.\($0)" }
    let servers = hosts.map { "\($0):\(port)" }
    let pids = { hosts.map { self.pid("\($0)/quorate/kvnode.pid") } }
    let start = { (options: [String]) in
      try self.update(["--start"] + hosts + ["--"] + options, ["PORT": "\(port)"])
    }
    let first = try start(["--memory"])
    XCTAssertEqual(first.status, 0, first.stdout + first.stderr)
    let client = [Self.program("kvclient"), "-h"]
    XCTAssertEqual(try run(client + [servers[0], "-k", "color", "-v", "blue"]).stdout, "NULL\n")
    let before = pids()
    XCTAssertEqual(before.filter(isAlive).count, 3)
    let second = try start(["--memory", "--strict"])
    XCTAssertEqual(second.status, 0, second.stdout + second.stderr)
    XCTAssertEqual(before.filter(isAlive), [])
    XCTAssertEqual(pids().filter(isAlive).count, 3)
    for server in servers { XCTAssertEqual(try run(client + [server, "-k", "color"]).stdout, "blue\n") }
  }

  func testUsage() throws {
    let cases: [([String], [String: String], String)] = [
      ([], [:], "no hosts: see update.sh --help"),
      (["--start"], [:], "no hosts: see update.sh --help"),
      (["--begin", "a"], [:], "unknown option '--begin': see update.sh --help"),
      (["a,b;c"], [:], "'b;c' is not HOST or HOST:PORT: see update.sh --help"),
      (["a:port"], [:], "'a:port' is not HOST or HOST:PORT: see update.sh --help"),
      (["a:0"], [:], "the port is a number from 1 to 65535, not '0'"),
      (["a", "a:9"], [:], "a is given twice: one machine, one server: see update.sh --help"),
      (["a,b,c,d,e,f,g,h"], [:], "8 hosts: a cluster has at most 7 servers: see update.sh --help"),
      (["a", "--", "--memory"], [:], "kvnode options go with --start: see update.sh --help"),
      (["a"], ["SSH_PORT": "x"], "SSH_PORT is a number from 1 to 65535, not 'x'"),
      (["a"], ["SSH_KEY": "/no/such"], "SSH_KEY=/no/such cannot be read"),
    ]
    for (words, further, message) in cases {
      assertFails(try update(words, further), 2, message, "\(words)")
    }
    assertFails(try update(["a"], ["PROGRAMS": "/no/such"]), 1, "no /no/such/kvnode: make standalone")
    XCTAssertEqual(calls(), 0)
  }
}

/// The same over a real sshd on loopback, with keys of its own.
final class UpdateOverSshTests: ScriptTestCase {
  private var sshd: Child?

  override func tearDownWithError() throws {
    sshd?.end()
    try super.tearDownWithError()
  }

  private func startSshd() throws -> [String: String] {
    for program in ["/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/ssh-keygen"]
    where !FileManager.default.isExecutableFile(atPath: program) {
      throw XCTSkip("no \(program) here")
    }
    if geteuid() == 0, !FileManager.default.fileExists(atPath: "/run/sshd") {
      // sshd shuts its unprivileged part into this directory; only an installed service makes it.
      try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: false)
      addTeardownBlock { try FileManager.default.removeItem(atPath: "/run/sshd") }
    }
    for key in ["host-key", "key"] {
      let made = try run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path(key)])
      XCTAssertEqual(made.status, 0, made.stderr)
    }
    try write(read("key.pub"), to: "authorized")
    let port = try freePorts(1)
    try write(
      """
      Port \(port)
      ListenAddress 127.0.0.1
      HostKey \(path("host-key"))
      AuthorizedKeysFile \(path("authorized"))
      PidFile none
      StrictModes no
      PasswordAuthentication no
      PermitRootLogin prohibit-password

      """, to: "sshd_config")
    // Without a login session of its own it ends with this process.
    let sshd = try Child(
      ["/usr/bin/setpriv", "--pdeathsig", "KILL", "/usr/sbin/sshd", "-D", "-e", "-f", path("sshd_config")],
      in: directory, environment: environment)
    self.sshd = sshd
    waitUntil("sshd listens") { sshd.stderr.contains("Server listening") || !sshd.isRunning }
    XCTAssertTrue(sshd.isRunning, sshd.stderr)
    return [
      "SSH_PORT": "\(port)", "SSH_KEY": path("key"), "SSH_USER": NSUserName(), "PROGRAMS": Self.products.path,
      "SSH_OPTIONS": "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
      "REMOTE_DIR": path("remote"),
    ]
  }

  func testCopiesStartsAndRenews() throws {
    let settings = try startSshd()
    let server = "localhost:\(try freePorts(1))"
    let update = try run([Self.script("update.sh"), "--start", server, "--", "--memory"], settings)
    let pid = pid("remote/kvnode.pid")
    XCTAssertEqual(
      update.stdout,
      """
      \(server): copied kvnode kvclient launch.sh servers.txt
      \(server): \(server) serves, pid \(pid), in \(path("remote"))

      """, update.stderr)
    XCTAssertEqual(update.status, 0)
    XCTAssertTrue(isAlive(pid), "it outlives the connection")
    let again = try run([Self.script("update.sh"), "--start", server, "--", "--memory"], settings)
    XCTAssertEqual(again.stdout, "\(server): nothing to do\n\(server): \(server) runs already, pid \(pid)\n")

    let refused = try run(
      [Self.script("update.sh"), server], settings.merging(["SSH_USER": "nobody-of-that-name"]) { $1 })
    XCTAssertTrue(refused.stdout.hasPrefix("ERROR: \(server): not reached: "), refused.stdout)
    XCTAssertEqual(refused.status, 1)
  }
}
