import Simulator

/// Runs every `stride`th seed and says on stdout, line by line, what came of each: for `Sweep`.
struct Worker {
  let seeds: SeedRange
  let first: UInt64
  let stride: UInt64
  let goesOn: Bool
  let choice: RunChoice

  func run() {
    var seed = seeds.first + first
    while seed <= seeds.last {
      tell("begin \(seed)")
      let report = Simulation(choice.settings(seed: seed), skipping: choice.skipped ?? []).run()
      tell(Summary(report).line)
      if let violation = report.violation {
        tell("found \(seed) \(violation.rule.rawValue)")
        if !goesOn { return }
      }
      seed += stride
    }
  }

  private func tell(_ line: String) {
    put(line + "\n", to: 1)
  }
}
