import Glibc

/// Keys of which some are asked for much more often than others: key k with a probability in proportion to
/// 1 / (k + 1)^0.99, so key 0 is the most popular.
///
/// The construction, the constant and the name are YCSB's (Cooper et al., "Benchmarking Cloud Serving Systems with
/// YCSB", 2010, §4.1), after Gray et al., "Quickly Generating Billion-Record Synthetic Databases", 1994, §3.2: one
/// uniform number gives the key, without a search and without a table. Of a thousand keys the first is drawn every
/// eighth time. YCSB scatters the popular keys over all; here they are the first ones.
struct Zipfian: Sendable {
  static let theta = 0.99
  /// 1 / (1 - theta), exactly: the power below is taken by multiplications.
  private static let alpha = 100
  /// So many parts of the sum are added one by one.
  private static let exactParts = 1000

  private let keys: UInt64
  private let zeta: Double
  private let eta: Double
  private let headOfTwo: Double

  /// `keys`: at least 1.
  init(keys: UInt64) {
    self.keys = keys
    zeta = Self.zeta(Int(keys))
    headOfTwo = Self.zeta(2)
    eta = (1 - pow(2 / Double(keys), 1 - Self.theta)) / (1 - headOfTwo / zeta)
  }

  /// The key of a number that is uniform in [0, 1).
  @inline(__always)
  func key(_ uniform: Double) -> UInt64 {
    let scaled = uniform * zeta
    if scaled < 1 || keys == 1 { return 0 }
    if scaled < headOfTwo || keys == 2 { return 1 }
    return min(keys - 1, UInt64(Double(keys) * Self.hundredth(eta * uniform - eta + 1)))
  }

  /// The hundredth power.
  @inline(__always)
  private static func hundredth(_ base: Double) -> Double {
    let four = base * base * (base * base)
    let sixteen = four * four * (four * four)
    let thirtyTwo = sixteen * sixteen
    return thirtyTwo * thirtyTwo * thirtyTwo * four
  }

  /// The sum of 1 / k^theta for k from 1 to `count`. Of many parts the rest is an integral and its corrections
  /// (Euler and Maclaurin), exact to a part in 10^12.
  static func zeta(_ count: Int) -> Double {
    let exact = min(count, exactParts)
    var sum = 0.0
    for k in 1...exact { sum += pow(Double(k), -theta) }
    guard count > exact else { return sum }
    let (first, last) = (Double(exact), Double(count))
    sum += (pow(last, 1 - theta) - pow(first, 1 - theta)) / (1 - theta)
    sum += (pow(last, -theta) - pow(first, -theta)) / 2
    sum += theta * (pow(first, -theta - 1) - pow(last, -theta - 1)) / 12
    return sum
  }
}
