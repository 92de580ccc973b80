/// Something that a run must keep to, such as `p99<5ms`: a quantity, `<` or `>`, and a bound.
package struct Requirement: Sendable {
  package struct Malformed: Error {
    package let message: String
  }

  enum Quantity: Equatable, Sendable {
    case percentile(Double)
    case max
    case gap
    case rate
    case errors
    case labelled
  }

  enum Scope: String, Sendable {
    case all = ""
    case reads
    case writes
  }

  enum Comparison: String, CaseIterable, Sendable {
    // Longer ones first: they are looked for in this order.
    case atMost = "<="
    case atLeast = ">="
    case below = "<"
    case above = ">"
  }

  private enum Unit {
    case nanoseconds(Double)
    case share
    case none
  }

  package let text: String
  let scope: Scope
  let quantity: Quantity
  let comparison: Comparison
  /// Nanoseconds, a share of 1, a count or a rate.
  let bound: Double
  private let isShare: Bool

  package static let form =
    "takes [reads.|writes.]QUANTITY<BOUND, QUANTITY one of p50 p90 p99 p99.9 p99.99 max gap (us, ms, s), "
    + "rate (a second), errors labelled (a count, or %)"

  package init(parsing text: String) throws(Malformed) {
    let malformed = Malformed(message: "--require \(text): \(Self.form)")
    guard let comparison = Comparison.allCases.first(where: { text.contains($0.rawValue) }) else {
      throw malformed
    }
    let sides = text.split(separator: comparison.rawValue, omittingEmptySubsequences: false)
    guard sides.count == 2 else { throw malformed }
    var name = Self.trimmed(sides[0])
    var scope = Scope.all
    for side in [Scope.reads, .writes] where name.hasPrefix(side.rawValue + ".") {
      scope = side
      name = name.dropFirst(side.rawValue.count + 1)
    }
    guard let quantity = Self.quantity(String(name)), let bound = Self.bound(Self.trimmed(sides[1])),
      Self.fits(quantity, bound.unit), quantity != .errors || scope == .all
    else { throw malformed }
    (self.text, self.scope, self.quantity, self.comparison) = (text, scope, quantity, comparison)
    switch bound.unit {
    case .nanoseconds(let scale): (self.bound, isShare) = (bound.number * scale, false)
    case .share: (self.bound, isShare) = (bound.number / 100, true)
    case .none: (self.bound, isShare) = (bound.number, false)
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " }
    while text.last == " " { text = text.dropLast() }
    return text
  }

  private static func quantity(_ name: String) -> Quantity? {
    switch name {
    case "max": .max
    case "gap": .gap
    case "rate": .rate
    case "errors": .errors
    case "labelled": .labelled
    case _: LoadResult.percents.first { $0.name == name }.map { .percentile($0.percent) }
    }
  }

  private static func bound(_ text: Substring) -> (number: Double, unit: Unit)? {
    let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
    guard let number = Double(digits), digits.first != "." else { return nil }
    switch text.dropFirst(digits.count) {
    case "us", "µs": return (number, .nanoseconds(1e3))
    case "ms": return (number, .nanoseconds(1e6))
    case "s": return (number, .nanoseconds(1e9))
    case "%": return (number, .share)
    case "": return (number, .none)
    case _: return nil
    }
  }

  private static func fits(_ quantity: Quantity, _ unit: Unit) -> Bool {
    switch (quantity, unit) {
    case (.percentile, .nanoseconds), (.max, .nanoseconds), (.gap, .nanoseconds): true
    case (.rate, .none), (.errors, .none), (.labelled, .none): true
    case (.errors, .share), (.labelled, .share): true
    case (.percentile, _), (.max, _), (.gap, _), (.rate, _), (.errors, _), (.labelled, _): false
    }
  }

  /// A time such as `10ms`, nanoseconds.
  package static func nanoseconds(_ text: String) -> UInt64? {
    guard let (number, unit) = bound(text[...]), case .nanoseconds(let scale) = unit, number * scale < 1e18
    else { return nil }
    return UInt64(number * scale)
  }
}

// Judging
extension Requirement {
  /// Nil: it was met. Else one line that says what was.
  package func failure(in result: LoadResult?) -> String? {
    guard let result else { return "NOT MET: \(text): there is no run to judge" }
    guard let value = value(in: result) else { return "NOT MET: \(text): there was no success" }
    let isMet =
      switch comparison {
      case .below: value < bound
      case .above: value > bound
      case .atMost: value <= bound
      case .atLeast: value >= bound
      }
    return isMet ? nil : "NOT MET: \(text): it was \(shown(value))"
  }

  /// In the bound's own measure.
  private func value(in result: LoadResult) -> Double? {
    switch quantity {
    case .percentile(let percent): times(result).map { Double($0.percentile(percent)) }
    case .max: times(result).map { Double($0.max) }
    case .gap: Double(gap(result))
    case .rate: counts(result).reduce(0) { $0 + result.rate($1) }
    case .errors: isShare ? result.errorShare : Double(result.errors.total)
    case .labelled: labelled(result)
    }
  }

  private func counts(_ result: LoadResult) -> [ActionCounts] {
    switch scope {
    case .all: [result.reads, result.writes]
    case .reads: [result.reads]
    case .writes: [result.writes]
    }
  }

  private func times(_ result: LoadResult) -> Latencies? {
    var times = Latencies()
    for counts in counts(result) { times.add(counts.responses) }
    return times.count == 0 ? nil : times
  }

  /// Of what was asked at all.
  private func gap(_ result: LoadResult) -> UInt64 {
    let reads = result.options.readsPercent > 0 && scope != .writes ? result.readGap.longest : 0
    let writes = result.options.readsPercent < 100 && scope != .reads ? result.writeGap.longest : 0
    return max(reads, writes)
  }

  private func labelled(_ result: LoadResult) -> Double {
    let count = counts(result).reduce(0) { $0 + Double($1.labelled) }
    return isShare ? (result.drawn == 0 ? 0 : count / Double(result.drawn)) : count
  }

  private func shown(_ value: Double) -> String {
    switch quantity {
    case .percentile, .max, .gap: Figures.duration(UInt64(value))
    case .rate: "\(Figures.fixed(value, digits: 0))/s"
    case .errors, .labelled: isShare ? "\(Figures.fixed(value * 100, digits: 3)) %" : "\(UInt64(value))"
    }
  }
}
