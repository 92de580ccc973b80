import Foundation
import HTTP
import UV

/// Servers of one trial: processes with a directory each, which hold their servers.txt, data and stderr.
final class Cluster {
  enum Keeping: String { case durable, memory }

  enum Failure: Error, CustomStringConvertible {
    case waitedInVain(String)
    /// A server ended that nobody ended.
    case died(server: Int, status: Int32)

    var description: String {
      switch self {
      case .waitedInVain(let text): "waited in vain for \(text)"
      case .died(let server, let status): "server \(server) ended by itself, with \(status)"
      }
    }
  }

  /// What an admin path must answer within; more than any server takes that is not stopped.
  static let questionMilliseconds: UInt64 = 5_000
  /// Nothing that is waited for takes longer; only a failing test waits for it.
  static let patienceSeconds = 60.0

  let loop: Loop
  let ground: any Ground
  let keeping: Keeping
  let scratch: Scratch
  let count: Int
  /// Each server alone, as if it knew no other.
  let areStrangers: Bool
  /// For every server, beside what `keeping` says.
  var moreArguments: [String] = []
  private(set) var processes: [(any ServerProcess)?]
  private var pausedServers: Set<Int> = []
  /// Those that have no leave to end.
  private var wantedServers: Set<Int> = []

  init(
    _ count: Int, _ keeping: Keeping, on ground: any Ground, loop: Loop, scratch: Scratch,
    areStrangers: Bool = false
  ) throws {
    (self.loop, self.ground, self.keeping, self.scratch) = (loop, ground, keeping, scratch)
    (self.count, self.areStrangers) = (count, areStrangers)
    processes = Array(repeating: nil, count: count)
    for server in 0..<count {
      let lines = areStrangers ? [server] : [server] + (0..<count).filter { $0 != server }
      try write(lines: lines.map(ground.address), of: server)
    }
  }

  func directory(_ server: Int) throws -> String { try scratch.directory("server\(server)") }

  /// Its servers.txt.
  func write(lines: [String], of server: Int) throws {
    let text = lines.map { $0 + "\n" }.joined()
    try Data(text.utf8).write(to: URL(fileURLWithPath: try directory(server) + "/servers.txt"))
  }

  var all: [Int] { Array(0..<count) }
  func isRunning(_ server: Int) -> Bool { processes[server].map { $0.exitStatus == nil } ?? false }
  /// Nil: it was never started, or runs on another machine.
  func pid(_ server: Int) -> pid_t? { (processes[server] as? TrialProcess)?.pid }
  /// Those that run and are not stopped.
  var running: [Int] { all.filter { isRunning($0) && !pausedServers.contains($0) } }

  func stderr(_ server: Int) -> String {
    (try? directory(server)).map { contents($0 + "/stderr") } ?? ""
  }

  /// `KVNODE=PATH`, else the one that was built with this test.
  static let program: String = {
    let path = ProcessInfo.processInfo.environment["KVNODE"] ?? TrialProcess.products + "/kvnode"
    print("trials run \(path)")
    // Each server has a working directory of its own.
    return URL(fileURLWithPath: path).path
  }()
}

// Commands
extension Cluster {
  func start(_ server: Int) throws {
    precondition(!isRunning(server))
    let directory = try directory(server)
    let arguments = (keeping == .memory ? ["--memory"] : []) + moreArguments
    processes[server] = try ground.launch(server, [Cluster.program] + arguments, in: directory)
    wantedServers.insert(server)
  }

  /// kill -9.
  func kill(_ server: Int) {
    wantedServers.remove(server)
    processes[server]?.end()
    pausedServers.remove(server)
  }

  /// kill -9, all at once.
  func kill(_ servers: [Int]) {
    MachineProcess.end(servers.compactMap { processes[$0] as? MachineProcess })
    servers.forEach(kill)
  }

  /// The power of their machines goes.
  func unplug(_ servers: [Int]) {
    MachineProcess.unplug(servers.compactMap { processes[$0] as? MachineProcess })
    wantedServers.subtract(servers)
    pausedServers.subtract(servers)
  }

  func signal(_ number: Int32, _ server: Int) { processes[server]?.signal(number) }

  /// SIGTERM; its exit status when it has ended by itself.
  func terminate(_ server: Int) throws -> Int32 { try end(server, with: SIGTERM) }

  /// Sends a signal that ends a server, and waits for its end: the exit status, or 128 + the signal.
  func end(_ server: Int, with number: Int32) throws -> Int32 {
    guard let process = processes[server] else { preconditionFailure("server \(server) was never started") }
    wantedServers.remove(server)
    process.signal(number)
    try wait("the end of server \(server) after signal \(number)") { process.exitStatus != nil }
    return process.exitStatus ?? -1
  }

  /// Takes away all that a server keeps. It must not run.
  func wipe(_ server: Int) throws {
    precondition(!isRunning(server))
    try ground.wipe(server, in: try directory(server))
  }

  func pause(_ server: Int) {
    processes[server]?.signal(SIGSTOP)
    pausedServers.insert(server)
  }

  func resume(_ server: Int) {
    processes[server]?.signal(SIGCONT)
    pausedServers.remove(server)
  }

  func end() { for process in processes { process?.leave() } }
}

// Conditions
extension Cluster {
  /// Throws where one has ended that nobody ended.
  func checkProcesses() throws {
    try ground.check()
    for server in wantedServers {
      guard let status = processes[server]?.exitStatus else { continue }
      wantedServers.remove(server)
      throw Failure.died(server: server, status: status)
    }
  }

  /// Turns the loop until the condition holds; throws with the states of all when it takes too long.
  func wait(
    _ what: String, seconds: Double = Cluster.patienceSeconds, until isMet: () throws -> Bool
  ) throws {
    let isDone = try loop.turn(seconds: seconds) {
      try checkProcesses()
      return try isMet()
    }
    if isDone { return }
    let states = statuses(of: running).map { $0?.summary ?? "no answer" }
    let ended = all.filter { !isRunning($0) }.map { server in
      "server \(server) ended: \(processes[server]?.exitStatus.map(String.init) ?? "never started")"
    }
    throw Failure.waitedInVain("\(what)\n" + (states + ended).joined(separator: "\n"))
  }

  /// Asks some servers at once; the answers in their order.
  func ask(
    _ servers: [Int], keyLength: Int = 0, _ put: (RequestWriter, inout [UInt8]) -> Void
  ) -> [Question] {
    let questions = servers.map { Question(self, $0, keyLength: keyLength, put) }
    let limit = Double(Cluster.questionMilliseconds) / 1000 + 5
    let areOver = loop.turn(seconds: limit) { questions.allSatisfy(\.isOver) }
    precondition(areOver, "each question has a limit of its own")
    questions.forEach { $0.close() }
    return questions
  }

  func admin(_ path: StaticString, _ servers: [Int]) -> [Question.Reply?] {
    var options = RequestWriter.Options()
    options.closes = true
    return ask(servers) { $0.putAdmin(.get, path: path, options: options, into: &$1) }.map(\.reply)
  }

  /// nil: it does not answer.
  func statuses(of servers: [Int]) -> [StatusReport?] {
    admin("/-/status", servers).map { reply in
      guard let reply, reply.status == 200 else { return nil }
      do {
        return try JSONDecoder().decode(StatusReport.self, from: Data(reply.body))
      } catch {
        preconditionFailure("/-/status is not as the interface says: \(error): \(reply.text)")
      }
    }
  }

  /// Waits until all of `servers` say what is asked of them; how long that took, in milliseconds.
  @discardableResult
  func waitForStatus(
    _ what: String, of servers: [Int], seconds: Double = Cluster.patienceSeconds,
    _ isMet: ([StatusReport]) -> Bool
  ) throws -> UInt64 {
    let start = Clock.nanoseconds
    try wait(what, seconds: seconds) {
      let known = statuses(of: servers).compactMap { $0 }
      return known.count == servers.count && isMet(known)
    }
    return (Clock.nanoseconds - start) / 1_000_000
  }

  /// Waits until they vote, are normal, and see each other.
  @discardableResult
  func waitUntilWell(
    _ servers: [Int]? = nil, seconds: Double = Cluster.patienceSeconds
  ) throws -> UInt64 {
    let servers = servers ?? all
    let addresses = servers.map(ground.address)
    return try waitForStatus(
      "servers \(servers) being voting members", of: servers, seconds: seconds
    ) { known in
      zip(servers, known).allSatisfy { server, status in
        status.isWell && status.isLinked(to: addresses.filter { $0 != ground.address(server) })
      }
    }
  }

  /// The server that a quorum of `servers` takes for the primary, once one is known that is among them.
  func primary(of servers: [Int]? = nil) throws -> Int {
    let servers = servers ?? all
    var found: Int?
    try waitForStatus("a primary", of: servers) { known in
      let newest = known.max { ($0.epoch, $0.view) < ($1.epoch, $1.view) }
      found = servers.first { ground.address($0) == newest?.primary && newest?.status == "normal" }
      return found != nil
    }
    return found ?? 0
  }

  /// The member of weight 2, where the number of members is even.
  func heavy() throws -> Int {
    var found: Int?
    try waitForStatus("a heavy member", of: running) { known in
      let heavy = known[0].members.first { $0.weight > 1 }
      found = all.first { ground.address($0) == heavy?.id }
      return found != nil
    }
    return found ?? 0
  }
}
