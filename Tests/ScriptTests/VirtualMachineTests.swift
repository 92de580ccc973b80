import Foundation
import Support
import XCTest

/// `scripts/vms.sh`, with a real machine where there is root, /dev/net/tun, and Debian to fetch from.
final class VirtualMachineTests: ScriptTestCase {
  private static let script = script("vms.sh")
  private var settings: [String: String] {
    ["VMS_DIR": path("vms"), "VMS_NETNS": "quorate-test-\(getpid())", "VMS": "1"]
  }

  private func vms(_ words: String...) throws -> ScriptRun { try run([Self.script] + words, settings) }

  private func assertSays(_ text: String, _ words: String..., line: UInt = #line) throws {
    let said = try run([Self.script] + words, settings)
    XCTAssertEqual(said.status, 0, "\(words): \(said.stderr)", line: line)
    XCTAssertTrue(said.stdout.contains(text), "\(words): \(said.stdout)", line: line)
  }

  func testUsage() throws {
    for (words, message) in [
      ([], "no command: see vms.sh --help"), (["fly"], "unknown command 'fly': see vms.sh --help"),
      (["up", "now"], "unexpected argument 'now': see vms.sh --help"),
      (["ssh"], "which machine: see vms.sh --help"),
      (["ssh", "2"], "the machine is a number from 1 to 1, not '2'"),
      (["cable", "1", "half"], "the cable is off or on: see vms.sh --help"),
      (["clock", "1", "3600"], "how many seconds, as +3600 or -3600: see vms.sh --help"),
    ] {
      assertFails(try run([Self.script] + words, settings), 2, message, "\(words)")
    }
    assertFails(try vms("ssh", "1"), 1, "there is no machine 1: make vms")
    for (name, value) in [("VMS", "8"), ("VMS_MB", "12"), ("VMS_SECONDS", "x")] {
      let said = try run([Self.script, "status"], settings.merging([name: value]) { $1 })
      XCTAssertEqual(said.status, 2, said.stderr)
      XCTAssertTrue(said.stderr.hasPrefix("ERROR: \(name) is a number"), said.stderr)
    }
    XCTAssertTrue(try vms("--help").stdout.contains("unplug N"))
    XCTAssertEqual(try vms("hosts").stdout, "10.88.0.1:8081\n")
  }

  /// What scripts take over by `eval` is what it was, spaces included.
  func testTheEnvironmentCanBeTakenOver() throws {
    let directory = path("a b")
    let words = [
      "/bin/bash", "-ec", "eval \"$(\"$0\" env)\"; printf '%s\\n' \"$HOSTS\" \"$SSH_KEY\"", Self.script,
    ]
    let said = try run(words, ["VMS": "3", "VMS_DIR": directory])
    XCTAssertEqual(said.stdout, "10.88.0.1,10.88.0.2,10.88.0.3\n\(directory)/key\n", said.stderr)
  }

  private func needWhatMachinesNeed() throws {
    guard geteuid() == 0, FileManager.default.fileExists(atPath: "/dev/net/tun") else {
      throw XCTSkip("virtual machines need root and /dev/net/tun")
    }
    guard try run(["/bin/sh", "-c", "command -v qemu-system-x86_64 && command -v socat"]).status == 0 else {
      throw XCTSkip("no qemu-system-x86_64 or socat here: scripts/deps.sh vms")
    }
    let namespace = "quorate-try-\(getpid())"
    let search = ["PATH": environment["PATH"]! + ":/usr/sbin:/sbin"]
    let tried = try run(["/bin/sh", "-c", "ip netns add \(namespace) && ip netns del \(namespace)"], search)
    guard tried.status == 0 else { throw XCTSkip("no network namespaces here: \(tried.stderr)") }
  }

  /// Debian's packages are fetched once a checkout, by this or by `make vms`; the image is made of them anew.
  private func makeImage() throws {
    let packages = Self.top.appendingPathComponent(".build/vms/packages")
    try FileManager.default.createDirectory(at: packages, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: path("vms"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: path("vms/packages"), withDestinationPath: packages.path)
    let made = try run([Self.script("vms-image.sh")], settings, seconds: 240)
    for reason in ["cannot be fetched", "is not to be had here", "installs what is missing"]
    where made.status == 1 && made.stderr.contains(reason) {
      throw XCTSkip(made.stderr)
    }
    XCTAssertEqual(made.status, 0, made.stderr)
    XCTAssertTrue(exists("vms/quorate.img"), made.stdout)
  }

  func testOneMachine() throws {
    try needWhatMachinesNeed()
    try makeImage()
    defer { _ = try? vms("down") }

    let up = try run([Self.script, "up"], settings, seconds: 200)
    XCTAssertEqual(up.status, 0, up.stderr + read("vms/1/serial.log"))
    let pid = pid("vms/1/pid")
    XCTAssertTrue(isAlive(pid))
    try assertSays("1 machines run", "up")
    XCTAssertEqual(self.pid("vms/1/pid"), pid, "what runs is left alone")
    try assertSays("no server deployed", "status")

    try assertSays("written", "ssh", "1", "echo kept >note; sync; echo written")
    try assertSays("is cut", "cable", "1", "off")
    XCTAssertNotEqual(try vms("ssh", "1", "true").status, 0, "nothing passes a cut cable")
    try assertSays("is whole", "cable", "1", "on")
    try assertSays("stands still", "freeze", "1")
    try assertSays("goes on", "thaw", "1")
    try assertSays("is off", "unplug", "1")
    XCTAssertFalse(isAlive(pid))
    XCTAssertEqual(try vms("status").status, 1, "one is off")
    try assertSays("has booted", "plug", "1")
    try assertSays("kept", "ssh", "1", "cat note")

    let before = try time()
    try assertSays("+3600", "clock", "1", "+3600")
    XCTAssertGreaterThanOrEqual(try time(), before + 3600)
    try assertSays("ended 1 machines", "down")
    XCTAssertTrue(read("vms/1/serial.log").contains("quorate: down"), "in good order")
    try assertSays("nothing ran", "down")
  }

  private func time() throws -> Int {
    Int(try vms("ssh", "1", "date +%s").stdout.filter(\.isNumber)) ?? 0
  }
}
