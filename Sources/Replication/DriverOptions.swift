import KVStore
import VSR

/// What a replica driver is told when it is made.
package struct DriverOptions: Sendable {
  /// Of this program: shown in status, compared with nobody's.
  package var version: String
  package var limits: Limits
  package var hashKey: HashKey
  /// From a write's arrival until its outcome is given up as unknown, milliseconds.
  package var requestTimeout: UInt64
  #if QUORATE_MUTANTS
    /// Not in force in this process: for tests of what is to find that.
    package var removedRule: Rule?
  #endif
  /// For the core's inputs to be kept in memory; 0: they are not.
  package var capsuleBytes = 0
  /// From when a member is suspected until it is taken out of the configuration, milliseconds; 0: it never is.
  package var evictAfter: UInt64
  /// From when a server lacks a quorum until it answers without one, or has its requests relayed, milliseconds; 0: it
  /// never does.
  package var degradeAfter: UInt64 = 300
  /// Whether it answers without; else it only has them relayed.
  package var answersDegraded = true

  package init(
    version: String, limits: Limits, hashKey: HashKey, requestTimeout: UInt64 = 4_000,
    evictAfter: UInt64 = 2_000, capsuleBytes: Int = 0
  ) {
    (self.version, self.limits, self.hashKey) = (version, limits, hashKey)
    (self.requestTimeout, self.capsuleBytes) = (requestTimeout, capsuleBytes)
    self.evictAfter = evictAfter
  }

  var replica: Options {
    var options = Options()
    options.evictTicks = evictAfter / DriverClock.tickMilliseconds
    options.deadlineTicks = max(1, requestTimeout / DriverClock.tickMilliseconds)
    options.degradeTicks = degradeAfter / DriverClock.tickMilliseconds
    options.answersDegraded = answersDegraded
    #if QUORATE_MUTANTS
      options.removedRule = removedRule
    #endif
    return options
  }
}

extension Restored {
  /// Of a server that remembers nothing.
  package static func nothing() -> Restored {
    Restored(incarnation: randomNumber(), state: .blank, snapshot: nil, log: Log())
  }
}
