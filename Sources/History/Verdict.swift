/// Whether the operations of one key have an order that explains every result and keeps real time.
package enum Judgement: Equatable, Sendable {
  case linearizable
  case violation(HistoryViolation)
  /// The search ended at its limit: nothing is known.
  case gaveUp
}

/// What `check` found in a whole history. Linearizability is local (Herlihy and Wing, 1990): a history is
/// linearizable if the part of each key is.
package struct Verdict: Sendable {
  package var keys = 0
  package var operations = 0
  package var reads = 0
  /// Writes and deletes.
  package var writes = 0
  package var failed = 0
  package var open = 0
  /// One for each key that has one, in the order of keys.
  package var violations: [HistoryViolation] = []
  /// The keys of which nothing is known.
  package var gaveUp: [Int32] = []

  package var isLinearizable: Bool { violations.isEmpty && gaveUp.isEmpty }

  mutating func count(_ operation: RegisterOperation) {
    operations += 1
    if operation.action == .read { reads += 1 } else { writes += 1 }
    switch operation.outcome {
    case .failed: failed += 1
    case .open: open += 1
    case .done, .acknowledged: break
    }
  }
}

/// Configurations of one key that the search may visit before it gives up.
package let searchLimitDefault = 1_000_000

/// Judges each key of `history` on its own.
package func check(_ history: History, searchLimit: Int = searchLimitDefault) -> Verdict {
  var verdict = Verdict()
  for operation in history.operations { verdict.count(operation) }
  for (key, indexes) in history.indexesByKey() {
    verdict.keys += 1
    let part = KeyHistory(
      operations: history.operations, indexes: indexes, initial: history.initial[key] ?? .absent)
    switch part.judge(searchLimit: searchLimit) {
    case .linearizable: break
    case .violation(let violation):
      verdict.violations.append(part.sharpen(violation, searchLimit: searchLimit))
    case .gaveUp: verdict.gaveUp.append(key)
    }
  }
  return verdict
}
