/// Checks that finding the smallest evidence may take.
private let evidenceChecksMax = 200
/// Configurations that each of them may visit.
private let evidenceSearchLimit = 20_000

extension KeyHistory {
  func violation(_ fault: Fault, _ builder: BlockBuilder) -> HistoryViolation {
    let steps = builder.steps.all
    func made(_ rule: HistoryViolation.Rule, _ numbers: [Int]) -> HistoryViolation {
      HistoryViolation(rule: rule, key: key, operations: numbers.map { steps[$0].index })
    }
    switch fault {
    case .neverWritten(let observer):
      var violation = made(.neverWritten, [observer])
      violation.operations += failedWrites(ofWhatSaw: violation.operations[0])
      return violation
    case .replacedTwice(let one, let other):
      let writer = builder.writers[steps[one].before]
      return made(.replacedTwice, writer < 0 ? [one, other] : [one, other, writer])
    case .circular(let numbers):
      return made(.circular, numbers)
    case .outOfOrder(let earlier, let later):
      let replacer = steps[earlier].isRead ? builder.replacers[steps[earlier].before] : -1
      let isApart = replacer >= 0 && replacer != later
      return made(.outOfOrder, isApart ? [earlier, later, replacer] : [earlier, later])
    case .interleaved(let one, let other):
      return made(
        .interleaved, [one.firstResponder, other.lastInvoker, other.firstResponder, one.lastInvoker])
    case .noOrder:
      return made(.noOrder, Array(steps.indices))
    }
  }

  private func failedWrites(ofWhatSaw index: Int) -> [Int] {
    guard case .done(let value) = operations[index].outcome else { return [] }
    return indexes.filter { operations[$0].outcome == .failed && operations[$0].action == .write(value) }
  }

  /// A violation without an order named is narrowed: first to the shortest beginning that has none, then by
  /// forgetting results one after the other while there is still none. Both only ever weaken what is known,
  /// so what is left convicts the whole.
  func sharpen(_ violation: HistoryViolation, searchLimit: Int) -> HistoryViolation {
    guard violation.rule == .noOrder else { return violation }
    var narrowed = shortestBad(searchLimit: searchLimit)
    var best = violation
    var checks = 0
    var size = narrowed.indexes.count
    while size > 0, checks < evidenceChecksMax {
      var at = 0
      while at < narrowed.indexes.count, checks < evidenceChecksMax {
        let weaker = narrowed.forgetting(at..<min(at + size, narrowed.indexes.count))
        checks += 1
        guard !weaker.indexes.isEmpty,
          case .violation(let found) = weaker.judge(searchLimit: evidenceSearchLimit)
        else {
          at += size
          continue
        }
        if weaker.indexes.count == narrowed.indexes.count { at += size }
        narrowed = weaker
        best = found
      }
      size /= 2
    }
    if best.rule == .noOrder { best.operations = narrowed.indexes }
    return best
  }

  /// Cut at the earliest response at which no order is left.
  private func shortestBad(searchLimit: Int) -> KeyHistory {
    let ends = indexes.filter { operations[$0].outcome != .open }.map { operations[$0].response }.sorted()
    var low = 0
    var high = ends.count - 1
    while low < high {
      let middle = (low + high) / 2
      if case .violation = cut(at: ends[middle]).judge(searchLimit: searchLimit) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return cut(at: ends[high])
  }

  /// What was known at `time`.
  private func cut(at time: UInt64) -> KeyHistory {
    var known = operations
    let early = indexes.filter { operations[$0].invocation <= time }
    for index in early where operations[index].response > time && operations[index].outcome != .failed {
      known[index].outcome = .open
    }
    return KeyHistory(operations: known, indexes: early.filter { !isVoid(known[$0]) }, initial: initial)
  }

  /// Without the results of some: reads say nothing then, writes may or may not have happened.
  private func forgetting(_ range: Range<Int>) -> KeyHistory {
    var known = operations
    for index in indexes[range] { known[index].outcome = .open }
    let seen = Set(
      indexes.compactMap { index -> RegisterValue? in
        guard case .done(let value) = known[index].outcome else { return nil }
        return value
      })
    let rest = indexes.filter { index in
      guard known[index].outcome == .open else { return true }
      switch known[index].action {
      case .read: return false
      case .write(let value): return seen.contains(value)
      case .delete: return seen.contains(.absent)
      }
    }
    return KeyHistory(operations: known, indexes: rest, initial: initial)
  }

  private func isVoid(_ operation: RegisterOperation) -> Bool {
    operation.action == .read && operation.outcome == .open
  }
}
