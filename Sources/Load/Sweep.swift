/// Raises the rate step by step until the servers no longer keep up, and closes in on the knee: the highest rate
/// that held.
///
/// The rate doubles while it holds, and is halved while it does not; between one that held and one that did not
/// the geometric mean is tried, `refinements` times, so the knee is known to a twelfth.
package struct Sweep: Sendable {
  package struct Step: Sendable {
    package let rate: UInt64
    /// Why it did not hold.
    package let reason: String?
    package var isHeld: Bool { reason == nil }
  }

  /// Less of what was meant to begin, answered, is not keeping up.
  package static let achievedShareMin = 0.95
  /// Of the requests.
  package static let errorShareMax = 0.01
  static let refinements = 3

  /// Response times above this at the 99th percentile are not keeping up, nanoseconds.
  let p99Max: UInt64
  /// What is to be tried now; nil: it is over.
  package private(set) var next: UInt64?
  package private(set) var steps: [Step] = []
  private var refined = 0

  package init(from rate: UInt64, p99Max: UInt64) {
    (next, self.p99Max) = (rate, p99Max)
  }

  /// The highest rate that held below all that did not.
  package var knee: UInt64? { steps.filter(\.isHeld).map(\.rate).max() }

  private var lowestFailed: UInt64? { steps.filter { !$0.isHeld }.map(\.rate).min() }

  /// Takes what came of the rate that was tried.
  package mutating func take(_ result: LoadResult) {
    take(reason: reason(result))
    if result.end != .whole { next = nil }
  }

  mutating func take(reason: String?) {
    guard let rate = next else { return }
    steps.append(Step(rate: rate, reason: reason))
    next = following()
  }

  private mutating func following() -> UInt64? {
    switch (knee, lowestFailed) {
    case (nil, nil): return nil
    case (let held?, nil): return held < LoadOptions.rateMax ? min(2 * held, LoadOptions.rateMax) : nil
    case (nil, let failed?): return failed > 1 ? failed / 2 : nil
    case (let held?, let failed?):
      let middle = UInt64((Double(held) * Double(failed)).squareRoot().rounded())
      guard refined < Self.refinements, middle > held, middle < failed else { return nil }
      refined += 1
      return middle
    }
  }

  private func reason(_ result: LoadResult) -> String? {
    switch result.end {
    case .whole: break
    case .interrupted: return "interrupted"
    case .unreachable, .unfilled, .stranded: return "no host could be reached"
    }
    guard case .open(let rate) = result.options.pace else { return nil }
    let p99 = result.responses.percentile(99)
    return Self.reason(
      achieved: result.rate / Double(rate), errors: result.errorShare, p99: p99, p99Max: p99Max)
  }

  static func reason(achieved: Double, errors: Double, p99: UInt64, p99Max: UInt64) -> String? {
    if achieved < achievedShareMin { return "only \(Figures.fixed(achieved * 100, digits: 1)) % achieved" }
    if errors > errorShareMax { return "\(Figures.fixed(errors * 100, digits: 1)) % errors" }
    if p99 > p99Max { return "p99 above \(Figures.duration(p99Max))" }
    return nil
  }
}

// Telling
extension Sweep {
  package static let head =
    Figures.padded("target/s", 10)
    + ["achieved", "p50", "p99", "max", "errors"].map { Figures.padded($0, 10) }.joined() + "  "

  /// The last step in one line.
  package func line(_ result: LoadResult) -> String {
    guard let step = steps.last else { return "" }
    let times = result.responses
    let cells = [
      Figures.fixed(result.rate, digits: 0), Figures.duration(times.percentile(50)),
      Figures.duration(times.percentile(99)), Figures.duration(times.max), "\(result.errors.total)",
    ]
    var line = Figures.padded("\(step.rate)", 10) + cells.map { Figures.padded($0, 10) }.joined()
    line += "  " + (step.reason.map { "did not hold: \($0)" } ?? "held")
    if result.costs.bottleneck != nil { line += " (kvload may have been the bottleneck)" }
    return line
  }

  package var verdict: String {
    guard let knee else { return "knee: none, no rate held" }
    let next = lowestFailed.map { ", \($0)/s did not hold" } ?? ", and nothing above was tried"
    return "knee: \(knee)/s held\(next)"
  }
}
