/// Durations, counted by upper bounds: what Prometheus calls a histogram.
struct Histogram {
  /// Nanoseconds.
  static let bounds: [UInt64] = [
    50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
    100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000,
  ]

  /// By bound, not cumulative; the last is for what exceeds all.
  private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
  private(set) var sum: UInt64 = 0

  /// `count` observations of the same duration, nanoseconds.
  mutating func observe(_ duration: UInt64, count: UInt64) {
    var place = 0
    while place < Self.bounds.count, duration > Self.bounds[place] { place += 1 }
    counts[place] += count
    sum += duration * count
  }
}
