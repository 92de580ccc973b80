import Foundation
import Servers
import UV

/// Each server on a machine of its own, virtual or not, which a program harms and repairs: `scripts/vms.sh`, or
/// another that takes the same words (docs/machines.md).
///
/// The servers are there already, deployed; the drill finds them, ends and starts them, and leaves them running.
/// It runs in the machines' network, so that clients need no way of their own.
final class MachineGround: CuttableGround {
  /// What a machine may take to boot, and to start its server, seconds: an emulated one on a busy processor.
  private static let commandSeconds = 180.0

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private let actuator: String
  private let addresses: [ServerAddress]
  private let sockets: [SocketAddress]
  private let loop: Loop
  private let scratch: Scratch
  /// What went wrong where nothing could be thrown.
  private var failure: (any Error)?
  /// Seconds that each machine's clock was moved.
  private var clockShifts: [Int]
  private var disconnected: Set<Int> = []
  private var cut: Set<Int> = []
  /// Crashes that the machines had counted before.
  private var oldCrashes: [Int] = []

  /// The machine of `addresses[n]` has the number n + 1.
  init(_ addresses: [ServerAddress], actuator: String, loop: Loop, scratch: Scratch) throws {
    // Commands have directories of their own.
    self.actuator = URL(fileURLWithPath: actuator).path
    (self.addresses, self.loop, self.scratch) = (addresses, loop, scratch)
    sockets = try addresses.map { address in
      guard let socket = SocketAddress(address.host, port: address.port) else {
        throw Failure(description: "\(address.text): machines are named by numeric addresses")
      }
      return socket
    }
    clockShifts = Array(repeating: 0, count: addresses.count)
  }

  var servers: Range<Int> { addresses.indices }
  func address(_ server: Int) -> String { addresses[server].text }
  func host(_ server: Int) -> String { addresses[server].host }
  func socketAddress(_ server: Int) -> SocketAddress { sockets[server] }
  func prefix(_ server: Int) -> [String] { preconditionFailure("a machine's programs are its own") }
  var clientPrefix: [String] { [] }
  func asClient<Result>(_ body: () throws -> Result) rethrows -> Result { try body() }

  private func number(_ server: Int) -> String { "\(server + 1)" }

  /// What the program said. Turns the loop until it has ended.
  @discardableResult
  private func perform(_ words: String...) throws -> String {
    let result = try CommandResult([actuator] + words, on: loop, in: scratch, seconds: Self.commandSeconds)
    guard result.status == 0 else { throw refused(words, result.stdout, result.stderr) }
    return result.stdout
  }

  private func refused(_ words: [String], _ stdout: String, _ stderr: String) -> Failure {
    let said = (stderr + stdout).split(separator: "\n").last.map(String.init) ?? "it gives no reason"
    return Failure(description: "\(actuator) \(words.joined(separator: " ")): \(said)")
  }

  func run(_ script: String, at server: Int) throws {
    cut.insert(server)
    try perform("ssh", number(server), script)
  }

  func heal() throws {
    for server in disconnected.sorted() { try perform("cable", number(server), "on") }
    for server in cut.sorted() { try join(server) }
    (disconnected, cut) = ([], [])
  }

  /// Whatever was done to the machines before is undone; those that are off boot.
  func mend() throws { for server in servers { try perform("server", number(server), "mend") } }

  /// A machine without power has no rules, and its cable is whole when it comes back.
  func forget(_ server: Int) {
    disconnected.remove(server)
    cut.remove(server)
  }

  func check() throws {
    defer { failure = nil }
    if let failure { throw failure }
  }

  /// Boots the machine where it is off, and starts the server; that goes on when this has returned.
  func launch(_ server: Int, _ program: [String], in directory: String) throws -> any ServerProcess {
    let words = ["server", number(server), "start"]
    let (out, err) = ("\(directory)/start.out", "\(directory)/start.err")
    for file in [out, err] { try Data().write(to: URL(fileURLWithPath: file)) }
    let starting = try TrialProcess([actuator] + words, stdout: out, stderr: err)
    return MachineProcess(self, server, starting: starting) { [unowned self] in
      refused(words, contents(out), contents(err))
    }
  }

  func wipe(_ server: Int, in directory: String) throws { try perform("server", number(server), "wipe") }
}

// What machines have, and processes have not
extension MachineGround {
  func disconnect(_ server: Int) throws {
    try perform("cable", number(server), "off")
    disconnected.insert(server)
  }

  func moveClock(_ server: Int, by seconds: Int) throws {
    try perform("clock", number(server), (seconds < 0 ? "" : "+") + "\(seconds)")
    clockShifts[server] += seconds
  }

  func setClocksRight() throws {
    for server in servers where clockShifts[server] != 0 {
      try moveClock(server, by: -clockShifts[server])
    }
  }

  /// From here on a server that ends by itself counts, whatever starts it again.
  func countCrashes() throws { oldCrashes = try crashes() }

  /// Servers that ended by themselves since then, in words.
  func findCrashes() throws -> [String] {
    zip(servers, zip(oldCrashes, try crashes())).compactMap { server, counts in
      // What a machine wrote just before its power went may be gone.
      counts.1 <= counts.0 ? nil : "server \(server) ended by itself \(counts.1 - counts.0) times"
    }
  }

  private func crashes() throws -> [Int] {
    try servers.map { server in
      let said = try perform("server", number(server), "crashes")
      guard let count = Int(said.filter { !$0.isWhitespace }) else {
        throw refused(["server", number(server), "crashes"], said, "")
      }
      return count
    }
  }

  /// For processes, whose callers can be thrown nothing. All at once: ssh to one after the other takes seconds.
  func attempt(_ commands: [[String]]) {
    do {
      let directory = try scratch.directory("machines")
      let running = try commands.enumerated().map { index, words in
        let file = "\(directory)/\(UUID().uuidString).\(index)"
        return (words, file, try TrialProcess([actuator] + words, stdout: file, stderr: file))
      }
      for (words, file, process) in running {
        outlast(process)
        if process.exitStatus != 0 { note(refused(words, contents(file), "")) }
      }
    } catch {
      note(error)
    }
  }

  func note(_ error: any Error) { failure = failure ?? error }

  func outlast(_ process: TrialProcess) {
    if !loop.turn(seconds: Self.commandSeconds, until: { process.exitStatus != nil }) { process.end() }
  }
}
