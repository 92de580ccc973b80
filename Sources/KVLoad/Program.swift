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
    let circumstances = Machine.circumstances()
    let report =
      command.sweep
      ? try sweep(options, hosts, circumstances)
      : LoadReport(circumstances, steps: [try run(options, hosts)])
    console.close()
    try Output(command, console).write(report)
    return try status(report)
  }

  /// The requirements decide where nothing worse did.
  private func status(_ report: LoadReport) throws -> LoadResult.Status {
    let failures = try command.requirements().compactMap { $0.failure(in: report.main) }
    for failure in failures { console.note(failure) }
    if let worse = report.steps.map(\.status).first(where: { $0 != .good }) { return worse }
    return failures.isEmpty ? .good : .unmet
  }

  private func sweep(
    _ options: LoadOptions, _ hosts: [ServerAddress], _ circumstances: Circumstances
  ) throws -> LoadReport {
    var sweep = Sweep(from: command.rate, p99Max: Requirement.nanoseconds(command.sweepP99)!)
    var (options, steps) = (options, [LoadResult]())
    say(Sweep.head)
    while let rate = sweep.next {
      options.pace = .open(rate: rate)
      let result = try run(options, hosts)
      steps.append(result)
      sweep.take(result)
      console.close()
      say(sweep.line(result))
      // Every key was written.
      options.fills = false
    }
    say(sweep.verdict)
    return LoadReport(circumstances, steps: steps, sweep: sweep)
  }

  /// To stdout, unless the result goes there as JSON.
  private func say(_ line: String) {
    if command.json != "-" { console.put(line + "\n", to: STDOUT_FILENO) }
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
}
