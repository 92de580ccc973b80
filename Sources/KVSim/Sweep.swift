import Glibc
import Simulator

/// Many seeds, shared among child processes: a crash of the core ends a child and not the sweep.
struct Sweep {
  let seeds: SeedRange
  let jobs: Int
  let goesOn: Bool
  let shrinks: Bool
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
    }.sorted { $0.seed < $1.seed }
    print(summary.text(seconds: seconds(clock.now - begin)))
    for finding in findings { print("found in seed \(finding.seed): \(finding.rule)") }
    if let first = findings.first, shrinks {
      Shrinker(seed: first.seed, rule: first.rule, choice: choice).run()
    }
    return !findings.isEmpty
  }

  /// Reads what the children say until all have ended; unless told to go on, the first finding ends the
  /// others.
  private func watch(_ summary: inout Summary, progress: (Summary) -> Void) -> [Finding] {
    var children = (0..<jobs).compactMap { child(from: UInt64($0)) }
    var findings: [Finding] = []
    var told = time(nil)
    while !children.isEmpty, goesOn || findings.isEmpty {
      var polled = children.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
      poll(&polled, nfds_t(polled.count), 1000)
      for (child, state) in zip(children, polled) where state.revents != 0 {
        if let lines = child.read() {
          for line in lines { take(line, of: child, &summary, &findings) }
          continue
        }
        children.removeAll { $0 === child }
        guard child.wait() == nil, let seed = child.seed else { continue }
        findings.append(Finding(seed: seed, rule: "crash"))
        if let next = self.child(from: seed - seeds.first + UInt64(jobs)) { children.append(next) }
      }
      if time(nil) != told {
        told = time(nil)
        progress(summary)
      }
    }
    for child in children { child.end() }
    return findings
  }

  /// Runs every `jobs`th seed from the one with this offset on.
  private func child(from offset: UInt64) -> Child? {
    guard seeds.first + offset <= seeds.last else { return nil }
    let range = "\(seeds.first)..\(seeds.last)"
    return Child(
      ["--worker", "--seeds", range, "--first", "\(offset)", "--stride", "\(jobs)"]
        + (goesOn ? ["--all"] : [])
        + choice.arguments)
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
