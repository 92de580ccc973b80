import Simulator

/// One seed, in this process.
struct SingleRun {
  let seed: UInt64
  let isTraced: Bool
  let choice: RunChoice

  /// Returns whether something was found.
  func run() throws -> Bool {
    let simulation = Simulation(choice.settings(seed: seed), skipping: choice.skipped ?? [])
    if isTraced { simulation.trace = { print($0) } }
    let clock = ContinuousClock()
    let begin = clock.now
    let report = simulation.run()
    print(Summary(report).text(seconds: seconds(clock.now - begin)))
    guard let violation = report.violation else { return false }
    print(describe(violation, seed: seed))
    print("replay: kvsim --seed \(seed) " + (choice.arguments + ["--trace"]).joined(separator: " "))
    return true
  }
}

func describe(_ violation: Violation, seed: UInt64) -> String {
  let micros = String(violation.time % 1_000_000)
  let time = "\(violation.time / 1_000_000).\(String(repeating: "0", count: 6 - micros.count))\(micros)"
  let place = violation.server.map { " at server \($0)" } ?? ""
  return
    "VIOLATION seed \(seed): \(violation.rule.rawValue)\(place), virtual time \(time) s: \(violation.detail)"
}

func seconds(_ duration: Duration) -> Double {
  Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
}
