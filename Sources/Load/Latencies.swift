import Histogram

/// Durations in nanoseconds, kept by HdrHistogram.
package struct Latencies: Sendable {
  /// The longest that is told apart; what is longer counts as this.
  static let max: UInt64 = 3_600_000_000_000
  /// Bits of a microsecond's half: shorter ones are one.
  private static let least: UInt64 = 512

  private var histogram: Histogram<UInt64>

  /// `isCoarse`: to a hundredth instead of a thousandth, in a tenth of the memory.
  init(isCoarse: Bool = false) {
    histogram = Histogram(
      lowestDiscernibleValue: Self.least, highestTrackableValue: Self.max,
      numberOfSignificantValueDigits: isCoarse ? .two : .three)
  }

  package var count: UInt64 { histogram.totalCount }

  @inline(__always)
  mutating func record(_ nanoseconds: UInt64) {
    histogram.record(min(nanoseconds, Self.max))
  }

  mutating func add(_ other: Latencies) { histogram.add(other.histogram) }

  mutating func removeAll() { histogram.reset() }

  /// What so many per cent did not exceed; 0 if nothing was recorded.
  package func percentile(_ percent: Double) -> UInt64 { histogram.valueAtPercentile(percent) }

  /// HdrHistogram's percentile distribution in milliseconds, as its plotter reads it.
  package var distribution: String {
    var text = ""
    histogram.outputPercentileDistribution(to: &text, outputValueUnitScalingRatio: 1e6)
    return text
  }

  /// What shares of all, 0 to 1, did not exceed: five steps for each halving of what is left, and all.
  func curve() -> [(share: Double, value: UInt64)] {
    histogram.percentiles(ticksPerHalfDistance: 5).map { ($0.percentileLevelIteratedTo / 100, $0.value) }
  }

  /// Exact.
  package var max: UInt64 { histogram.maxRecorded }

  package var mean: Double { histogram.mean }
}
