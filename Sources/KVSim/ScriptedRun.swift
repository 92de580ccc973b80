import Faults
import Foundation
import Simulator

/// One run under faults by a schedule: the same file and the same verdicts as a drill has, in virtual time.
struct ScriptedRun {
  let seed: UInt64
  let path: String
  let isTraced: Bool
  let choice: RunChoice

  struct Unreadable: Error, CustomStringConvertible {
    let description: String
  }

  /// Returns whether something was found.
  func run() throws -> Bool {
    let schedule = try read()
    var settings = choice.settings(seed: seed)
    settings.serverCount = choice.servers ?? 4
    settings.isDurable = !choice.memory
    settings.follow(schedule)
    choice.apply(to: &settings.options)
    let simulation = Simulation(settings)
    if isTraced { simulation.trace = { print($0) } }
    let report = simulation.run()
    guard let record = simulation.faultRecord else { return false }
    let table = FaultTable(record)
    print(
      "\(settings.serverCount) servers, \(settings.isDurable ? "durable" : "in memory"), ", terminator: "")
    print("\(record.ends / 1_000_000_000) virtual seconds, \(schedule.faultCount) faults, seed \(seed)\n")
    print(table.text)
    for time in simulation.unsettled { print("WRONG: not well in time at \(Double(time) / 1e6) s") }
    if let violation = report.violation { print(describe(violation, seed: seed)) }
    let isClean = report.violation == nil && table.total.violations == 0 && simulation.unsettled.isEmpty
    print(isClean ? "0 violations in \(record.sightings.count) operations" : "VIOLATED")
    return !isClean
  }

  private func read() throws -> FaultSchedule {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw Unreadable(description: "\(path) cannot be read")
    }
    let schedule: FaultSchedule
    do {
      schedule = try FaultSchedule(text: text)
    } catch {
      throw Unreadable(description: "\(path): \(error)")
    }
    if schedule.needsMachines {
      throw Unreadable(description: "\(path) needs machines, which have plugs: make drill TARGET=vms")
    }
    let servers = choice.servers ?? 4
    if let highest = schedule.highestServer, highest >= servers {
      throw Unreadable(description: "\(path) names server \(highest), and there are \(servers), from 0")
    }
    return schedule
  }
}
