/// The pictures of the page.
extension LoadReport {
  /// Over time, all runs one after another: the rate, the response times, the errors, what waited.
  func plotsOverTime() -> [Plot] {
    let runs = Moment.all(of: steps)
    let moments = runs.flatMap { $0 }
    guard let end = moments.last?.end else { return [] }
    let plots = [
      ratePlot(runs, to: end), timesPlot(runs, to: end), errorsPlot(moments, to: end),
      waitingPlot(runs, to: end),
    ]
    return plots.map { plot in
      var plot = plot
      plot.shades = warmups(runs)
      plot.marks = Self.views(moments) + runs.dropFirst().compactMap(\.first).map { ($0.begin, "", "step") }
      return plot
    }
  }

  /// The seconds of which some belongs to the warm-up are cut where it ends.
  private func warmups(_ runs: [[Moment]]) -> [(x: ClosedRange<Double>, name: String, classes: String)] {
    zip(runs, steps).compactMap { run, step in
      guard let first = run.first, let last = run.last, step.options.warmupNanoseconds > 0 else { return nil }
      let length = Double(step.options.warmupNanoseconds) / Double(Schedule.second)
      return (first.begin...min(last.end, first.begin + length), sweep == nil ? "warm-up" : "", "warmup")
    }
  }

  /// A line wherever another view or primary was heard of.
  private static func views(_ moments: [Moment]) -> [(x: Double, text: String, classes: String)] {
    var known: ClusterView?
    var marks: [(x: Double, text: String, classes: String)] = []
    for moment in moments {
      guard let cluster = moment.cluster, let view = cluster.view else { continue }
      defer { known = cluster }
      guard let known, known.view != view || known.primary != cluster.primary else { continue }
      marks.append((moment.middle, "view \(view), primary \(cluster.primary ?? "none")", "view"))
    }
    return marks
  }

  /// One curve through all runs, interrupted between them.
  private func curve(
    _ name: String, _ classes: String, _ runs: [[Moment]], _ value: (Moment) -> Double?
  ) -> Plot.Curve {
    var points: [(x: Double, y: Double?)] = []
    for run in runs where !run.isEmpty {
      if !points.isEmpty { points.append((run[0].begin, nil)) }
      points += run.map { ($0.middle, value($0)) }
    }
    return Plot.Curve(name: name, classes: classes, points: points)
  }

  private func hints(_ moments: [Moment], _ text: (Moment) -> String) -> [Plot.Hint] {
    moments.filter { $0.length > 0 }.map { moment in
      let span = "\(Figures.fixed(moment.begin, digits: 1))–\(Figures.fixed(moment.end, digits: 1)) s"
      return Plot.Hint(x: moment.begin...moment.end, text: "\(span): \(text(moment))")
    }
  }

  private func ratePlot(_ runs: [[Moment]], to end: Double) -> Plot {
    let moments = runs.flatMap { $0 }
    let achieved = curve("achieved", "achieved", runs) { $0.perSecond($0.successes) }
    let most = moments.map { max($0.perSecond($0.successes), Double($0.target ?? 0)) }.max() ?? 0
    var plot = Plot(
      name: "rate", title: "Successes a second, over time", x: .seconds(to: end), y: .counts(to: most * 1.05))
    let targets: [(x: Double, y: Double?)] = runs.flatMap { run -> [(x: Double, y: Double?)] in
      guard let first = run.first, let last = run.last, let target = first.target else { return [] }
      return [(first.begin, Double(target)), (last.end, Double(target)), (last.end, nil)]
    }
    if !targets.isEmpty { plot.curves.append(.init(name: "target", classes: "target", points: targets)) }
    plot.curves.append(achieved)
    plot.hints = hints(moments) { moment in
      let target = moment.target.map { " of \($0)/s" } ?? ""
      return Figures.fixed(moment.perSecond(moment.successes), digits: 0) + "/s" + target
    }
    return plot
  }

  private func timesPlot(_ runs: [[Moment]], to end: Double) -> Plot {
    let moments = runs.flatMap { $0 }
    let known = moments.filter { $0.max > 0 }
    let least = known.map { min($0.median, $0.percentile99) }.min() ?? 1_000_000
    var plot = Plot(
      name: "times", title: "Response times of each second, over time", x: .seconds(to: end),
      y: .durations(from: Double(least), to: Double(known.map(\.max).max() ?? 1_000_000)))
    for (name, value) in [("max", \.max), ("p99", \.percentile99), ("p50", \.median)]
      as [(String, KeyPath<Moment, UInt64>)]
    {
      plot.curves.append(
        curve(name, name, runs) { $0.max == 0 ? nil : Double($0[keyPath: value]) })
    }
    plot.hints = hints(moments) { moment in
      guard moment.max > 0 else { return "no success" }
      return "p50 \(Figures.duration(moment.median)), p99 \(Figures.duration(moment.percentile99)), "
        + "max \(Figures.duration(moment.max))"
    }
    if known.isEmpty { plot.note = "no success" }
    return plot
  }

  /// Columns on one another, a colour a kind.
  private func errorsPlot(_ moments: [Moment], to end: Double) -> Plot {
    let kinds = kindsOfTrouble
    var columns = kinds.enumerated().map { index, kind in
      Plot.Columns(name: kind, classes: kind == Self.labelled ? "labelled" : "kind\(index % 6)", parts: [])
    }
    var most = 0.0
    for moment in moments where moment.length > 0 {
      var base = 0.0
      for (index, kind) in kinds.enumerated() {
        let count = Self.count(of: kind, in: moment)
        guard count > 0 else { continue }
        let top = base + moment.perSecond(count)
        columns[index].parts.append((moment.begin...moment.end, base...top))
        base = top
      }
      most = max(most, base)
    }
    var plot = Plot(
      name: "errors", title: "Errors a second by kind, over time", x: .seconds(to: end), y: .counts(to: most))
    plot.columns = columns
    if kinds.isEmpty { plot.note = "none" }
    plot.hints = hints(moments) { moment in
      let counts = kinds.map { ($0, Self.count(of: $0, in: moment)) }.filter { $0.1 > 0 }
      return counts.isEmpty ? "none" : counts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }
    return plot
  }

  private static let labelled = "labelled"

  private var kindsOfTrouble: [String] {
    var kinds = Set<String>()
    for interval in steps.flatMap(\.intervals) {
      kinds.formUnion(interval.errors.named.map(\.name))
      if interval.labelled > 0 { kinds.insert(Self.labelled) }
    }
    return kinds.sorted()
  }

  private static func count(of kind: String, in moment: Moment) -> UInt64 {
    kind == labelled ? moment.labelled : moment.errors.first { $0.name == kind }?.count ?? 0
  }

  private func waitingPlot(_ runs: [[Moment]], to end: Double) -> Plot {
    let moments = runs.flatMap { $0 }
    let most = moments.map { max(Double($0.inFlight), Double($0.backlog)) }.max() ?? 0
    var plot = Plot(
      name: "waiting", title: "Requests in flight and in the backlog, over time", x: .seconds(to: end),
      y: .counts(to: most))
    plot.curves.append(curve("in flight", "flight", runs) { Double($0.inFlight) })
    // In a closed loop nothing is due before it is sent.
    if steps.contains(where: { $0.options.pace != .closed }) {
      plot.curves.append(curve("backlog", "backlog", runs) { Double($0.backlog) })
    }
    plot.hints = hints(moments) { "in flight \($0.inFlight), backlog \($0.backlog)" }
    return plot
  }
}

// Not over time
extension LoadReport {
  /// Of the run that stands for all; nil: it had no success.
  func percentilePlot() -> Plot? {
    guard let main, main.successes > 0 else { return nil }
    let isOpen = main.options.pace != .closed
    let x = PlotAxis.percentiles(ofCount: max(main.reads.successes, main.writes.successes))
    var curves: [Plot.Curve] = []
    for (name, counts) in [("reads", main.reads), ("writes", main.writes)] where counts.successes > 0 {
      for (kind, times) in [("response", counts.responses), ("service", counts.services)]
      where kind == "response" || isOpen {
        let points = times.curve().map { point in
          (x: 1 / max(1 - point.share, 1 / Double(counts.successes)), y: Double(point.value) as Double?)
        }
        curves.append(.init(name: "\(name), \(kind) time", classes: "\(name) \(kind)", points: points))
      }
    }
    let values = curves.flatMap { $0.points.compactMap(\.y) }.filter { $0 > 0 }
    var plot = Plot(
      name: "percentiles", title: "Times by percentile, reads and writes", x: x,
      y: .durations(from: values.min() ?? 1e6, to: values.max() ?? 1e6))
    plot.curves = curves
    return plot
  }

  /// The rate against the response times, with the knee; nil: no sweep, or no success in it.
  func sweepPlot() -> Plot? {
    guard let sweep else { return nil }
    let tried = zip(sweep.steps, steps).filter { $0.1.successes > 0 }.sorted { $0.0.rate < $1.0.rate }
    guard let first = tried.first, let last = tried.last else { return nil }
    func points(_ percent: Double, where isShown: (Sweep.Step) -> Bool) -> [(x: Double, y: Double?)] {
      tried.filter { isShown($0.0) }.map { (Double($0.0.rate), Double($0.1.responses.percentile(percent))) }
    }
    let values =
      (points(50) { _ in true } + points(99) { _ in true }).compactMap(\.y) + [Double(sweep.p99Max)]
    var plot = Plot(
      name: "sweep", title: "Response times by target rate",
      x: .rates(from: Double(first.0.rate), to: Double(last.0.rate)),
      y: .durations(from: values.min() ?? 1e6, to: values.max() ?? 1e6))
    plot.curves = [
      .init(name: "p99", classes: "p99 thin", points: points(99) { _ in true }),
      .init(name: "p50", classes: "p50 thin", points: points(50) { _ in true }),
      .init(name: "held", classes: "held", points: points(99, where: \.isHeld), isDotted: true),
      .init(
        name: "did not hold", classes: "failed", points: points(99) { !$0.isHeld }, isDotted: true),
    ]
    plot.levels = [(Double(sweep.p99Max), "p99 at most \(Figures.duration(sweep.p99Max))")]
    if let knee = sweep.knee { plot.marks = [(Double(knee), "knee: \(knee)/s", "knee")] }
    return plot
  }
}
