/// The figures of a run for the tables of the page.
extension LoadResult {
  /// Nil: it came to its end.
  var endText: String? {
    switch end {
    case .whole: nil
    case .interrupted: "interrupted before its time"
    case .stranded: "ended before its time: no host could be reached any more"
    case .unreachable: "nothing could be reached:\n" + faults
    case .unfilled: "the keys could not be written before the load:\n" + faults
    }
  }

  /// Nanoseconds, of reads or of writes.
  var longestGap: UInt64 {
    max(
      options.readsPercent > 0 ? readGap.longest : 0, options.readsPercent < 100 ? writeGap.longest : 0)
  }

  func timesRows() -> (head: [String], rows: [[String]]) {
    let head = ["", "count", "a second"] + Self.percents.map(\.name) + ["max", "longest gap"]
    var rows: [[String]] = []
    for (name, counts, gap) in [("reads", reads, readGap), ("writes", writes, writeGap)]
    where counts.successes > 0 {
      let count = ["\(counts.successes)", Figures.fixed(rate(counts), digits: 0)]
      rows.append(
        ["\(name), response time"] + count + times(counts.responses) + [Figures.duration(gap.longest)])
      if options.pace != .closed {
        rows.append(["\(name), service time", "", ""] + times(counts.services) + [""])
      }
    }
    return (head, rows)
  }

  func hostRows() -> (head: [String], rows: [[String]]) {
    let head = ["host"] + Self.hostHead
    return (head, zip(hosts, hostTallies).map { [$0.text] + hostCells($1) })
  }

  func figures() -> [(name: String, value: String)] {
    let named = errors.named.map { "\($0.name) \($0.count)" }
    let sent = hostTallies.reduce(0) { $0 + $1.bytesSent }
    let received = hostTallies.reduce(0) { $0 + $1.bytesReceived }
    var figures = [
      (name: "requests", value: "\(drawn) in \(Figures.duration(elapsed))"),
      ("errors", named.isEmpty ? "none" : named.joined(separator: ", ")),
      ("labelled", "reads \(reads.labelled), writes \(writes.labelled)"),
      ("bytes", "sent \(Figures.bytes(sent)), received \(Figures.bytes(received))"),
      ("kvload itself", ownText),
    ]
    if let check, check.isClean { figures.append(("checked", checkedText(check))) }
    return figures
  }
}

extension LoadOptions {
  /// `isSweep`: the rate is another one in each run.
  func figures(isSweep: Bool) -> [(name: String, value: String)] {
    var figures: [(name: String, value: String)] = []
    switch pace {
    case .closed: figures.append(("pace", "closed loop"))
    case .open(let rate): figures.append(("pace", "open loop, \(isSweep ? "from " : "")\(rate)/s"))
    }
    switch extent {
    case .nanoseconds(let length): figures.append(("duration", Figures.duration(length)))
    case .requests(let count): figures.append(("requests", "\(count)"))
    }
    return figures + [
      ("warm-up", Figures.duration(warmupNanoseconds)), ("connections", "\(connections)"),
      ("pipeline", "\(pipeline)"),
      ("spread", spread == .each ? "a share to each host" : "any connection with room"),
      ("reads", "\(readsPercent) %"), ("keys", "\(keys), \(distribution.rawValue)"),
      ("values", "\(valueSize) bytes"), ("time-out", Figures.duration(timeoutNanoseconds)),
      ("seed", "\(seed)"),
    ]
  }
}

extension Circumstances {
  func figures() -> [(name: String, value: String)] {
    [
      ("kvload", version), ("arguments", arguments.joined(separator: " ")), ("began", began),
      ("processor", "\(cpu), \(processors) of them"), ("kernel", kernel),
    ]
  }
}
