import Faults
import Foundation
import History
import UV

/// One kvload process that drives all servers, each with a share of its own, and the history that it writes.
final class LoadRunner {
  private let process: TrialProcess
  private let directory: String
  private let servers: Int
  private static let connectionsPerServer = 2
  private static let keyCount = 32
  /// Characters of what it says that are shown.
  private static let findingMax = 2_000

  init(_ cluster: Cluster, rate: Int, seed: UInt64, seconds: Int) throws {
    directory = try cluster.scratch.directory("load")
    servers = cluster.count
    let hosts = cluster.all.map(cluster.ground.address).joined(separator: ",")
    let words = [
      Self.program, "-h", hosts, "--each", "--rate", "\(rate)", "--connections",
      "\(Self.connectionsPerServer * servers)", "--keys", "\(Self.keyCount)", "--seed", "\(seed)",
      "--duration", "\(seconds)", "--history", "\(directory)/history", "--check", "--quiet",
    ]
    process = try TrialProcess(
      words, prefix: cluster.ground.clientPrefix, in: directory, stdout: "\(directory)/stdout",
      stderr: "\(directory)/stderr")
  }

  /// Nil while it runs.
  var exitStatus: Int32? { process.exitStatus }

  /// It ends when its last answers have come and every key is read once more.
  func stop() { process.signal(SIGTERM) }

  func end() { process.end() }

  /// What it said, where it says that something is wrong.
  var finding: String? {
    guard let status = process.exitStatus, status != 0 else { return nil }
    let said = contents("\(directory)/stderr") + (status == 1 ? "" : contents("\(directory)/stdout"))
    return "kvload ended with \(status): \(said.prefix(Self.findingMax))"
  }

  /// Client n talks to server n modulo their number: the file's head says so.
  func read() throws -> (history: History, sightings: [Sighting]) {
    let history = try History(text: Array(contents("\(directory)/history").utf8))
    var sightings: [Sighting] = []
    for operation in history.operations {
      let isRead = operation.action == .read
      let kind: Sighting.Kind
      switch operation.outcome {
      case .done, .acknowledged: kind = isRead ? .read : .write
      case .failed: kind = .refused
      // When it was given up is not in the file.
      case .open: kind = .unknown
      }
      sightings.append(
        Sighting(
          asked: operation.invocation,
          ended: operation.outcome == .open ? operation.invocation : operation.response,
          server: Int(operation.client) % servers, kind: kind))
    }
    return (history, sightings)
  }

  /// `KVLOAD=PATH`, else the one beside this program.
  static let program = ProcessInfo.processInfo.environment["KVLOAD"] ?? TrialProcess.products + "/kvload"
}
