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
      case $2 in
      *"cat >"*) if [ -e "\(directory.path)/$host.mangles" ]; then head -c 1000 | exec sh -c "$2"; exit; fi ;;
      *"kvnode.new --version"*)
        if [ -e "\(directory.path)/$host.differs" ]; then
          echo "sh: ./kvnode.new: Exec format error" >&2
          exit 126
        fi
        ;;
      esac
      exec sh -c "$2"

      """, to: "bin/ssh", executable: true)
  }

  private func update(_ words: [String], _ further: [String: String] = [:]) throws -> ScriptRun {
    let settings = [
      "PATH": "\(path("bin")):\(environment["PATH"]!)", "PROGRAMS": Self.products.path, "AT_BOOT": "no",
    ]
    return try run([Self.script("update.sh")] + words, settings.merging(further) { $1 })
  }

  private func calls() -> Int { read("ssh.log").split(separator: "\n").count }

  func testCopiesToEveryHost() throws {
    let run = try update(["one,two:9000", "three"])
    let copied = "copied kvnode kvclient launch.sh service.sh servers.txt\n"
    XCTAssertEqual(run.stdout, "one:8081: \(copied)two:9000: \(copied)three:8081: \(copied)")
    XCTAssertEqual(run.status, 0)
    XCTAssertEqual(read("one/quorate/servers.txt"), "one:8081\ntwo:9000\nthree:8081\n")
    XCTAssertEqual(read("two/quorate/servers.txt"), "two:9000\none:8081\nthree:8081\n")
    let files = try FileManager.default.contentsOfDirectory(atPath: path("three/quorate")).sorted()
    XCTAssertEqual(files, ["kvclient", "kvnode", "launch.sh", "servers.txt", "service.sh"])
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
    XCTAssertEqual(calls() - before, 6, "one look at each, on a connection that is closed")
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
          + "-o StrictHostKeyChecking=no -o ControlMaster=auto -o ControlPath="), "\(line)")
    XCTAssertTrue(line.contains(" -o ControlPersist=60 ::1 sh -c "), "\(line)")
  }

  /// A look at all comes before anything changes on any; then all files arrive before any takes its place.
  func testWhereOneFailsNothingChangesAnywhere() throws {
    for obstacle in ["unreachable", "mangles", "differs"] {
      try write("", to: "two.\(obstacle)")
      let run = try update(["--start", "one", "two", "three"])
      let line = [
        "unreachable": "not reached: ssh: connect to host two port 22: No route to host",
        "mangles": "kvnode arrived mangled: 1000 bytes of ",
        "differs": "the new program does not run there: sh: ./kvnode.new: Exec format error",
      ][obstacle]!
      XCTAssertTrue(run.stdout.hasPrefix("ERROR: two:8081: \(line)"), run.stdout)
      XCTAssertEqual(run.stdout.filter { $0 == "\n" }.count, 1, run.stdout)
      XCTAssertTrue(run.stderr.hasSuffix("ERROR: nothing has been changed\n"), run.stderr)
      XCTAssertEqual(run.status, 1)
      for host in ["one", "two", "three"] { XCTAssertFalse(exists("\(host)/quorate"), "\(obstacle) \(host)") }
      try FileManager.default.removeItem(atPath: path("two.\(obstacle)"))
    }
  }

  func testAForeignProgramOnThePortIsNamed() throws {
    let taken = try TakenPort(from: freePorts(1))
    let run = try update(["--start", "127.0.0.1:\(taken.port)"])
    XCTAssertTrue(
      run.stdout.hasPrefix("ERROR: 127.0.0.1:\(taken.port): port \(taken.port) is taken by "), run.stdout)
    XCTAssertTrue(run.stdout.hasSuffix(", pid \(getpid())\n"), run.stdout)
    XCTAssertFalse(exists("127.0.0.1/quorate"))
    XCTAssertEqual(try update(["--start", "127.0.0.2:\(taken.port)"]).status, 0, "another address is free")
  }

  /// The only one of a cluster is nobody's backup.
  func testRenewsTheOnlyServerOnlyByForce() throws {
    let server = "127.0.0.1:\(try freePorts(1))"
    let words = { (options: [String]) in ["--start", server, "--"] + options }
    let first = try update(words(["--memory"]))
    let pid = { self.pid("127.0.0.1/quorate/kvnode.pid") }
    let before = pid()
    XCTAssertEqual(
      first.stdout,
      """
      \(server): copied kvnode kvclient launch.sh service.sh servers.txt; serves, pid \(before), in \(path("127.0.0.1/quorate"))
      all 1 ready, primary \(server)

      """, first.stderr)
    XCTAssertTrue(isAlive(before))
    let again = "\(server): nothing to do\nall 1 ready, primary \(server)\n"
    XCTAssertEqual(try update(words(["--memory"])).stdout, again)
    let client = [Self.program("kvclient"), "-h", server, "-k", "color", "-v", "blue"]
    XCTAssertEqual(try run(client).stdout, "NULL\n")

    let refused = try update(words(["--memory", "--strict"]))
    XCTAssertEqual(
      refused.stdout,
      "ERROR: \(server): not to be taken down: its 1 keys would be lost, since it keeps nothing on disk and no "
        + "other server holds them; FORCE=1 does it all the same\n")
    XCTAssertEqual(refused.status, 1)
    XCTAssertEqual(pid(), before)
    let wrong = try update(words(["--no-such"]), ["FORCE": "1"])
    assertFails(wrong, 2, "\"--no-such\" is not an option, or is ambiguous; see --help")
    XCTAssertTrue(isAlive(before), "a wrong option ends no server")

    let told = try update(words(["--memory", "--strict"]), ["FORCE": "1", "DRY_RUN": "1"])
    XCTAssertEqual(told.stdout, "\(server): would end and start: other options; the primary\n")
    XCTAssertTrue(isAlive(before))
    XCTAssertEqual(try update(words(["--memory", "--strict"]), ["FORCE": "1"]).status, 0)
    XCTAssertFalse(isAlive(before))
    XCTAssertTrue(isAlive(pid()))
  }

  /// Three of this machine's addresses; the fake ssh gives each a directory.
  private func startThree(_ options: [String]) throws -> (
    servers: [String], pids: () -> [pid_t], update: ([String], [String: String]) throws -> ScriptRun
  ) {
    let port = try freePorts(1)
    let hosts = (1...3).map { "127.0.0.\($0)" }
    let update = { (options: [String], further: [String: String]) in
      try self.update(
        ["--start"] + hosts + ["--"] + options, ["PORT": "\(port)"].merging(further) { $1 })
    }
    let first = try update(options, [:])
    XCTAssertEqual(first.status, 0, first.stdout + first.stderr)
    let servers = hosts.map { "\($0):\(port)" }
    XCTAssertEqual(
      try run([Self.program("kvclient"), "-h", servers[0], "-k", "color", "-v", "blue"]).stdout, "NULL\n")
    return (servers, { hosts.map { self.pid("\($0)/quorate/kvnode.pid") } }, update)
  }

  private func color(at server: String) throws -> String {
    try run([Self.program("kvclient"), "-h", server, "-k", "color"]).stdout
  }

  /// Each that is ended and started anew answers linearizably before the next one's turn: nothing is lost though
  /// nothing is on a disk, and at the end all are new.
  func testRenewsAClusterOneByOne() throws {
    let (servers, pids, update) = try startThree(["--memory"])
    let before = pids()
    XCTAssertEqual(before.filter(isAlive).count, 3)
    let second = try update(["--memory", "--strict"], [:])
    XCTAssertEqual(second.status, 0, second.stdout + second.stderr)
    XCTAssertEqual(before.filter(isAlive), [])
    XCTAssertEqual(pids().filter(isAlive).count, 3)
    for server in servers { XCTAssertEqual(try color(at: server), "blue\n") }
    let fewer = try self.update(["--start", servers[0], servers[1]], [:])
    XCTAssertEqual(fewer.status, 1)
    XCTAssertTrue(
      fewer.stdout.hasPrefix(
        "ERROR: \(servers[0]): it belongs to the servers \(servers.joined(separator: " ")): a set of servers is fixed\n"
      ), fewer.stdout)
  }

  func testStopsAtTheFirstThatDoesNotComeBack() throws {
    let (servers, pids, update) = try startThree([])
    let before = pids()
    // A directory that cannot be made: known only once the server starts.
    let bad = try update(["--data", "/proc/no/such"], [:])
    XCTAssertEqual(bad.status, 1)
    XCTAssertTrue(
      bad.stdout.contains(": does not serve: kvnode has ended: ERROR: "), bad.stdout + bad.stderr)
    XCTAssertTrue(bad.stderr.contains("stopped: done none; as before: "), bad.stderr)
    XCTAssertEqual(zip(before, pids()).filter { $0 == $1 && isAlive($0) }.count, 2, "the others go on")
    let good = try update(["--strict"], [:])
    XCTAssertEqual(good.status, 0, good.stdout + good.stderr)
    for server in servers { XCTAssertEqual(try color(at: server), "blue\n") }
  }

  func testTakesNobodyDownWhileTheOthersAreFrozen() throws {
    let (servers, pids, update) = try startThree([])
    let before = pids()
    for pid in before.dropFirst() { kill(pid, SIGSTOP) }
    defer { for pid in before.dropFirst() { kill(pid, SIGCONT) } }
    let refused = try update(["--strict"], ["WAIT_SECONDS": "2"])
    XCTAssertEqual(refused.status, 1)
    XCTAssertTrue(refused.stdout.contains("ERROR: \(servers[0]): not to be taken down: "), refused.stdout)
    XCTAssertEqual(pids(), before)
    XCTAssertEqual(before.filter(isAlive).count, 3)
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
      "REMOTE_DIR": path("remote"), "AT_BOOT": "no",
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
      \(server): copied kvnode kvclient launch.sh service.sh servers.txt; serves, pid \(pid), in \(path("remote"))
      all 1 ready, primary \(server)

      """, update.stderr)
    XCTAssertEqual(update.status, 0)
    XCTAssertTrue(isAlive(pid), "it outlives the connection")
    let again = try run([Self.script("update.sh"), "--start", server, "--", "--memory"], settings)
    XCTAssertEqual(again.stdout, "\(server): nothing to do\nall 1 ready, primary \(server)\n")

    let refused = try run(
      [Self.script("update.sh"), server], settings.merging(["SSH_USER": "nobody-of-that-name"]) { $1 })
    XCTAssertTrue(refused.stdout.hasPrefix("ERROR: \(server): not reached: "), refused.stdout)
    XCTAssertEqual(refused.status, 1)
  }
}
