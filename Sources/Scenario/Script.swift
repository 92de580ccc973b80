import VSR

/// A scenario: commands and expectations, a line each, every line followed by what it caused, indented. Lines
/// that begin with `#` are comments; `rule NAME` names a rule without which an expectation must fail.
package struct Script {
  package struct Failure {
    /// From 1, in the file as it was read.
    package let line: Int
    package let text: String
    package let reason: String
    /// An `expect` line that does not hold; otherwise a line that makes no sense.
    package let isExpectation: Bool
  }

  package struct Report {
    /// The script with its trace as it was this time.
    package var recorded = ""
    package var failures: [Failure] = []
  }

  private var lines: [(number: Int, text: String)] = []
  package private(set) var rules: [Rule] = []

  /// Nil where a rule is named that there is not.
  package init?(_ text: String) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      guard line.first != " " else { continue }
      lines.append((index + 1, String(line)))
      let words = line.split(separator: " ").map(String.init)
      guard words.first == "rule" else { continue }
      for name in words.dropFirst() {
        guard let rule = Rule(rawValue: name) else { return nil }
        rules.append(rule)
      }
    }
    while lines.last?.text.isEmpty == true { lines.removeLast() }
  }

  /// Runs it from the beginning, with `options` where it sets none itself.
  package func run(options: Options = Options()) -> Report {
    var report = Report()
    var world = World()
    world.options = options
    for (number, text) in lines {
      report.recorded += text + "\n"
      let words = text.split(separator: " ").map(String.init)
      guard let command = words.first, command.first != "#", command != "rule" else { continue }
      perform(words, number: number, text: text, in: &world, &report)
      for line in world.takeTrace() { report.recorded += "  \(line)\n" }
    }
    return report
  }

  private func perform(
    _ words: [String], number: Int, text: String, in world: inout World, _ report: inout Report
  ) {
    func fail(_ reason: String, isExpectation: Bool) {
      world.trace.append("FAILED: \(reason)")
      report.failures.append(
        Failure(line: number, text: text, reason: reason, isExpectation: isExpectation))
    }
    do throws(ScriptError) {
      guard words[0] == "expect" else { return try world.perform(words) }
      if let reason = try world.failedExpectation(words.dropFirst()) { fail(reason, isExpectation: true) }
    } catch { fail(error.text, isExpectation: false) }
  }
}

extension World {
  /// What the last command caused, and where the servers stand if that has changed.
  fileprivate mutating func takeTrace() -> [String] {
    for index in servers.indices {
      let line = summary(of: index)
      if line != servers[index].shown { trace.append(line) }
      servers[index].shown = line
    }
    defer { trace.removeAll() }
    return trace
  }

  private func summary(of server: ServerIndex) -> String {
    guard let replica = servers[server].replica else { return "\(server): down" }
    let part =
      replica.isFrozen
      ? "frozen" : replica.isNormalPrimary ? "primary" : replica.isNormal ? "backup" : "viewChange"
    let word = replica.isMember || !replica.isNormal ? part : "learner"
    return
      "\(server): epoch \(replica.epoch.id.number) view \(replica.logView)/\(replica.view) \(word)"
      + " commit \(replica.commit)/\(replica.log.head)"
  }
}
