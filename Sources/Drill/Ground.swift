import Foundation
import UV

/// Where the servers of a trial stand.
protocol Ground: AnyObject {
  /// The line of servers.txt.
  func address(_ server: Int) -> String
  func socketAddress(_ server: Int) -> SocketAddress
  /// Words before a program that put it on that server's machine.
  func prefix(_ server: Int) -> [String]
  /// Words before a program that put it where the clients are, whom no cut concerns.
  var clientPrefix: [String] { get }
  /// Sockets that are made within are the clients'.
  func asClient<Result>(_ body: () throws -> Result) rethrows -> Result
  /// Starts a server's program. `directory`: its own, with its servers.txt.
  func launch(_ server: Int, _ program: [String], in directory: String) throws -> any ServerProcess
  /// Takes away all that a server keeps. It does not run.
  func wipe(_ server: Int, in directory: String) throws
  /// Throws what went wrong since the last time with what was under way.
  func check() throws
}

extension Ground {
  func launch(_ server: Int, _ program: [String], in directory: String) throws -> any ServerProcess {
    try TrialProcess(
      program, prefix: prefix(server), in: directory, stdout: directory + "/stderr",
      stderr: directory + "/stderr")
  }

  func wipe(_ server: Int, in directory: String) throws {
    let data = directory + "/kvnode.data"
    if FileManager.default.fileExists(atPath: data) { try FileManager.default.removeItem(atPath: data) }
  }

  func check() throws {}
}

/// All on this machine, each at an address of its own in 127/8, which no other test uses: outgoing connections
/// have the source 127.0.0.1 and ports from another range, so the port of a killed server stays free.
final class LoopbackGround: Ground {
  private let hosts: [String]
  private let port: UInt16

  init(servers: Int) {
    let number = UInt32(getpid())
    let net = "127.\(64 + (number >> 8) % 64).\(number % 256)"
    let first = LoopbackGround.nextHost
    LoopbackGround.nextHost = (first + servers) % 140
    // All of one width, so that their order is that of their numbers.
    hosts = (0..<servers).map { "\(net).\(100 + first + $0)" }
    port = UInt16.random(in: 10_000...30_000)
  }

  /// Trials of one process follow each other on fresh addresses: no TIME_WAIT of one concerns the next.
  nonisolated(unsafe) private static var nextHost = 0

  func address(_ server: Int) -> String { "\(hosts[server]):\(port)" }
  func socketAddress(_ server: Int) -> SocketAddress { SocketAddress(hosts[server], port: port)! }
  func prefix(_ server: Int) -> [String] { [] }
  var clientPrefix: [String] { [] }
  func asClient<Result>(_ body: () throws -> Result) rethrows -> Result { try body() }
}
