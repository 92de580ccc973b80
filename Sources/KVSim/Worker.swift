import Glibc
import Simulator

/// Runs every `stride`th seed and says on stdout, line by line, what came of each: for `Sweep`.
struct Worker {
  let seeds: SeedRange
  let first: UInt64
  let stride: UInt64
  let goesOn: Bool
  let choice: RunChoice

  func run() {
    endWithParent()
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

  /// Stdin is a pipe that nobody writes to: when its other end is closed the kernel sends SIGIO, which ends this
  /// process in the midst of a run. One whose parent is gone already ends at once.
  private func endWithParent() {
    _ = fcntl(0, F_SETOWN, getpid())
    _ = fcntl(0, F_SETFL, O_ASYNC)
    var stdin = pollfd(fd: 0, events: 0, revents: 0)
    if poll(&stdin, 1, 0) > 0, stdin.revents & Int16(POLLHUP) != 0 { exit(1) }
  }

  private func tell(_ line: String) {
    put(line + "\n", to: 1)
  }
}
