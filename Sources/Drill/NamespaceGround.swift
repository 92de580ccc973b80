import Foundation
import UV

/// Each server in a network namespace of its own, joined by a bridge in one more, where the clients are too.
///
/// No namespace has a name: each lives as long as a process that sleeps in it, and those end with the trial or,
/// should the test die, by the kernel's hand. So nothing is left to sweep. Packets are dropped in a server's
/// namespace by the addresses of other servers only; the clients reach all servers always.
final class NamespaceGround: Ground {
  static let port: UInt16 = 8081
  private static let clients = "10.77.0.254"

  private let loop: Loop
  private let scratch: Scratch
  private let hub: TrialProcess
  private let holders: [TrialProcess]

  init(servers: Int, loop: Loop, scratch: Scratch) throws {
    (self.loop, self.scratch) = (loop, scratch)
    hub = try Self.hold()
    holders = try (0..<servers).map { _ in try Self.hold() }
    for holder in [hub] + holders where !loop.turn(seconds: 20, until: { Self.isHolding(holder) }) {
      throw CommandResult.Failure.failed(["unshare --net"], "no namespace of its own")
    }
    var bridge = "ip link set lo up; ip link add hub type bridge; ip address add \(Self.clients)/24 dev hub"
    bridge += "; ip link set hub up"
    for (server, holder) in holders.enumerated() {
      bridge += "; ip link add port\(server) type veth peer name wire netns \(holder.pid)"
      bridge += "; ip link set port\(server) master hub up"
    }
    try run(bridge, in: hub)
    for (server, holder) in holders.enumerated() {
      let address = "ip address add \(host(server))/24 dev wire"
      try run("ip link set lo up; \(address); ip link set wire up", in: holder)
    }
  }

  /// Why there can be none here; nil where there can.
  static func obstacle(loop: Loop, scratch: Scratch) -> String? {
    if geteuid() != 0 { return "network namespaces need root" }
    let words = [
      "unshare", "--net", "--", "sh", "-ec", "ip link set lo up; iptables -w -S; nsenter --version",
    ]
    let result = try? CommandResult(words, on: loop, in: scratch)
    if result?.status == 0 { return nil }
    return "no network namespaces with iptables here: \(result?.stderr ?? "unshare does not start")"
  }

  private static func hold() throws -> TrialProcess {
    try TrialProcess(["sleep", "infinity"], prefix: ["unshare", "--net", "--"])
  }

  /// The last program of the chain runs: what came before it is done.
  private static func isHolding(_ process: TrialProcess) -> Bool {
    guard process.exitStatus == nil else { return false }
    let words = FileManager.default.contents(atPath: "/proc/\(process.pid)/cmdline") ?? Data()
    return words.starts(with: Data("sleep".utf8))
  }

  private func entrance(_ process: TrialProcess) -> [String] {
    ["nsenter", "--net=/proc/\(process.pid)/ns/net", "--"]
  }

  private func run(_ script: String, in process: TrialProcess) throws {
    let words = ["sh", "-ec", script]
    try CommandResult(words, prefix: entrance(process), on: loop, in: scratch).check(script)
  }

  func host(_ server: Int) -> String { "10.77.0.\(server + 1)" }
  func address(_ server: Int) -> String { "\(host(server)):\(Self.port)" }
  func socketAddress(_ server: Int) -> SocketAddress { SocketAddress(host(server), port: Self.port)! }
  func prefix(_ server: Int) -> [String] { entrance(holders[server]) }
  var clientPrefix: [String] { entrance(hub) }

  func asClient<Result>(_ body: () throws -> Result) rethrows -> Result {
    let inside = open("/proc/\(hub.pid)/ns/net", O_RDONLY | O_CLOEXEC)
    let outside = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
    defer {
      close(inside)
      close(outside)
    }
    enterNamespace(inside)
    defer { enterNamespace(outside) }
    return try body()
  }
}

extension NamespaceGround: CuttableGround {
  var servers: Range<Int> { holders.indices }
  func run(_ script: String, at server: Int) throws { try run(script, in: holders[server]) }
  func heal() throws { for server in servers { try join(server) } }
}

private typealias SetNamespace = @convention(c) (Int32, Int32) -> Int32

/// `setns` of this thread, which the system's module for Swift leaves out.
private let setNamespace: SetNamespace = {
  guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "setns") else { preconditionFailure("no setns in libc") }
  return unsafeBitCast(symbol, to: SetNamespace.self)
}()

private func enterNamespace(_ descriptor: Int32) {
  let isNetwork: Int32 = 0x4000_0000  // CLONE_NEWNET
  let result = setNamespace(descriptor, isNetwork)
  precondition(result == 0, "setns: \(String(cString: strerror(errno)))")
}
