/// One second of the run in one line.
package struct LiveLine {
  private let options: LoadOptions

  package init(_ options: LoadOptions) { self.options = options }

  package func text(_ interval: Interval, _ cluster: ClusterView?, _ part: LoadEngine.Part) -> String {
    var words = [label(interval, part)]
    if case .open(let rate) = options.pace, part == .loading { words.append("target \(rate)/s") }
    words.append("achieved \(Figures.fixed(interval.rate, digits: 0))/s")
    if interval.successes > 0 {
      words.append("p50 \(Figures.duration(interval.median))")
      words.append("p99 \(Figures.duration(interval.percentile99))")
      words.append("max \(Figures.duration(interval.max))")
    }
    if interval.labelled > 0 { words.append("labelled \(interval.labelled)") }
    words += interval.errors.named.map { "\($0.name):\($0.count)" }
    words.append("in flight \(interval.inFlight)")
    if case .open = options.pace, part == .loading { words.append("backlog \(interval.backlog)") }
    words.append(text(cluster))
    return words.joined(separator: "  ")
  }

  private func label(_ interval: Interval, _ part: LoadEngine.Part) -> String {
    switch part {
    case .filling: "filling"
    case .finalReading: "final reads"
    case .loading, .draining, .ended:
      "\(Figures.fixed(interval.end, digits: 0)) s\(interval.isWarmup ? " warm-up" : "")"
    }
  }

  private func text(_ cluster: ClusterView?) -> String {
    guard let cluster, let view = cluster.view else { return "view ?" }
    return "view \(view) primary \(cluster.primary ?? "none")"
  }
}
