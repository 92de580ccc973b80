import Bytes
import Frontend
import Glibc
import KVStore
import Servers
import UV

let programVersion = "0.1.0"

/// The process: its servers.txt, its frontend, its signals.
final class Node {
  private let options: Options
  private let log: Log
  private let servers: ServerSet
  private let loop: Loop
  private let backend: LocalBackend
  private let frontend: Frontend
  private var binding: Binding?
  private var signals: [UV.Signal] = []
  private var failure: Failure?
  private var isStopping = false

  init(_ options: Options) throws(Failure) {
    self.options = options
    log = Log(level: options.logLevel)
    servers = try ServerSet.read(path: options.servers)
    guard servers.count == 1 else {
      throw .usage("\(options.servers): this version serves one server alone; \(servers.count) are listed")
    }
    do throws(UVError) {
      loop = try Loop()
    } catch {
      throw .environment("no event loop: \(error.message)")
    }
    backend = LocalBackend(
      identity: Self.identity(servers), limits: options.limits,
      hashKey: HashKey(Self.randomNumber(bits: 64), Self.randomNumber(bits: 64)))
    frontend = Frontend(loop, options: options.frontend, backend: backend)
  }

  /// Returns when the server has stopped.
  func run() throws(Failure) {
    ignoreBrokenPipes()
    raiseDescriptorLimit()
    for number in [SIGTERM, SIGINT] {
      do throws(UVError) {
        signals.append(try UV.Signal(loop, number) { [unowned self] in stop(number) })
      } catch {
        throw .environment("cannot hear signals: \(error.message)")
      }
    }
    let (host, port) = try place()
    binding = Binding(
      loop, log: log, host: host, port: port,
      bind: { [unowned self] (address) throws(UVError) in try frontend.listen(at: address) },
      completion: { [unowned self] in didBind($0) })
    loop.run()
    if let failure { throw failure }
  }

  private func didBind(_ result: Result<[SocketAddress], Failure>) {
    switch result {
    case .success(let addresses):
      sayWhatIsKept()
      log.write(
        .info, "serving",
        [
          "address": servers.own.text,
          "bound": addresses.map(\.description).joined(separator: ","),
          "members": "\(servers.count)", "view": "0", "state": "memory", "version": programVersion,
        ])
    case .failure(let failure):
      self.failure = failure
      end()
    }
  }

  private func sayWhatIsKept() {
    guard options.keeping != .memory else { return }
    log.write(
      .warn, "not-durable",
      ["reason": "this version keeps state in memory only: nothing is written to disk, a restart loses all"])
  }

  /// The first signal lets what is in flight end; the second does not wait for it.
  private func stop(_ number: Int32) {
    guard !isStopping else { exit(128 + number) }
    log.write(.info, "stopping", ["signal": number == SIGTERM ? "SIGTERM" : "SIGINT"])
    end()
  }

  private func end() {
    isStopping = true
    binding?.cancel()
    frontend.stop { [unowned self] in
      for signal in signals { signal.close() }
      log.write(.debug, "stopped")
      loop.stop()
    }
  }
}

extension Node {
  /// What to bind: `--listen`, or the own line of servers.txt.
  private func place() throws(Failure) -> (host: String, port: UInt16) {
    guard let text = options.listen else { return (servers.own.host, servers.own.port) }
    if SocketAddress(text, port: 0) != nil { return (text, servers.own.port) }
    if let address = try? ServerAddress(parsing: Array(text.utf8)[...]) {
      return (address.host, address.port)
    }
    guard let named = try? ServerAddress(parsing: Array("\(text):\(servers.own.port)".utf8)[...]) else {
      throw .usage("--listen: \"\(text)\" is not ADDR or ADDR:PORT")
    }
    return (named.host, named.port)
  }

  private static func identity(_ servers: ServerSet) -> ServerReport {
    let own = servers.own.text
    let incarnation = randomNumber(bits: 64)
    var report = ServerReport(
      id: own, version: programVersion, cluster: "\(servers.digest)", incarnation: incarnation)
    report.primary = own
    // Such that a JSON reader with numbers in double precision takes it exactly.
    report.lineage = randomNumber(bits: 53)
    report.members = [ServerReport.Member(id: own, incarnation: incarnation, weight: 1, isVoting: true)]
    return report
  }

  private static func randomNumber(bits: Int) -> UInt64 {
    let number = randomBytes(count: 8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return max(1, number >> (64 - bits))
  }
}
