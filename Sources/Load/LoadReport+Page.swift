/// The report as one page that needs nothing else. It is well-formed XML too.
extension LoadReport {
  package func page() -> String {
    let escape = Markup.escape
    return """
      <!DOCTYPE html>
      <html lang="en" xmlns="http://www.w3.org/1999/xhtml"><head><meta charset="utf-8"/>
      <title>kvload: \(escape(title))</title>
      <meta name="viewport" content="width=device-width"/><meta name="color-scheme" content="light dark"/>
      <style>\(PageStyle.text)</style></head><body>
      <h1>\(escape(title))</h1>
      <p class="quiet">\(escape(subtitle))</p>
      \(cautions())\(tiles())\(sweepPart())\(percentilePart())\(timePart())\(resultPart())\(circumstancePart())
      </body></html>

      """
  }

  private var title: String {
    let first = steps[0]
    let asked =
      switch (sweep, first.options.pace) {
      case (.some, _): "Sweep"
      case (nil, .closed): "Closed loop"
      case (nil, .open(let rate)): "\(rate) requests a second"
      }
    let hosts = first.hosts.count
    return "\(asked) at " + (hosts == 1 ? first.hosts[0].text : "\(hosts) servers")
  }

  private var subtitle: String {
    let hosts = steps[0].hosts.map(\.text).joined(separator: ", ")
    return "\(circumstances.began) · \(circumstances.version) · \(hosts)"
  }

  /// What is to be known before any figure is believed.
  private func cautions() -> String {
    var lines: [String] = []
    for step in steps {
      let rate = Self.rate(of: step)
      let place = sweep == nil ? "" : " (at \(rate))"
      if let said = step.endText { lines.append(said + place) }
      // In a sweep each row of the table says so.
      if sweep == nil, let why = step.costs.bottleneck {
        lines.append("kvload may have been the bottleneck: \(why)")
      }
      if let fault = step.fileFault { lines.append("the history is not whole: \(fault)") }
      if let check = step.check, !check.isClean { lines += step.checkLines(check) + check.texts }
    }
    return lines.map { "<pre class=\"caution\">\(Markup.escape($0))</pre>\n" }.joined()
  }

  private static func rate(of step: LoadResult) -> String {
    switch step.options.pace {
    case .closed: "closed loop"
    case .open(let rate): "\(rate)/s"
    }
  }

  private func tiles() -> String {
    guard let main else { return "<p class=\"verdict\">\(Markup.escape(sweep?.verdict ?? ""))</p>\n" }
    let times = main.responses
    var pairs: [(name: String, value: String)] = [
      ("successes a second", Figures.fixed(main.rate, digits: 0)),
      ("p50", Figures.duration(times.percentile(50))), ("p99", Figures.duration(times.percentile(99))),
      ("p99.9", Figures.duration(times.percentile(99.9))), ("max", Figures.duration(times.max)),
      ("errors", errorText(main)), ("longest gap", Figures.duration(main.longestGap)),
    ]
    if let knee = sweep?.knee { pairs.insert(("knee, a second", "\(knee)"), at: 0) }
    if let check = main.check, check.isClean { pairs.append(("checked", "linearizable")) }
    let tiles = pairs.map {
      "<div class=\"tile\"><b>\(Markup.escape($0.value))</b><span>\(Markup.escape($0.name))</span></div>\n"
    }
    return "<div class=\"tiles\">\(tiles.joined())</div>\n"
  }

  private func errorText(_ result: LoadResult) -> String {
    guard result.errors.total > 0 else { return "none" }
    return "\(result.errors.total) (\(Figures.threeDigits(result.errorShare * 100)) %)"
  }

  private func figure(_ plot: Plot) -> String {
    "<figure><figcaption>\(Markup.escape(plot.title))</figcaption>\n\(plot.svg())</figure>\n"
  }

  private func sweepPart() -> String {
    guard let sweep else { return "" }
    let rows = zip(sweep.steps, steps).map { step, result in
      let times = result.responses
      let doubt = result.costs.bottleneck == nil ? "" : " (kvload may have been the bottleneck)"
      return ["\(step.rate)", Figures.fixed(result.rate, digits: 0)]
        + [50, 99, 99.9].map { Figures.duration(times.percentile($0)) }
        + [
          Figures.duration(times.max), "\(result.errors.total)",
          (step.reason.map { "no: \($0)" } ?? "held") + doubt,
        ]
    }
    let head = ["target/s", "achieved/s", "p50", "p99", "p99.9", "max", "errors", "held"]
    return
      "<h2>Rate by rate</h2>\n<p>\(Markup.escape(sweep.verdict)). What holds: \(Markup.escape(criteria)).</p>\n"
      + (sweepPlot().map(figure) ?? "") + Markup.table("steps", head: head, rows)
  }

  private var criteria: String {
    let share = Figures.fixed(Sweep.achievedShareMin * 100, digits: 0)
    let errors = Figures.fixed(Sweep.errorShareMax * 100, digits: 0)
    let p99 = sweep.map { Figures.duration($0.p99Max) } ?? ""
    return "at least \(share) % of the target, at most \(errors) % errors, a p99 of at most \(p99)"
  }

  private func percentilePart() -> String {
    guard let plot = percentilePlot() else { return "" }
    let isOpen = main?.options.pace != .closed
    let text =
      isOpen
      ? "Response time counts from when a request was meant to begin, service time from when it was sent."
      : "In a closed loop a request is sent when it is meant to be: response and service time are the same."
    let of = sweep == nil ? "" : " Of the run at the knee."
    return "<h2>Percentiles</h2>\n<p class=\"quiet\">\(text)\(of)</p>\n" + figure(plot)
  }

  private func timePart() -> String {
    let plots = plotsOverTime()
    guard !plots.isEmpty else { return "<p>There was no load.</p>\n" }
    let count = steps.reduce(0) { $0 + $1.intervals.count }
    let merged = count > Moment.countMax
    let text =
      merged
      ? "A point stands for several seconds: the mean rate, the highest of the times."
      : "A point is a second."
    return "<h2>Over time</h2>\n<p class=\"quiet\">\(text) Point at the curves for the figures.</p>\n"
      + plots.map(figure).joined()
  }

  private func resultPart() -> String {
    guard let main else { return "" }
    let (head, rows) = main.timesRows()
    let (hostHead, hostRows) = main.hostRows()
    return "<h2>Result\(sweep == nil ? "" : " at the knee")</h2>\n" + Markup.table("times", head: head, rows)
      + Markup.list(main.figures()) + Markup.table("hosts", head: hostHead, hostRows)
  }

  private func circumstancePart() -> String {
    var made = circumstances.figures()
    if let version = steps.compactMap(\.serverVersion).last { made.insert(("servers", version), at: 1) }
    return "<h2>How it was made</h2>\n<div class=\"pair\">" + Markup.list(made)
      + Markup.list(steps[0].options.figures(isSweep: sweep != nil)) + "</div>\n"
  }
}
