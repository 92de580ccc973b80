/// An operation as the checker sees it: from one value to another, within a span of time.
struct Step {
  /// In `History.operations`.
  let index: Int
  let invocation: UInt64
  /// `never` if it is open.
  let response: UInt64
  /// Local number of the value that it found, `unknown` where nobody saw it.
  let before: Int
  /// Local number of the value that it left.
  let after: Int
  let isRead: Bool
  /// It may never have happened.
  let isOptional: Bool

  static let never = UInt64.max
  static let unknown = -1
}

/// The steps of one key that say anything, their values numbered from 0.
struct Steps {
  private(set) var all: [Step] = []
  /// Local number of what the register held at first.
  private(set) var initial = 0
  private(set) var valueCount = 0
  /// Of each value: how many may have written it, the initial value included.
  private(set) var writerCounts: [Int] = []
  private(set) var isObserved: [Bool] = []
  private var numbers: [RegisterValue: Int] = [:]

  /// Left out, since with and without them the answer is the same: what failed, reads without a result, and
  /// open writes of a value that nobody saw (whatever comes right after such a write does not depend on it).
  init(of history: KeyHistory) {
    initial = number(history.initial)
    for index in history.indexes {
      if case .done(let value) = history.operations[index].outcome { isObserved[number(value)] = true }
    }
    writerCounts[initial] += 1
    for index in history.indexes { add(history.operations[index], index) }
  }

  private mutating func number(_ value: RegisterValue) -> Int {
    if let known = numbers[value] { return known }
    numbers[value] = valueCount
    valueCount += 1
    writerCounts.append(0)
    isObserved.append(false)
    return valueCount - 1
  }

  private mutating func add(_ operation: RegisterOperation, _ index: Int) {
    let before: Int
    switch operation.outcome {
    case .failed: return
    case .done(let value): before = number(value)
    case .acknowledged, .open: before = Step.unknown
    }
    let after: Int
    switch operation.action {
    case .read: after = before
    case .write(let value): after = number(value)
    case .delete: after = number(.absent)
    }
    let isOpen = operation.outcome == .open
    guard after != Step.unknown, !isOpen || isObserved[after] else { return }
    let isRead = operation.action == .read
    if !isRead { writerCounts[after] += 1 }
    all.append(
      Step(
        index: index, invocation: operation.invocation, response: isOpen ? Step.never : operation.response,
        before: before, after: after, isRead: isRead, isOptional: isOpen))
  }
}
