import History

/// One answer that no linearizable store gives, as far as it can be counted one by one.
package struct WrongAnswer: Hashable, Sendable, Encodable {
  package enum Kind: String, Sendable, CaseIterable, Encodable {
    /// A read of a value that had been replaced, for certain, before the read began.
    case outOfDate
    /// A write that returned as the old value what had been replaced before, or what nobody wrote; a read of
    /// what nobody wrote.
    case wrongOld
    /// An acknowledged write whose value was neither replaced nor is there; or two writes that replaced the
    /// same: one of them was lost, or one was done twice.
    case lost
  }

  package var kind: Kind
  /// When the answer came, in the history's unit.
  package var at: UInt64
  /// In the history.
  package var operation: Int

  package init(kind: Kind, at: UInt64, operation: Int) {
    (self.kind, self.at, self.operation) = (kind, at, operation)
  }

  /// All of a history. Each value is written once, and nothing is deleted: a key that does otherwise is left
  /// out. This counts what a user would see; whether there is an order at all is for `History.check` to say,
  /// which knows more.
  package static func all(in history: History) -> [WrongAnswer] {
    var byKey: [[Int]] = Array(repeating: [], count: history.keys.count)
    for (index, operation) in history.operations.enumerated() { byKey[Int(operation.key)].append(index) }
    let found = byKey.enumerated().flatMap { key, indexes in
      var chain = ValueChain(history, history.initial[Int32(key)] ?? .absent)
      return chain.read(indexes) ? chain.wrongAnswers(indexes) : []
    }
    return found.sorted { ($0.at, $0.operation) < ($1.at, $1.operation) }
  }
}

/// The values that one key went through: each write names the one before it.
private struct ValueChain {
  let history: History
  let initial: RegisterValue
  /// The write of each value.
  private var writers: [RegisterValue: Int] = [:]
  /// The writes that replaced each value.
  private var replacers: [RegisterValue: [Int]] = [:]
  /// When each value is first known to have been there: the earliest answer that tells.
  private var seen: [RegisterValue: UInt64] = [:]
  /// When each value is known to be gone.
  private var gone: [RegisterValue: UInt64] = [:]

  init(_ history: History, _ initial: RegisterValue) { (self.history, self.initial) = (history, initial) }

  /// False: values of this key do not name their writes.
  mutating func read(_ indexes: [Int]) -> Bool {
    for index in indexes {
      let operation = history.operations[index]
      switch operation.action {
      case .delete: return false
      case .write(let value):
        guard writers.updateValue(index, forKey: value) == nil else { return false }
        if case .done(let old) = operation.outcome {
          replacers[old, default: []].append(index)
          note(value, at: operation.response)
          note(old, at: operation.response)
        }
      case .read: if case .done(let value) = operation.outcome { note(value, at: operation.response) }
      }
    }
    for value in Array(replacers.keys) { follow(value) }
    return true
  }

  private mutating func note(_ value: RegisterValue, at time: UInt64) {
    seen[value] = min(seen[value] ?? .max, time)
  }

  /// A value is gone when what replaced it, or anything after that, is known to have been there.
  private mutating func follow(_ first: RegisterValue) {
    var path: [RegisterValue] = []
    var waiting = [first]
    var visited: Set<RegisterValue> = []
    while let value = waiting.popLast() {
      guard gone[value] == nil, visited.insert(value).inserted else { continue }
      path.append(value)
      waiting += successors(of: value)
    }
    for value in path.reversed() {
      let times = successors(of: value).map { min(seen[$0] ?? .max, gone[$0] ?? .max) }
      gone[value] = times.min() ?? .max
    }
  }

  private func successors(of value: RegisterValue) -> [RegisterValue] {
    (replacers[value] ?? []).compactMap { index in
      if case .write(let next) = history.operations[index].action { next } else { nil }
    }
  }

  func wrongAnswers(_ indexes: [Int]) -> [WrongAnswer] {
    var found: [WrongAnswer] = []
    for index in indexes {
      let operation = history.operations[index]
      guard case .done(let value) = operation.outcome else { continue }
      let isLate = operation.invocation > gone[value] ?? .max
      let isRead = operation.action == .read
      if !isRead, let all = replacers[value], all.count > 1 {
        if all[0] != index {
          found.append(WrongAnswer(kind: .lost, at: operation.response, operation: index))
        }
      } else if !wasWritten(value) || isLate && !isRead {
        found.append(WrongAnswer(kind: .wrongOld, at: operation.response, operation: index))
      } else if isLate {
        found.append(WrongAnswer(kind: .outOfDate, at: operation.response, operation: index))
      }
    }
    return found + lostWrites(indexes)
  }

  private func wasWritten(_ value: RegisterValue) -> Bool {
    if value == initial { return true }
    guard let writer = writers[value] else { return false }
    return history.operations[writer].outcome != .failed
  }

  /// Done, and replaced by no write that tells so: the last value may be, and one more for each open write that
  /// was seen, as what it replaced is not known.
  private func lostWrites(_ indexes: [Int]) -> [WrongAnswer] {
    var ends: [Int] = []
    var excuses = 1
    for index in indexes {
      guard case .write(let value) = history.operations[index].action else { continue }
      switch history.operations[index].outcome {
      case .done, .acknowledged: if replacers[value] == nil { ends.append(index) }
      case .open: if seen[value] != nil { excuses += 1 }
      case .failed: break
      }
    }
    // The last of them may be the value that stands.
    let lost = ends.sorted { history.operations[$0].response < history.operations[$1].response }
    return lost.dropLast(min(excuses, lost.count)).map {
      WrongAnswer(kind: .lost, at: history.operations[$0].response, operation: $0)
    }
  }
}
