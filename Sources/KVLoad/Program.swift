import ArgumentParser
import Arguments
import Foundation
import Load
import Servers
import UV

/// One run of the program.
final class Program {
  private let command: KVLoad
  private var console = Console()

  private init(_ command: KVLoad) { self.command = command }

  /// The exit status.
  static func run() -> Int32 {
    ignoreBrokenPipes()
    raiseDescriptorLimit()
    let command: KVLoad
    do {
      command = try KVLoad.parse()
    } catch {
      let ending = KVLoad.ending(for: error)
      Console().put(ending.text, to: ending.isError ? STDERR_FILENO : STDOUT_FILENO)
      return ending.status
    }
    let program = Program(command)
    do {
      return try program.drive().rawValue
    } catch let error as UsageError {
      program.console.note("ERROR: \(error.message)")
      return LoadResult.Status.usage.rawValue
    } catch {
      program.console.note("ERROR: \(error)")
      return LoadResult.Status.unreachable.rawValue
    }
  }

  private func drive() throws -> LoadResult.Status {
    let hosts = try Hosts.find(command.hosts, one: command.one)
    guard hosts.count <= command.connections else {
      throw UsageError("--connections \(command.connections): fewer than there are hosts, \(hosts.count)")
    }
    let options = command.options(
      seed: command.seed ?? .random(in: 1...UInt64(UInt32.max)), run: .random(in: 0...UInt64.max))
    let result = try run(options, hosts)
    console.close()
    try write(result)
    return result.status
  }

  private func run(_ options: LoadOptions, _ hosts: [ServerAddress]) throws -> LoadResult {
    let loop = try Loop()
    let load = LoadRun(loop, options, hosts: hosts)
    var result: LoadResult?
    var failure: UVError?
    let line = LiveLine(options)
    if !command.quiet {
      load.onInterval = { [self] interval, cluster, part in
        console.show(line.text(interval, cluster, part))
      }
    }
    load.onViolation = { [self] in console.note("VIOLATION: \($0)") }
    let signals = try [SIGINT, SIGTERM].map { number in
      try Signal(loop, number) { [self] in stop(load) }
    }
    load.onEnd = { result = $0 }
    try load.start { failure = $0 }
    while result == nil, failure == nil { loop.runOnce() }
    for signal in signals { signal.close() }
    if let failure { throw UsageError("--history \(options.historyFile ?? ""): \(failure.message)") }
    return result!
  }

  private var isStopping = false

  /// The first signal ends the load, and the result follows; the second ends the program at once.
  private func stop(_ load: LoadRun) {
    if isStopping { exit(LoadResult.Status.violation.rawValue) }
    isStopping = true
    load.interrupt()
  }

  private func write(_ result: LoadResult) throws {
    if command.json != "-" { console.put(result.table(), to: STDOUT_FILENO) }
    guard let path = command.json else { return }
    if path == "-" {
      console.put(result.json(), to: STDOUT_FILENO)
      return
    }
    do {
      try Data(result.json().utf8).write(to: URL(fileURLWithPath: path))
    } catch {
      throw UsageError("--json \(path): \(error.localizedDescription)")
    }
  }
}
