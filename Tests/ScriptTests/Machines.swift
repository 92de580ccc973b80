import Foundation
import Support
import XCTest

/// Machines for a test to deploy to: each a namespace of network, processes and mounts, with a disk of its own for
/// root's home, and dropbear. A bridge in a namespace with a name joins them; nothing leads out. All end with the
/// test, whatever was started there: a namespace of processes ends with its first.
final class Machines {
  /// The bridge's namespace, where ssh and clients run.
  let network: String
  private let test: ScriptTestCase
  private var children: [Child] = []

  static let prefix = "10.78.0."

  init(_ test: ScriptTestCase) throws {
    guard geteuid() == 0 else { throw XCTSkip("needs root for network namespaces") }
    self.test = test
    network = "quorate-\(getpid())-\(UInt16.random(in: 0...UInt16.max))"
    for program in ["dropbear", "dropbearkey", "ssh", "ssh-keygen", "ip", "unshare", "objcopy"]
    where try test.run(["/bin/sh", "-c", "command -v \(program)"], path).status != 0 {
      throw XCTSkip("no \(program) here: scripts/deps.sh test")
    }
    let made = try test.run(["/usr/bin/env", "ip", "netns", "add", network], path)
    guard made.status == 0 else { throw XCTSkip("no network namespaces here: \(made.stderr)") }
    try shell(
      """
      ip link set lo up; ip link add hub type bridge; ip address add \(Self.prefix)254/24 dev hub
      ip link set hub up
      """)
    try must("ssh-keygen -q -t ed25519 -N '' -f key && dropbearkey -t ed25519 -f host-key >/dev/null")
  }

  func end() {
    for child in children { child.end() }
    XCTAssertEqual(try test.run(["/usr/bin/env", "ip", "netns", "del", network], path).status, 0)
  }

  private var path: [String: String] { ["PATH": test.environment["PATH"]! + ":/usr/sbin:/sbin"] }

  private func must(_ script: String) throws {
    let done = try test.run(["/bin/sh", "-ec", script], path)
    if done.status != 0 { throw Child.Failure.stillRuns("\(script): \(done.stderr)") }
  }

  /// In the bridge's namespace.
  func shell(_ script: String) throws {
    try test.write(script, to: "network.sh")
    try must("ip netns exec \(network) sh -ec '. ./network.sh'")
  }

  /// Boots machine `number`, whose root has a disk of `megabytes`; `command` runs there from the start.
  func boot(_ number: Int, megabytes: Int = 128, also command: String = ":") throws {
    let own = Self.prefix + "\(number)"
    try test.write(
      """
      mount -t tmpfs -o size=\(megabytes)m,mode=700 home /root
      mkdir -m 700 /root/.ssh && cp key.pub /root/.ssh/authorized_keys
      until ip link show wire >/dev/null 2>&1; do sleep 0.05; done
      ip link set lo up; ip address add \(own)/24 dev wire; ip link set wire up
      (cd /; \(command)) &
      /usr/sbin/dropbear -F -E -s -r host-key -p \(own):22 -P '' &
      wait

      """, to: "machine\(number).sh")
    let child = try Child(
      [
        "/usr/bin/unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--",
        "/bin/sh", "-ec", "touch unshared\(number); . ./machine\(number).sh",
      ], in: test.directory, environment: test.environment.merging(path) { $1 })
    children.append(child)
    waitUntil("machine \(number) has its namespaces") { test.exists("unshared\(number)") || !child.isRunning }
    try shell(
      """
      ip link add port\(number) type veth peer name wire netns \(child.pid)
      ip link set port\(number) master hub up
      """)
    waitUntil("machine \(number) is up") {
      (try? on(number, "true"))?.status == 0 || !child.isRunning
    }
    XCTAssertTrue(child.isRunning, child.stderr)
  }

  static let sshOptions =
    "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"

  func on(_ number: Int, _ command: String) throws -> ScriptRun {
    let options = Self.sshOptions.split(separator: " ").map(String.init)
    return try inside(
      ["ssh", "-i", test.path("key"), "-o", "BatchMode=yes"] + options
        + ["root@\(Self.prefix)\(number)", command])
  }

  /// Runs `words` where the clients are.
  func inside(_ words: [String]) throws -> ScriptRun {
    try test.run(entrance + words, path)
  }

  private var entrance: [String] { ["/usr/bin/env", "ip", "netns", "exec", network] }

  /// Starts `words` where the clients are.
  func start(_ words: [String]) throws -> Child {
    let child = try Child(
      entrance + words, in: test.directory, environment: test.environment.merging(path) { $1 })
    children.append(child)
    return child
  }

  func update(_ words: [String], _ further: [String: String] = [:]) throws -> ScriptRun {
    let settings = [
      "SSH_USER": "root", "SSH_KEY": test.path("key"), "SSH_OPTIONS": Self.sshOptions,
      "QUORATE_NETNS": network,
    ]
    return try test.run(
      [ScriptTestCase.script("update.sh")] + words,
      settings.merging(path) { $1 }.merging(further) { $1 })
  }
}
