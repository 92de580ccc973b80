import Foundation
import Support
import XCTest

/// What starts a server at boot, and again after a crash: `launch.sh` with and without systemd, and what kvnode
/// tells who started it.
final class BootTests: ScriptTestCase {
  private var address = ""

  override func setUpWithError() throws {
    try super.setUpWithError()
    address = "127.0.0.1:\(try freePorts(1))"
  }

  private func launch(_ words: [String], _ further: [String: String] = [:]) throws -> ScriptRun {
    let settings = [
      "QUORATE_HOME": path("home"), "KVNODE": Self.program("kvnode"),
      "PATH": "\(path("bin")):\(environment["PATH"]!)", "QUORATE_SYSTEMD_MARK": path("mark"),
      "QUORATE_UNITS": path("units"), "HOME": directory.path,
    ]
    return try run(["/bin/sh", Self.script("launch.sh")] + words, settings.merging(further) { $1 })
  }

  private var serverPid: pid_t { pid("home/kvnode.pid") }

  func testWithoutSystemdAScriptStartsItAtBoot() throws {
    try write(
      """
      #!/bin/sh
      case $1 in
      -l) cat "\(path("crontab"))" 2>/dev/null ;;
      -) cat >"\(path("crontab.new"))" && mv "\(path("crontab.new"))" "\(path("crontab"))" ;;
      esac

      """, to: "bin/crontab", executable: true)
    try write("5 4 * * * true\n", to: "crontab")
    for _ in 0..<2 {
      let start = try launch(["start", address, "--", "--memory"], ["AT_BOOT": "yes"])
      XCTAssertEqual(start.status, 0, start.stderr)
      XCTAssertEqual(read("crontab"), "5 4 * * * true\n@reboot '\(path("home/start-at-boot"))'\n")
    }
    let before = serverPid
    XCTAssertEqual(try launch(["stop"]).status, 0)
    XCTAssertTrue(exists("home/start-at-boot"), "stop is for now, not for ever")

    // As a machine does that boots: no settings of ours, no terminal.
    let boot = try run([path("home/start-at-boot")])
    XCTAssertEqual(boot.stdout, "\(address) starts, in \(path("home"))\n", boot.stderr)
    waitUntil("it listens") {
      self.serverPid != before
        && self.read("home/kvnode.log").components(separatedBy: "event=listening").count == 3
    }
    XCTAssertTrue(
      try String(contentsOfFile: "/proc/\(serverPid)/cmdline", encoding: .utf8).hasSuffix("\0--memory\0"))
    XCTAssertEqual(
      try launch(["start"], ["AT_BOOT": "no"]).stdout, "\(address) runs already, pid \(serverPid)\n")
    XCTAssertFalse(exists("home/start-at-boot"))
    XCTAssertEqual(read("crontab"), "5 4 * * * true\n")
    XCTAssertEqual(try launch(["stop"]).status, 0)
  }

  /// A systemctl that does with a unit what systemd would, as far as launch.sh can see.
  private func installSystemctl() throws {
    try FileManager.default.createDirectory(atPath: path("mark"), withIntermediateDirectories: true)
    try write(
      """
      #!/bin/sh
      if [ "$1" = --user ]; then shift; fi
      echo "$*" >>"\(path("systemctl.log"))"
      unit="\(path("units"))/quorate.service"
      running() { read -r pid _ <"\(path("home"))/kvnode.pid" && kill -0 "$pid"; } 2>/dev/null
      case $1 in
      start)
        command=$(sed -n 's/^ExecStart=//p' "$unit")
        QUORATE_HOME="\(path("home"))" setsid sh -c "$command" </dev/null >>"\(path("home"))/kvnode.log" 2>&1 &
        ;;
      stop) if running; then kill -s TERM "$pid"; fi ;;
      show) if running; then echo "MainPID=$pid"; else echo MainPID=0; fi ;;
      esac

      """, to: "bin/systemctl", executable: true)
    try write("#!/bin/sh\n", to: "bin/loginctl", executable: true)
  }

  func testWithSystemdItIsAService() throws {
    try installSystemctl()
    let yes = ["AT_BOOT": "yes"]
    let start = try launch(["start", address, "--", "--memory"], yes)
    XCTAssertEqual(start.stdout, "\(address) serves, pid \(serverPid), in \(path("home"))\n", start.stderr)
    let unit = read("units/quorate.service")
    for line in [
      "Type=notify", "WorkingDirectory=\(path("home"))", "Restart=on-failure", "RestartPreventExitStatus=2",
    ] { XCTAssertTrue(unit.contains("\n\(line)\n"), unit) }
    if FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze") {
      let verified = try run([
        "/usr/bin/systemd-analyze", "verify", "--man=no", path("units/quorate.service"),
      ])
      XCTAssertFalse(verified.stderr.contains("quorate.service:"), verified.stderr)
    }
    XCTAssertFalse(exists("home/keeper.pid"), "systemd keeps it")
    let first = serverPid
    XCTAssertEqual(
      try launch(["renew", "--", "--memory"]).stdout, "\(address) runs already, pid \(first)\n",
      "still a service")
    XCTAssertEqual(try launch(["renew", "--", "--memory", "--strict"]).status, 0)
    XCTAssertFalse(isAlive(first))
    XCTAssertEqual(try launch(["stop"]).stdout, "\(address) ended\n")
    XCTAssertEqual(
      read("home/kvnode.log").components(separatedBy: "signal=SIGTERM").count, 3, "each was told once")
    XCTAssertEqual(
      read("systemctl.log").split(separator: "\n").filter { !$0.hasPrefix("show") },
      [
        "daemon-reload", "enable quorate.service", "stop --no-block quorate.service",
        "start --no-block quorate.service", "stop --no-block quorate.service",
        "start --no-block quorate.service", "stop --no-block quorate.service",
      ])

    try write(unit.replacingOccurrences(of: path("home"), with: "/elsewhere"), to: "units/quorate.service")
    assertFails(
      try launch(["start"], yes), 1, "\(path("units/quorate.service")) is that of another server")
  }

  /// sd_notify(3): to a path, and to a name without a file.
  func testTellsWhoStartedItHowItGoes() throws {
    for name in [path("notify"), "@quorate-\(UUID().uuidString)"] {
      let inbox = try Inbox(name)
      try write("\(address)\n", to: "servers.txt")
      let server = try Child(
        [Self.program("kvnode"), "--memory"], in: directory,
        environment: environment.merging(["NOTIFY_SOCKET": name]) { $1 })
      defer { server.end() }
      XCTAssertEqual(inbox.next(), "READY=1", server.stderr)
      XCTAssertEqual(
        try run([Self.program("kvclient"), "-h", address, "-k", "color"]).stdout, "NULL\n", "it listens")
      server.signal(SIGTERM)
      XCTAssertEqual(inbox.next(), "STOPPING=1")
      XCTAssertEqual(try server.waitForExit(), 0)
    }
    try write("\(address)\n", to: "servers.txt")
    let server = try Child(
      [Self.program("kvnode"), "--memory"], in: directory,
      environment: environment.merging(["NOTIFY_SOCKET": "/no/such"]) { $1 })
    defer { server.end() }
    waitUntil("it serves all the same") { server.stderr.contains("event=serving") || !server.isRunning }
    XCTAssertTrue(server.isRunning, server.stderr)
  }
}

/// A datagram socket that waits for what is told.
private final class Inbox {
  private let descriptor: Int32

  init(_ name: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var path = Array(name.utf8)
    if name.hasPrefix("@") { path[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let size = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    guard bound == 0 else { throw POSIXError(.EADDRINUSE) }
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  /// The next datagram; empty when none comes.
  func next() -> String {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }

  deinit { close(descriptor) }
}
