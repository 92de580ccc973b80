import HTTP
import UV

/// The clients of a trial, on its loop.
final class Workload {
  struct Settings {
    var clientsPerServer = 3
    /// Clients beside those that only read: a write that waits does not hold them up.
    var readersPerServer = 0
    var keyCount = 6
    /// Of keys, and of idempotency keys.
    var keyPrefix = "key"
    /// Without them, and with values of their own, each write names the one before it.
    var deletes = true
    /// Between an answer and the next request, on average.
    var thinkMilliseconds = 4
    /// Every request asks for linearizable or nothing.
    var isStrict = false
  }

  let cluster: Cluster
  let settings: Settings
  let keys: [[UInt8]]
  let writers: [RequestWriter]
  var recorder: Recorder
  private(set) var isStopping = false
  private var clients: [WorkloadClient] = []

  init(_ cluster: Cluster, _ settings: Settings, seed: UInt64) {
    (self.cluster, self.settings) = (cluster, settings)
    keys = (0..<settings.keyCount).map { Array("\(settings.keyPrefix)\($0)".utf8) }
    writers = cluster.all.map { RequestWriter(host: Array(cluster.ground.address($0).utf8)) }
    recorder = Recorder(servers: cluster.count)
    let (all, writing) = (settings.clientsPerServer + settings.readersPerServer, settings.clientsPerServer)
    for number in 0..<(all * cluster.count) {
      let source = OperationSource(
        client: UInt32(number), keys: keys, prefix: settings.keyPrefix, seed: seed, deletes: settings.deletes,
        readsOnly: number >= writing * cluster.count)
      clients.append(
        WorkloadClient(UInt32(number), home: number % cluster.count, source: source, workload: self))
    }
  }

  func start() { clients.forEach { $0.start() } }

  /// Lets what is under way end, and begins nothing more.
  func stop() throws {
    isStopping = true
    try cluster.wait("the clients' last answers") { clients.allSatisfy(\.isIdle) }
  }

  func close() { clients.forEach { $0.close() } }

  /// Waits until each of `servers` has answered so many more reads and writes, without a label.
  func waitForProgress(at servers: [Int], operations: Int = 15) throws {
    let (reads, writes) = (recorder.reads, recorder.writes)
    try cluster.wait("\(operations) reads and writes at each of \(servers)") {
      servers.allSatisfy { server in
        recorder.reads[server] >= reads[server] + operations
          && recorder.writes[server] >= writes[server] + operations
      }
    }
  }
}
