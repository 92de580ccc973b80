/// What load is driven at the servers, and how it is watched.
package struct LoadOptions: Sendable {
  package enum Pace: Equatable, Sendable {
    /// Each connection asks anew as soon as it is answered.
    case closed
    /// So many requests a second begin on a fixed schedule, answered or not.
    case open(rate: UInt64)
  }

  package enum Extent: Equatable, Sendable {
    /// After the warm-up.
    case nanoseconds(UInt64)
    /// After the warm-up.
    case requests(UInt64)
  }

  /// Who gets a request when several hosts are driven.
  package enum Spread: Equatable, Sendable {
    /// Any connection that has room: what one host does not take another gets.
    case pooled
    /// Each host has a share of its own, which waits for it however long it is away.
    case each
  }

  /// Which keys are asked for how often.
  package enum Distribution: String, CaseIterable, Sendable {
    case uniform
    /// A few very often, most hardly ever (`Zipfian`).
    case zipfian
  }

  package var pace = Pace.open(rate: 1000)
  package var extent = Extent.nanoseconds(10_000_000_000)
  package var spread = Spread.pooled
  /// Of all hosts together, at least one a host.
  package var connections = 64
  /// Requests under way on one connection.
  package var pipeline = 1
  package var warmupNanoseconds: UInt64 = 0
  /// 0 to 100.
  package var readsPercent = 50
  package var keys: UInt32 = 1000
  package var distribution = Distribution.uniform
  /// Bytes.
  package var valueSize = 30
  /// The same seed asks for the same actions on the same keys.
  package var seed: UInt64 = 1
  /// Stands in the values, and in the keys of a checked run: another number for each run, so that no run takes
  /// what an earlier one left behind for its own.
  package var run: UInt64 = 1
  /// A request without a reply for so long has ended, its outcome unknown.
  package var timeoutNanoseconds: UInt64 = 5_000_000_000
  /// Writes every key once before the load begins.
  package var fills = true
  /// Checks the history, and reads every key once more in the end.
  package var checks = false
  /// Where every operation is written to.
  package var historyFile: String?

  package init() {}

  package static let rateMax: UInt64 = 10_000_000
  package static let connectionsMax = 10_000
  package static let pipelineMax = 1024
  package static let keysMax: UInt32 = 10_000_000
  /// The checker holds something of each key.
  package static let checkedKeysMax: UInt32 = 1_000_000
  /// A value has room for what makes it one of a kind.
  package static let valueSizeMin = 16
  package static let valueSizeMax = 2048

  /// The keys are of this run alone, so that nobody else's writes look like violations.
  var hasOwnKeys: Bool { checks || historyFile != nil }
}
