import Glibc

/// One direction of a plot: where a value lies, and which values are written beside it.
struct PlotAxis {
  struct Tick: Equatable {
    let value: Double
    let label: String
  }

  let low: Double
  let high: Double
  let isLogarithmic: Bool
  let ticks: [Tick]

  private init(_ low: Double, _ high: Double, isLogarithmic: Bool, _ ticks: [Tick]) {
    precondition(low < high && (!isLogarithmic || low > 0))
    (self.low, self.high, self.isLogarithmic, self.ticks) = (low, high, isLogarithmic, ticks)
  }

  /// 0 at the low end, 1 at the high one; what lies outside is moved to the nearer end.
  func share(_ value: Double) -> Double {
    let value = min(max(value, low), high)
    guard isLogarithmic else { return (value - low) / (high - low) }
    return log10(value / low) / log10(high / low)
  }
}

// Kinds
extension PlotAxis {
  /// From 0 to a round number not below `most`.
  static func counts(to most: Double) -> PlotAxis {
    let step = roundStep(max(most, 1), steps: 4)
    let count = max(1, Int((max(most, 1) / step).rounded(.up)))
    let ticks = (0...count).map { Tick(value: Double($0) * step, label: short(Double($0) * step)) }
    return PlotAxis(0, Double(count) * step, isLogarithmic: false, ticks)
  }

  /// Seconds from 0 to `end`, with numbers at round ones.
  static func seconds(to end: Double) -> PlotAxis {
    let end = max(end, 0.001)
    let step = roundStep(end, steps: 10)
    let ticks = (0...Int(end / step)).map { index in
      Tick(value: Double(index) * step, label: short(Double(index) * step) + (index == 0 ? " s" : ""))
    }
    return PlotAxis(0, end, isLogarithmic: false, ticks)
  }

  /// Nanoseconds, by decades that hold both.
  static func durations(from least: Double, to most: Double) -> PlotAxis {
    logarithmic(from: max(least, 1), to: max(most, 1), label: time)
  }

  /// Rates, by decades' parts that hold both.
  static func rates(from least: Double, to most: Double) -> PlotAxis {
    logarithmic(from: max(least, 1), to: max(most, 1)) { short($0) + "/s" }
  }

  /// One of so many is above: 10 for 90 %, 1000 for 99.9 %.
  static func percentiles(ofCount count: UInt64) -> PlotAxis {
    let high = max(10, Double(count))
    var ticks = [Tick(value: 1, label: "0"), Tick(value: 2, label: "50 %"), Tick(value: 10, label: "90 %")]
    var (value, digits) = (100.0, 0)
    while value <= high {
      ticks.append(Tick(value: value, label: Figures.fixed(100 - 100 / value, digits: digits) + " %"))
      (value, digits) = (value * 10, digits + 1)
    }
    return PlotAxis(1, high, isLogarithmic: true, ticks)
  }

  /// Ends at 1, 2 or 5 times a power of ten; over many decades only those are written.
  private static func logarithmic(
    from least: Double, to most: Double, label: (Double) -> String
  ) -> PlotAxis {
    let least = min(least, most)
    var marks: [Double] = []
    var decade = pow(10, floor(log10(least)))
    while marks.last ?? 0 < most || marks.count < 2 {
      for factor in [1.0, 2, 5] where marks.last ?? 0 < most || marks.count < 2 {
        // What lies below the lowest value is not shown.
        if decade * factor <= least { marks.removeAll() }
        marks.append(decade * factor)
      }
      decade *= 10
    }
    let isWide = marks[marks.count - 1] / marks[0] > 1000
    let shown = marks.filter { !isWide || isPowerOfTen($0) }
    return PlotAxis(
      marks[0], marks[marks.count - 1], isLogarithmic: true,
      shown.map { Tick(value: $0, label: label($0)) })
  }

  private static func isPowerOfTen(_ value: Double) -> Bool {
    abs(log10(value) - log10(value).rounded()) < 1e-6
  }

  /// 1, 2 or 5 times a power of ten, so that about so many lie below `most`.
  private static func roundStep(_ most: Double, steps: Double) -> Double {
    let rough = most / steps
    let decade = pow(10, floor(log10(rough)))
    return decade * (rough <= decade * 1.0001 ? 1 : rough <= decade * 2 ? 2 : rough <= decade * 5 ? 5 : 10)
  }
}

// Labels
extension PlotAxis {
  /// `0.5`, `250`, `2.5k`, `10M`.
  static func short(_ value: Double) -> String {
    for (scale, letter) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where value >= scale {
      return trimmed(value / scale) + letter
    }
    return trimmed(value)
  }

  /// `200 ns`, `50 µs`, `1 ms`, `10 s`.
  static func time(_ nanoseconds: Double) -> String {
    for (scale, unit) in [(1e9, "s"), (1e6, "ms"), (1e3, "µs")] where nanoseconds >= scale * 0.999 {
      return trimmed(nanoseconds / scale) + " " + unit
    }
    return trimmed(nanoseconds) + " ns"
  }

  /// Without zeros at the end.
  private static func trimmed(_ value: Double) -> String {
    var text = Figures.fixed(value, digits: 3)
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text
  }
}
