import Glibc
import Simulator

/// Many seeds, shared among child processes: a crash of the core ends a child and not the sweep.
struct Sweep {
  let seeds: SeedRange
  let jobs: Int
  let choice: RunChoice

  private struct Finding {
    var seed: UInt64
    var rule: String
  }

  /// Returns whether something was found.
  func run() throws -> Bool {
    let clock = ContinuousClock()
    let begin = clock.now
    var summary = Summary()
    let findings = watch(&summary) { summary in
      let elapsed = seconds(clock.now - begin)
      let rate = Int(Double(summary.events) / max(elapsed, 0.001))
      say("\(Int(elapsed)) s: \(summary.seeds) seeds, \(summary.events) events, \(rate) a second")
    }
    print(summary.text(seconds: seconds(clock.now - begin)))
    for finding in findings.sorted(by: { $0.seed < $1.seed }).prefix(1) {
      print("found in seed \(finding.seed): \(finding.rule)")
      Shrinker(seed: finding.seed, rule: finding.rule, choice: choice).run()
    }
    return !findings.isEmpty
  }

  /// Reads what the children say until all have ended; the first finding ends the others.
  private func watch(_ summary: inout Summary, progress: (Summary) -> Void) -> [Finding] {
    var children: [Child] = []
    for index in 0..<jobs {
      let arguments =
        ["--worker", "--seeds", "\(seeds.first)..\(seeds.last)", "--first", "\(index)", "--stride", "\(jobs)"]
        + choice.arguments
      if let child = Child(arguments) { children.append(child) }
    }
    var findings: [Finding] = []
    var told = time(nil)
    while !children.isEmpty {
      var polled = children.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
      poll(&polled, nfds_t(polled.count), 1000)
      for (child, state) in zip(children, polled) where state.revents != 0 {
        if let lines = child.read() {
          for line in lines { take(line, of: child, &summary, &findings) }
        } else {
          children.removeAll { $0 === child }
          if child.wait() == nil, let seed = child.seed { findings.append(Finding(seed: seed, rule: "crash")) }
        }
      }
      if time(nil) != told {
        told = time(nil)
        progress(summary)
      }
      guard findings.isEmpty else { break }
    }
    for child in children { child.end() }
    return findings
  }

  private func take(_ line: String, of child: Child, _ summary: inout Summary, _ findings: inout [Finding]) {
    if let ran = Summary(line: line) { return summary.add(ran) }
    let fields = line.split(separator: " ")
    if fields.first == "begin", let seed = UInt64(fields[1]) { child.seed = seed }
    if fields.first == "found", let seed = UInt64(fields[1]) {
      findings.append(Finding(seed: seed, rule: String(fields[2])))
    }
  }
}

/// Progress goes to stderr.
func say(_ line: String) {
  put(line + "\n", to: 2)
}

/// Unbuffered.
func put(_ text: String, to descriptor: Int32) {
  var bytes = Array(text.utf8)[...]
  while !bytes.isEmpty {
    let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { return }
    bytes = bytes.dropFirst(count)
  }
}
