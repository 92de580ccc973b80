/// When the requests of an open loop are to begin: request n at `start + n / rate`, whatever happens meanwhile.
///
/// Latency counted from there includes the wait behind a server that stood still, which a driver that waits for
/// each answer before it asks again leaves out (Gil Tene, "How NOT to Measure Latency"; wrk2).
struct Schedule: Sendable {
  static let second: UInt64 = 1_000_000_000

  /// Nanoseconds of the monotonic clock.
  let start: UInt64
  /// Requests a second.
  let rate: UInt64

  func moment(of number: UInt64) -> UInt64 {
    let product = number.multipliedFullWidth(by: Self.second)
    return start &+ rate.dividingFullWidth(product).quotient
  }

  /// How many requests have been due up to `now`.
  func due(at now: UInt64) -> UInt64 {
    guard now >= start else { return 0 }
    let product = (now - start).multipliedFullWidth(by: rate)
    return Self.second.dividingFullWidth(product).quotient + 1
  }

  /// How often to look: at each moment, but not more than 20,000 times a second.
  var interval: UInt64 { max(Self.second / rate, 50_000) }
}
