import Servers
import UV

/// Where somebody else's servers stand: they are reached, and nothing more.
final class ForeignGround: Ground {
  private let servers: [ServerAddress]
  private let addresses: [SocketAddress]

  /// Resolves the names, once. Turns the loop.
  init(_ servers: [ServerAddress], loop: Loop) throws {
    self.servers = servers
    addresses = try servers.map { try Self.resolve($0, loop) }
  }

  private static func resolve(_ server: ServerAddress, _ loop: Loop) throws -> SocketAddress {
    if let numeric = SocketAddress(server.host, port: server.port) { return numeric }
    var found: Result<[SocketAddress], UVError>?
    _ = try Lookup(loop, host: server.host, port: server.port) { found = $0 }
    while found == nil { loop.runOnce() }
    guard let first = try found?.get().first else {
      throw CommandResult.Failure.failed([server.text], "no address")
    }
    return first
  }

  func address(_ server: Int) -> String { servers[server].text }
  func socketAddress(_ server: Int) -> SocketAddress { addresses[server] }
  func prefix(_ server: Int) -> [String] { preconditionFailure("nothing is started on foreign ground") }
  var clientPrefix: [String] { [] }
  func asClient<Result>(_ body: () throws -> Result) rethrows -> Result { try body() }
}
