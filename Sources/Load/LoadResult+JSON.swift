/// A run for other programs. Times are nanoseconds, of durations and of the monotonic clock.
extension LoadResult {
  func putMembers(into json: inout JSONWriter) {
    json.name("options")
    put(options, into: &json)
    json.member("end", "\(end)")
    json.member("measuredFrom", measuredFrom)
    json.member("elapsed", elapsed)
    json.member("requests", drawn)
    json.member("rate", rate, digits: 1)
    json.name("response")
    put(responses, into: &json)
    json.name("reads")
    put(reads, readGap, into: &json)
    json.name("writes")
    put(writes, writeGap, into: &json)
    put(errors, into: &json)
    json.name("hosts")
    json.array { json in for index in hosts.indices { putHost(index, into: &json) } }
    json.name("seconds")
    json.array { json in for interval in intervals { put(interval, into: &json) } }
    json.name("kvload")
    putCosts(into: &json)
    if let check { put(check, into: &json) }
    if let fileFault { json.member("historyFault", fileFault) }
    if let serverVersion { json.member("serverVersion", serverVersion) }
  }

  private func put(_ options: LoadOptions, into json: inout JSONWriter) {
    json.object { json in
      if case .open(let rate) = options.pace { json.member("rate", rate) }
      json.member("closed", options.pace == .closed)
      json.member("each", options.spread == .each)
      json.member("connections", options.connections)
      json.member("pipeline", options.pipeline)
      switch options.extent {
      case .nanoseconds(let length): json.member("duration", length)
      case .requests(let count): json.member("requests", count)
      }
      json.member("warmup", options.warmupNanoseconds)
      json.member("reads", options.readsPercent)
      json.member("keys", options.keys)
      json.member("distribution", options.distribution.rawValue)
      json.member("valueSize", options.valueSize)
      json.member("timeout", options.timeoutNanoseconds)
      json.member("seed", options.seed)
    }
  }

  private func put(_ counts: ActionCounts, _ gap: HostTally.Gap, into json: inout JSONWriter) {
    json.object { json in
      json.member("successes", counts.successes)
      json.member("labelled", counts.labelled)
      json.member("rate", rate(counts), digits: 1)
      for (name, times) in [("response", counts.responses), ("service", counts.services)] {
        json.name(name)
        put(times, into: &json)
      }
      put("gap", gap, into: &json)
    }
  }

  private func put(_ times: Latencies, into json: inout JSONWriter) {
    json.object { json in
      for (name, percent) in Self.percents { json.member(name, times.percentile(percent)) }
      json.member("max", times.max)
      json.member("mean", times.mean, digits: 0)
    }
  }

  private func put(_ name: String, _ gap: HostTally.Gap, into json: inout JSONWriter) {
    json.name(name)
    json.object { json in
      json.member("longest", gap.longest)
      json.member("began", gap.began)
    }
  }

  private func put(_ errors: ErrorCounts, into json: inout JSONWriter) {
    json.name("errors")
    json.object { json in for (name, count) in errors.named { json.member(name, count) } }
  }

  private func putHost(_ index: Int, into json: inout JSONWriter) {
    let tally = hostTallies[index]
    json.object { json in
      json.member("host", hosts[index].text)
      json.member("successes", tally.successes)
      json.member("labelled", tally.labelled)
      json.member("failures", tally.failures)
      put("readGap", tally.readGap, into: &json)
      put("writeGap", tally.writeGap, into: &json)
      json.member("bytesSent", tally.bytesSent)
      json.member("bytesReceived", tally.bytesReceived)
      json.member("connects", tally.connects)
      json.member("connectsFailed", tally.connectsFailed)
      json.member("disconnects", tally.disconnects)
    }
  }

  private func put(_ interval: Interval, into json: inout JSONWriter) {
    json.object { json in
      json.member("end", interval.end, digits: 3)
      json.member("length", interval.length)
      json.member("warmup", interval.isWarmup)
      json.member("successes", interval.successes)
      json.member("labelled", interval.labelled)
      put(interval.errors, into: &json)
      json.member("p50", interval.median)
      json.member("p99", interval.percentile99)
      json.member("max", interval.max)
      json.member("inFlight", interval.inFlight)
      json.member("backlog", interval.backlog)
      if let view = interval.cluster?.view { json.member("view", view) }
      if let primary = interval.cluster?.primary { json.member("primary", primary) }
    }
  }

  private func putCosts(into json: inout JSONWriter) {
    json.object { json in
      json.member("cpu", costs.cpu)
      json.member("elapsed", costs.elapsed)
      json.member("lagMax", costs.lagMax)
      json.member("lagTotal", costs.lagTotal)
      json.member("residentBytesMax", costs.residentBytesMax)
      json.member("mayBeBottleneck", costs.bottleneck != nil)
    }
  }

  private func put(_ check: CheckFigures, into json: inout JSONWriter) {
    json.name("check")
    json.object { json in
      json.member("clean", check.isClean)
      json.member("operations", check.operations)
      json.member("violations", check.violations)
      json.member("undecidedKeys", check.undecidedKeys)
      json.member("unreadKeys", check.unreadKeys)
      json.member("full", check.isFull)
      json.name("texts")
      json.array { json in for text in check.texts { json.value(text) } }
    }
  }
}
