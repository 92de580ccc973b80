/// Why no order explains the results of one key, by the fewest operations that show it.
package struct HistoryViolation: Equatable, Sendable {
  package enum Rule: Equatable, Sendable {
    /// [observer, failed writes of that value…]: what it returned nobody wrote.
    case neverWritten
    /// [first, second, writer?]: both returned the same old value, which was written once only. One of
    /// the two writes was lost.
    case replacedTwice
    /// Each of them replaced what the one before it wrote, all around.
    case circular
    /// [earlier, later, replacer?]: by the values `earlier` took effect before `later`, by the clock it was
    /// invoked only after `later` had its answer. `replacer` put an end to the value that `earlier` returned.
    case outOfOrder
    /// [first, second, third, fourth]: first and fourth belong to one run of swaps, second and third to
    /// another; each run has to be whole before the other.
    case interleaved
    /// No order of these operations explains their results.
    case noOrder
  }

  package var rule: Rule
  package var key: Int32
  /// Indexes into `History.operations`, as the rule says.
  package var operations: [Int]
}
