/// Ground with a network for each server, in which packets can be dropped by the addresses of other servers;
/// the clients reach all servers always.
protocol CuttableGround: Ground {
  var servers: Range<Int> { get }
  /// The address of a server's machine.
  func host(_ server: Int) -> String
  /// Runs a shell's script in a server's network, as root. Turns the loop.
  func run(_ script: String, at server: Int) throws
  /// Ends all cuts.
  func heal() throws
}

extension CuttableGround {
  /// Nothing passes between the two.
  func cut(_ server: Int, _ other: Int) throws {
    try run("\(drop(from: other)); \(drop(to: other))", at: server)
  }

  /// Nothing passes from the one to the other; the way back is open.
  func cutOneWay(from server: Int, to other: Int) throws {
    try run(drop(from: server), at: other)
  }

  /// Cuts a server off from all others, at one moment.
  func isolate(_ server: Int) throws {
    try separate(server, from: servers.filter { $0 != server })
  }

  /// Nothing passes between a server and those others.
  func separate(_ server: Int, from others: [Int]) throws {
    let rules = others.flatMap { ["-A INPUT -s \(host($0)) -j DROP", "-A OUTPUT -d \(host($0)) -j DROP"] }
    let table = (["*filter"] + rules + ["COMMIT"]).joined(separator: "\\n")
    try run("printf '\(table)\\n' | iptables-restore -w --noflush", at: server)
  }

  /// All passes again in a server's network.
  func join(_ server: Int) throws { try run("iptables -w -F", at: server) }

  private func drop(from server: Int) -> String { "iptables -w -A INPUT -s \(host(server)) -j DROP" }
  private func drop(to server: Int) -> String { "iptables -w -A OUTPUT -d \(host(server)) -j DROP" }
}
