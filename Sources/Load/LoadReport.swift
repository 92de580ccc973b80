/// All that a call of kvload came to: one run, or the steps of a sweep.
package struct LoadReport: Sendable {
  package let circumstances: Circumstances
  /// At least one, in the order made.
  package let steps: [LoadResult]
  /// Nil where there was no sweep.
  package let sweep: Sweep?

  package init(_ circumstances: Circumstances, steps: [LoadResult], sweep: Sweep? = nil) {
    precondition(!steps.isEmpty)
    (self.circumstances, self.steps, self.sweep) = (circumstances, steps, sweep)
  }

  /// The run that stands for all: of a sweep the one at the knee; nil: no step held.
  package var main: LoadResult? {
    guard let sweep else { return steps[0] }
    return sweep.knee.flatMap { knee in steps.last { $0.options.pace == .open(rate: knee) } }
  }

  /// The result for other programs. Times are nanoseconds, of durations and of the monotonic clock.
  package func json() -> String {
    var json = JSONWriter()
    json.object { json in
      json.name("circumstances")
      circumstances.put(into: &json)
      guard let sweep else { return steps[0].putMembers(into: &json) }
      json.member("knee", sweep.knee ?? 0)
      json.name("steps")
      json.array { json in
        for (index, step) in steps.enumerated() {
          json.object { json in
            json.member("held", sweep.steps[index].isHeld)
            if let reason = sweep.steps[index].reason { json.member("reason", reason) }
            step.putMembers(into: &json)
          }
        }
      }
    }
    return json.text + "\n"
  }

  /// Every second a line (RFC 4180); times in nanoseconds. The kinds of errors are those that came up.
  package func csv() -> String {
    var names: [String] = []
    for interval in steps.flatMap(\.intervals) {
      for (name, _) in interval.errors.named where !names.contains(name) { names.append(name) }
    }
    names.sort()
    let head = [
      "end", "warmup", "target", "successes", "rate", "p50", "p99", "max", "labelled", "inFlight", "backlog",
      "view", "primary",
    ]
    var text = (head + names.map { "error:\($0)" }).joined(separator: ",") + "\r\n"
    for step in steps {
      for interval in step.intervals {
        text += Self.line(interval, step.options.pace, names).joined(separator: ",") + "\r\n"
      }
    }
    return text
  }

  private static func line(_ interval: Interval, _ pace: LoadOptions.Pace, _ names: [String]) -> [String] {
    var target = ""
    if case .open(let rate) = pace { target = "\(rate)" }
    let counts = Dictionary(uniqueKeysWithValues: interval.errors.named.map { ($0.name, $0.count) })
    return [
      Figures.fixed(interval.end, digits: 3), interval.isWarmup ? "1" : "0", target, "\(interval.successes)",
      Figures.fixed(interval.rate, digits: 1), "\(interval.median)", "\(interval.percentile99)",
      "\(interval.max)", "\(interval.labelled)", "\(interval.inFlight)", "\(interval.backlog)",
      interval.cluster?.view.map { "\($0)" } ?? "", interval.cluster?.primary ?? "",
    ] + names.map { "\(counts[$0] ?? 0)" }
  }

  /// HdrHistogram's percentile distributions of the response times, milliseconds, each with what its file's name
  /// has before the extension: all, and where both were asked, reads and writes.
  package func distributions() -> [(suffix: String, text: String)] {
    guard let main else { return [] }
    var all = [(suffix: "", text: main.responses.distribution)]
    if main.reads.successes > 0, main.writes.successes > 0 {
      all.append((".reads", main.reads.responses.distribution))
      all.append((".writes", main.writes.responses.distribution))
    }
    return all
  }
}
