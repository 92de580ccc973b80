/// What the run cost the machine, and how late the loop was for its own ticks: whether kvload itself was what
/// limited the load.
package struct OwnCosts: Sendable {
  /// Of the load's counted part, nanoseconds.
  package var cpu: UInt64 = 0
  package var elapsed: UInt64 = 0
  /// The latest that the loop was while the load ran, nanoseconds.
  package var lagMax: UInt64 = 0
  /// Ticks that came late by more than `OwnMeter.lagNoticed`, together, nanoseconds.
  package var lagTotal: UInt64 = 0
  package var residentBytesMax = 0

  /// 1 is one processor.
  package var cpuShare: Double { elapsed == 0 ? 0 : Double(cpu) / Double(elapsed) }

  /// Above these the figures may be kvload's own rather than the servers'.
  package static let cpuShareMax = 0.9
  package static let lagShareMax = 0.05

  /// Why kvload may have been the bottleneck; nil: it was not.
  package var bottleneck: String? {
    if cpuShare > Self.cpuShareMax { return "it used \(percent(cpuShare)) of a processor" }
    guard elapsed > 0, Double(lagTotal) / Double(elapsed) > Self.lagShareMax else { return nil }
    return "its loop was late for \(percent(Double(lagTotal) / Double(elapsed))) of the time"
  }

  private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}

/// Takes these figures while the run goes on.
struct OwnMeter {
  /// Nanoseconds; less is the grain of the loop's timers.
  static let lagNoticed: UInt64 = 5_000_000

  private(set) var cost = OwnCosts()
  private var lastTick: UInt64?
  private var began: (time: UInt64, cpu: UInt64)?
  private var isOn = false

  mutating func begin() { isOn = true }

  mutating func tick(at now: UInt64, _ engine: LoadEngine) {
    defer { lastTick = now }
    guard isOn, now >= engine.measuredFrom else { return }
    if began == nil { began = (now, OwnCost.read().cpu) }
    let expected = (lastTick ?? now) + LoadRun.tickMilliseconds * 1_000_000
    guard now > expected else { return }
    cost.lagMax = max(cost.lagMax, now - expected)
    if now - expected > Self.lagNoticed { cost.lagTotal += now - expected }
  }

  mutating func end(at now: UInt64) {
    isOn = false
    let own = OwnCost.read()
    cost.residentBytesMax = own.residentBytesMax
    guard let began else { return }
    cost.cpu = own.cpu - began.cpu
    cost.elapsed = now - began.time
  }
}
