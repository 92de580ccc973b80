import Bytes
import Disk
import Frontend
import Glibc
import KVStore
import Replication
import Servers
import UV
import VSR

let programVersion = "0.2.0"

/// The process: its servers.txt, its disk, its replica, its clients' side, its signals.
final class Node {
  private let options: Options
  private let log: Log
  private let servers: ServerSet
  private let loop: Loop
  private let hashKey = HashKey(randomNumber(), randomNumber())
  private var driver: ReplicaDriver?
  private var frontend: Frontend?
  private var binding: Binding?
  private var signals: [UV.Signal] = []
  private var failure: Failure?
  private var stopping: Stopping?
  private var isStopping = false
  private var isListening = false

  init(_ options: Options) throws(Failure) {
    self.options = options
    log = Log(level: options.logLevel)
    servers = try ServerSet.read(path: options.servers)
    do throws(UVError) {
      loop = try Loop()
    } catch {
      throw .environment("no event loop: \(error.message)")
    }
  }

  /// Returns when the server has stopped.
  func run() throws(Failure) {
    // Slow look-ups and a snapshot's sync must leave a thread of libuv's pool to the journal.
    setenv("UV_THREADPOOL_SIZE", "8", 0)
    // Before libuv's pool begins. A busy machine's servers would else be woken for each single request.
    preferBatches()
    ignoreBrokenPipes()
    raiseDescriptorLimit()
    for number in [SIGTERM, SIGINT] { try hear(number) { [unowned self] in stop(number) } }
    try hear(SIGUSR1) { [unowned self] in writeCapsule() }
    let place = try place()
    remember { [unowned self] restored, disk in
      makeServer(restored, disk)
      listen(place)
    }
    loop.run()
    if let failure { throw failure }
  }

  private func hear(_ number: Int32, _ body: @escaping () -> Void) throws(Failure) {
    do throws(UVError) {
      signals.append(try UV.Signal(loop, number, onSignal: body))
    } catch {
      throw .environment("cannot hear signals: \(error.message)")
    }
  }

  private func fail(_ failure: Failure) {
    self.failure = failure
    guard let driver else { return loop.stop() }
    driver.stop { [unowned self] in loop.stop() }
  }

  /// The first signal lets what is in flight end; the second does not wait for it.
  private func stop(_ number: Int32) {
    guard !isStopping else { exit(128 + number) }
    isStopping = true
    log.write(.info, "stopping", ["signal": number == SIGTERM ? "SIGTERM" : "SIGINT"])
    ServiceManager.tell("STOPPING=1")
    binding?.cancel()
    guard let driver, let frontend else { return loop.stop() }
    // Nobody has been served and no peer met: there is nothing to hand over.
    guard isListening else { return driver.stop { [unowned self] in loop.stop() } }
    stopping = Stopping(loop, driver, frontend) { [unowned self] in
      log.write(.debug, "stopped")
      loop.stop()
    }
  }
}

// MARK: - Starting

extension Node {
  /// What the disk remembers; without one, a new life.
  private func remember(_ completion: @escaping (Restored, Disk?) -> Void) {
    guard let directory = options.dataDirectory else {
      return completion(.nothing(), nil)
    }
    let identity = DiskIdentity(
      cluster: servers.digest, address: Array(servers.own.text.utf8), serverCount: servers.count,
      limits: options.limits, hashKey: hashKey, freshIncarnation: randomNumber(),
      servers: servers.members.map(\.text))
    Disk.open(loop, directory: directory, identity: identity) { [unowned self] result in
      switch result {
      case .success(let opened):
        for note in opened.notes { log.write(Note(note)) }
        completion(opened.restored, opened.disk)
      case .failure(let failure): fail(.environment(failure.message))
      }
    }
  }

  private func makeServer(_ restored: Restored, _ disk: Disk?) {
    var driverOptions = DriverOptions(
      version: programVersion, limits: options.limits, hashKey: hashKey,
      requestTimeout: options.frontend.requestTimeout, evictAfter: options.evictAfter,
      capsuleBytes: options.capsuleBytes)
    driverOptions.degradeAfter = options.degradeAfter
    driverOptions.answersDegraded = !options.frontend.isStrict
    #if QUORATE_MUTANTS
      driverOptions.removedRule = options.removedRule
    #endif
    let driver = ReplicaDriver(
      loop, servers: servers, options: driverOptions, restored: restored, disk: disk, owner: self)
    self.driver = driver
    keepCapsule(of: driver)
    frontend = Frontend(loop, options: options.frontend, backend: driver)
  }

  private func keepCapsule(of driver: ReplicaDriver) {
    guard options.capsuleBytes > 0 else { return }
    guard let capsule = driver.capsule else {
      return log.write(.warn, "capsule", ["reason": "what the disk remembers is larger than --capsule"])
    }
    CapsuleFile.install(capsule, path: capsulePath)
  }

  private var capsulePath: String { "\(options.dataDirectory ?? ".")/kvnode.capsule" }

  /// Somebody wants to see what the core was given.
  private func writeCapsule() {
    guard driver?.capsule != nil else {
      return log.write(.warn, "capsule", ["reason": "none is kept: see --capsule"])
    }
    if CapsuleFile.write() {
      log.write(.info, "capsule", ["file": capsulePath])
    } else {
      log.write(.warn, "capsule", ["file": capsulePath, "reason": String(cString: strerror(errno))])
    }
  }

  private func listen(_ place: (host: String, port: UInt16)) {
    guard let frontend, !isStopping else { return }
    binding = Binding(
      loop, log: log, host: place.host, port: place.port,
      others: options.listen == nil ? servers.members.filter { $0 != servers.own } : [],
      bind: { (address) throws(UVError) in try frontend.listen(at: address) },
      completion: { [unowned self] in didBind($0) })
  }

  private func didBind(_ result: Result<[SocketAddress], Failure>) {
    switch result {
    case .success(let addresses):
      log.write(
        .info, "listening",
        [
          "address": servers.own.text,
          "bound": addresses.map(\.description).joined(separator: ","),
          "servers": "\(servers.count)", "version": programVersion,
        ])
      isListening = true
      ServiceManager.tell("READY=1")
      if let frontend { driver?.start(answering: frontend) }
    case .failure(let failure): fail(failure)
    }
  }

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
}

extension Node: ReplicaDriverOwner {
  func driver(_ driver: ReplicaDriver, notes note: Note) {
    log.write(note)
  }

  /// At once: what others believe to be on this disk may not be.
  func driver(_ driver: ReplicaDriver, failed reason: String) {
    writeToStandardError("ERROR: \(reason)")
    exit(Failure.Cause.environment.rawValue)
  }
}
