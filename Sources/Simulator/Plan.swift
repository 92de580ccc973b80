/// One fault to come. What it hits is decided when it begins, from `choice` and the state of that moment.
package struct PlannedFault: Sendable {
  package var kind: FaultKind
  /// Virtual time, and how long it lasts, in microseconds.
  package var begins: UInt64
  package var duration: UInt64
  var choice: UInt64
}

/// All faults of a run that begin at a moment: drawn beforehand, of every kind, so that leaving some out
/// leaves the others as they are, and their numbers too.
package struct Plan: Sendable {
  package static let faultsMax = 2_000
  private static let horizon: UInt64 = 60_000_000

  package private(set) var faults: [PlannedFault] = []

  package init(_ settings: Settings) {
    var random = Random(seed: settings.seed, stream: .plan)
    var now: UInt64 = 0
    while faults.count < Plan.faultsMax {
      now += UInt64(1 + random.spread(mean: settings.faultMean))
      if now > Plan.horizon { break }
      let kind = random.pick(settings.planned)
      let duration = UInt64(1_000 + random.spread(mean: settings.faultDurationMean))
      let choice = random.next()
      faults.append(PlannedFault(kind: kind, begins: now, duration: duration, choice: choice))
    }
  }
}
