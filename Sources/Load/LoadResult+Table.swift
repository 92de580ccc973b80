/// The result as people read it.
extension LoadResult {
  package func table() -> String {
    var lines = [summary, ""]
    switch end {
    case .whole: break
    case .interrupted, .stranded: lines += [endText ?? "", ""]
    case .unreachable, .unfilled: return lines[0] + "\n" + (endText ?? "")
    }
    lines += timesTable() + [""] + errorLines() + [""] + hostsTable() + [""] + ownLines()
    if let check { lines += checkLines(check) }
    if let fileFault { lines.append("the history is not whole: \(fileFault)") }
    return lines.joined(separator: "\n") + "\n"
  }

  var summary: String {
    let pace: String
    switch options.pace {
    case .closed: pace = "closed loop"
    case .open(let rate): pace = "\(rate)/s"
    }
    let share = options.spread == .each ? ", a share each" : ""
    return
      "\(pace) for \(Figures.duration(elapsed)) at \(hosts.map(\.text).joined(separator: ","))\(share): "
      + "\(options.connections) connections, pipeline \(options.pipeline), \(options.readsPercent) % reads, "
      + "\(options.keys) \(options.distribution == .zipfian ? "zipfian " : "")keys, values of \(options.valueSize) bytes, seed \(options.seed)"
  }

  var faults: String {
    zip(hosts, hostTallies).map { host, tally in
      "  \(host.text): \(tally.lastFault.isEmpty ? "answered, but did not do it" : tally.lastFault)\n"
    }.joined()
  }

  private func timesTable() -> [String] {
    let head = ["count", "per s"] + Self.percents.map(\.name) + ["max"]
    var lines = [row("", head)]
    for (name, counts) in [("reads", reads), ("writes", writes)] where counts.successes > 0 {
      let count = ["\(counts.successes)", Figures.fixed(rate(counts), digits: 0)]
      lines.append(row(name, count + times(counts.responses)))
      // In a closed loop a request is sent when it is meant to be.
      if options.pace != .closed { lines.append(row("  service time", ["", ""] + times(counts.services))) }
    }
    return lines
  }

  func times(_ latencies: Latencies) -> [String] {
    Self.percents.map { Figures.duration(latencies.percentile($0.percent)) }
      + [Figures.duration(latencies.max)]
  }

  private func row(_ name: String, _ cells: [String]) -> String {
    Figures.padded(name, -15) + cells.map { Figures.padded($0, 10) }.joined()
  }

  private func errorLines() -> [String] {
    let named = errors.named.map { "\($0.name) \($0.count)" }
    var lines = ["errors         " + (named.isEmpty ? "none" : named.joined(separator: ", "))]
    if reads.labelled + writes.labelled > 0 {
      lines.append("labelled       reads \(reads.labelled), writes \(writes.labelled)")
    }
    let gaps = [
      ("reads", readGap, options.readsPercent > 0), ("writes", writeGap, options.readsPercent < 100),
    ]
    .filter(\.2).map { "\($0.0) \(Figures.duration($0.1.longest))" }
    lines.append("longest gap    \(gaps.joined(separator: ", "))")
    let sent = hostTallies.reduce(0) { $0 + $1.bytesSent }
    let received = hostTallies.reduce(0) { $0 + $1.bytesReceived }
    lines.append("bytes          sent \(Figures.bytes(sent)), received \(Figures.bytes(received))")
    return lines
  }

  private func hostsTable() -> [String] {
    let width = -max(15, (hosts.map(\.text.count).max() ?? 0) + 2)
    var lines = [Figures.padded("host", width) + Self.hostHead.map { Figures.padded($0, 11) }.joined()]
    for (host, tally) in zip(hosts, hostTallies) {
      lines.append(
        Figures.padded(host.text, width) + hostCells(tally).map { Figures.padded($0, 11) }.joined())
    }
    return lines
  }

  static let hostHead = [
    "ok", "labelled", "not ok", "gap reads", "gap writes", "sent", "received", "connects", "failed", "lost",
  ]

  func hostCells(_ tally: HostTally) -> [String] {
    [
      "\(tally.successes)", "\(tally.labelled)", "\(tally.failures)",
      gap(tally.readGap, options.readsPercent > 0),
      gap(tally.writeGap, options.readsPercent < 100), Figures.bytes(tally.bytesSent),
      Figures.bytes(tally.bytesReceived), "\(tally.connects)", "\(tally.connectsFailed)",
      "\(tally.disconnects)",
    ]
  }

  private func gap(_ gap: HostTally.Gap, _ isAsked: Bool) -> String {
    isAsked ? Figures.duration(gap.longest) : "-"
  }

  var ownText: String {
    let each = successes == 0 ? 0 : Double(costs.cpu) / Double(successes) / 1e3
    return "\(Int((costs.cpuShare * 100).rounded())) % of a processor"
      + ", \(Figures.fixed(each, digits: 2)) µs a request"
      + ", loop late by \(Figures.duration(costs.lagMax)) at most"
  }

  private func ownLines() -> [String] {
    let line = "kvload itself  " + ownText
    guard let bottleneck = costs.bottleneck else { return [line] }
    return [line, "CAUTION: kvload may have been the bottleneck: \(bottleneck)"]
  }

  func checkedText(_ check: CheckFigures) -> String {
    "\(check.operations) operations of \(options.keys) keys: linearizable"
  }

  func checkLines(_ check: CheckFigures) -> [String] {
    var lines: [String] = []
    if check.isFull {
      lines.append(
        "NOT CHECKED to the end: some keys were never quiet, and more than \(Ledger.heldMax) operations would "
          + "have to be held. More keys, fewer connections or a shorter run can be checked.")
    }
    if check.undecidedKeys > 0 {
      lines.append("NOT DECIDED: \(check.undecidedKeys) keys, whose histories are too entangled")
    }
    if check.unreadKeys > 0 {
      lines.append("NOT READ after the load: \(check.unreadKeys) keys, so their last writes are not proven")
    }
    if check.violations > 0 {
      lines.append("VIOLATIONS: \(check.violations) in \(check.operations) operations checked")
    } else if check.isClean {
      lines.append("checked        " + checkedText(check))
    }
    return lines
  }
}
