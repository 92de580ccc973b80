import ArgumentParser
import Drill
import Faults
import Foundation

/// The drill's command line.
struct KVDrill: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kvdrill",
    abstract:
      "Kills, wipes, freezes and cuts servers under load, and tells for each fault who stood still how long.",
    discussion: """
      Without -h it starts servers of its own, each in a network namespace (which needs root; elsewhere on \
      loopback, without cuts), and does them harm by a schedule. With -h it only measures; with -h and --machines it does \
      harm to the machines that those servers run on, too: plug, cable, clock. kvclient, kvload and \
      (without -h) kvnode are taken from beside this program.

      Exit status: 0 every promise was kept, 1 a violation, 2 usage, or it cannot be done here.
      """,
    helpNames: .long)

  @Option(
    name: .customShort("h"), help: ArgumentHelp("Measure these running servers.", valueName: "host:port,…"))
  var hosts: String?

  @Option(
    help: ArgumentHelp(
      "Harm the machines of -h by this program, as scripts/vms.sh; host n is machine n.", valueName: "program"
    ))
  var machines: String?

  @Option(help: "Seconds of the schedule, or of measuring. (default: 60, or the file's)")
  var seconds: Int?

  @Option(help: "Servers to start, 1 to 7.")
  var servers = 4

  @Flag(help: "Servers that keep nothing on disk.")
  var memory = false

  @Option(help: "Of the schedule and of what the clients ask. (default: drawn, and told)")
  var seed: UInt64?

  @Option(help: ArgumentHelp("Faults by this file, in place of a random schedule.", valueName: "file"))
  var faults: String?

  @Flag(help: "Print the schedule, and do nothing.")
  var printSchedule = false

  @Option(help: "Requests a second that kvload makes, over all servers; 0: none.")
  var rate = 400

  @Option(help: "Processes of kvclient at a time for each server, and twice as many that are given all.")
  var clients = 1

  @Option(help: ArgumentHelp("An option for every kvnode; may be repeated.", valueName: "option"))
  var node: [String] = []

  @Option(help: ArgumentHelp("Write the page here.", valueName: "file"))
  var html: String?

  @Option(help: ArgumentHelp("Write the timeline alone here.", valueName: "file"))
  var svg: String?

  @Option(help: ArgumentHelp("Write the figures here.", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("Write the table here, too.", valueName: "file"))
  var table: String?

  @Flag(help: "No line a second.")
  var quiet = false

  mutating func validate() throws {
    try require((1...7).contains(servers), "--servers takes 1 to 7")
    try require(
      (1...DrillOptions.secondsMax).contains(seconds ?? 1), "--seconds takes 1 to \(DrillOptions.secondsMax)")
    try require((0...1_000_000).contains(rate), "--rate takes 0 to 1000000")
    try require(
      (0...DrillOptions.clientsMax).contains(clients), "--clients takes 0 to \(DrillOptions.clientsMax)")
    try require(hosts == nil || faults == nil || machines != nil, "-h only measures: no --faults")
    try require(machines == nil || hosts != nil, "--machines needs -h")
    try require(machines == nil || !memory && node.isEmpty, "--machines: their servers have their options")
  }

  private func require(_ holds: Bool, _ message: String) throws {
    if !holds { throw ValidationError(message) }
  }

  func run() throws {
    let seed = seed ?? .random(in: 1...999_999)
    let options: DrillOptions
    do {
      options = try makeOptions(seed)
    } catch {
      tell("ERROR: \(error)")
      throw ExitCode(2)
    }
    if printSchedule {
      print(options.schedule.text, terminator: "")
      return
    }
    guard try drill(options) else { throw ExitCode(1) }
  }

  private func makeOptions(_ seed: UInt64) throws -> DrillOptions {
    var options: DrillOptions
    if let machines {
      let addresses = try addresses(hosts ?? "")
      let schedule = try makeSchedule(seed, servers: addresses.count)
      options = DrillOptions(.machines(addresses, by: machines), schedule: schedule, seed: seed)
    } else if let hosts {
      let schedule = FaultSchedule([], end: UInt64(seconds ?? 60) * 1000)
      options = DrillOptions(.running(try addresses(hosts)), schedule: schedule, seed: seed)
    } else {
      options = DrillOptions(
        .own(servers: servers, isDurable: !memory), schedule: try makeSchedule(seed, servers: servers),
        seed: seed)
    }
    options.loadRate = rate
    options.clientsPerServer = clients
    options.nodeArguments = node
    return options
  }

  private func makeSchedule(_ seed: UInt64, servers: Int) throws -> FaultSchedule {
    guard let faults else { return try drawSchedule(seed, servers: servers) }
    guard let text = try? String(contentsOfFile: faults, encoding: .utf8) else {
      throw Complaint("\(faults) cannot be read")
    }
    let schedule: FaultSchedule
    do {
      schedule = try FaultSchedule(text: text)
    } catch {
      throw Complaint("\(faults): \(error)")
    }
    if let highest = schedule.highestServer, highest >= servers {
      throw Complaint("\(faults) names server \(highest), and there are \(servers), from 0")
    }
    return schedule
  }

  private func drawSchedule(_ seed: UInt64, servers: Int) throws -> FaultSchedule {
    let obstacle = machines == nil ? try DrillRun.obstacleToCuts() : nil
    if let obstacle { tell("no cuts: \(obstacle)") }
    return FaultSchedule.random(
      seed: seed, milliseconds: UInt64(seconds ?? 60) * 1000, servers: servers, isDurable: !memory,
      cuts: obstacle == nil, machines: machines != nil)
  }

  /// Whether every promise was kept.
  private func drill(_ options: DrillOptions) throws -> Bool {
    let report: DrillReport
    do {
      let run = try DrillRun(options)
      if !quiet { run.onLine = { say($0) } }
      report = try run.run()
    } catch {
      tell("ERROR: \(error)")
      throw ExitCode(2)
    }
    say("\n" + report.text)
    for (path, content) in [
      (html, { Data(report.page().utf8) }), (svg, { Data(report.picture().utf8) }), (json, report.json),
      (table, { Data(report.text.utf8) }),
    ] as [(String?, () throws -> Data)] {
      guard let path else { continue }
      try content().write(to: URL(fileURLWithPath: path))
      say("written: \(path)")
    }
    return report.isClean
  }

  /// At once, also into a pipe.
  private func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

  private func tell(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

struct Complaint: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
