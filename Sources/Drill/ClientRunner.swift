import Faults
import Foundation
import UV

/// Runs kvclient again and again, as a script would: by its command line, its output and its exit status alone.
final class ClientRunner {
  /// Between the end of one process and the next, milliseconds.
  static let pauseMilliseconds: UInt64 = 40
  /// The first is behind the clients of the workload.
  static let firstClient: UInt32 = 100_000

  private let number: Int
  /// The one host that it is given; nil: all of them.
  let server: Int?
  private let hosts: String
  private unowned let workload: Workload
  private let directory: String
  private var generator: SeededGenerator
  private var written = 0
  private var process: TrialProcess?
  private var isRead = true
  private var index = 0
  private var asked: UInt64 = 0
  private var pause: UV.Timer!
  private var isStopping = false

  init(_ number: Int, server: Int?, workload: Workload, directory: String, seed: UInt64) {
    (self.number, self.server, self.workload, self.directory) = (number, server, workload, directory)
    let ground = workload.cluster.ground
    hosts = (server.map { [$0] } ?? workload.cluster.all).map(ground.address).joined(separator: ",")
    generator = SeededGenerator(state: seed ^ UInt64(number) << 40)
    pause = UV.Timer(workload.cluster.loop) { [unowned self] in act() }
  }

  var isIdle: Bool { process == nil }

  func start() { pause.start(after: UInt64(generator.below(Int(Self.pauseMilliseconds)))) }

  func stop() {
    isStopping = true
    pause.stop()
  }

  func close() {
    process?.end()
    pause.close()
  }

  private func act() {
    guard !isStopping else { return }
    let key = workload.keys[generator.below(workload.keys.count)]
    isRead = generator.below(2) == 0
    var words = [Self.program, "-h", hosts, "-k", String(decoding: key, as: UTF8.self), "--verbose"]
    var action = PlannedOperation.Action.read
    if !isRead {
      written += 1
      let value = "p\(number).\(written)"
      action = .write(Array(value.utf8))
      words += ["-v", value]
    }
    index = workload.recorder.begin(client: Self.firstClient + UInt32(number), key: key, action)
    asked = Clock.nanoseconds
    do {
      process = try workload.cluster.ground.asClient {
        try TrialProcess(brief: words, stdout: output, stderr: notes)
      }
    } catch {
      workload.recorder.noteUnexpected("kvclient does not start: \(error)")
      workload.recorder.fail(index)
      again()
    }
  }

  private var output: String { "\(directory)/client\(number).out" }
  private var notes: String { "\(directory)/client\(number).err" }

  /// A process has ended; it may be this one's.
  func look() {
    guard let status = process?.exitStatus else { return }
    process = nil
    take(status)
    again()
  }

  private func again() { if !isStopping { pause.start(after: Self.pauseMilliseconds) } }

  private func take(_ status: Int32) {
    let line = contents(output)
    switch status {
    case 0: succeed(line)
    case 3:
      workload.recorder.fail(index)
      see(.unreachable)
    case 4:
      workload.recorder.fail(index)
      see(.refused)
    case 5:
      workload.recorder.leaveOpen(index)
      see(.unknown)
    default:
      workload.recorder.leaveOpen(index)
      workload.recorder.noteUnexpected("kvclient -h \(hosts) ends with \(status): \(line)\(contents(notes))")
    }
    if status != 0, !line.hasPrefix("ERROR: ") || line.split(separator: "\n").count != 1 {
      workload.recorder.noteUnexpected("kvclient says \"\(line)\" and ends with \(status)")
    }
  }

  private func succeed(_ line: String) {
    if contents(notes).contains("degraded") {
      workload.recorder.leaveOpen(index)
      return see(.labelled)
    }
    guard line.hasSuffix("\n") else {
      workload.recorder.noteUnexpected("kvclient says \"\(line)\" without an end")
      return workload.recorder.leaveOpen(index)
    }
    let value = line.dropLast()
    workload.recorder.succeed(index, value: value == "NULL" ? nil : Array(value.utf8))
    see(isRead ? .read : .write)
  }

  private func see(_ kind: Sighting.Kind) {
    workload.recorder.see(kind, asked: asked, server: server ?? Int(Sighting.anyServer))
  }

  /// `KVCLIENT=PATH`, else the one beside this program.
  static let program =
    ProcessInfo.processInfo.environment["KVCLIENT"] ?? TrialProcess.products + "/kvclient"
}
