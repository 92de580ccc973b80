/// What happened within one second of the run, the warm-up included.
package struct Interval: Sendable {
  /// Seconds since the load began, at its end.
  package var end: Double = 0
  package var isWarmup = false
  /// Nanoseconds that it lasted.
  package var length: UInt64 = 0
  package var successes: UInt64 = 0
  package var labelled: UInt64 = 0
  package var errors = ErrorCounts()
  /// Response times of the successes, nanoseconds.
  package var median: UInt64 = 0
  package var percentile99: UInt64 = 0
  package var max: UInt64 = 0
  package var inFlight = 0
  package var backlog: UInt64 = 0
  /// What a host said of the cluster then; nil: none answered.
  package var cluster: ClusterView?

  package var rate: Double {
    length == 0 ? 0 : Double(successes) * Double(Schedule.second) / Double(length)
  }
}
