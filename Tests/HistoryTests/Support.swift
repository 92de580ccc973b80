import Support
import XCTest

@testable import History

func parse(_ text: String) throws -> History {
  try History(text: Array(text.utf8))
}

/// The definition, tried out: every order, every subset of the open ones. For a few operations of one key.
func bruteForce(_ operations: [RegisterOperation], initial: RegisterValue) -> Bool {
  let all = operations.filter { $0.outcome != .failed }
  func end(_ operation: RegisterOperation) -> UInt64 {
    operation.outcome == .open ? .max : operation.response
  }
  func go(_ done: Set<Int>, _ value: RegisterValue) -> Bool {
    let rest = all.indices.filter { !done.contains($0) }
    if rest.allSatisfy({ all[$0].outcome == .open }) { return true }
    for index in rest where rest.allSatisfy({ end(all[$0]) >= all[index].invocation }) {
      if case .done(let result) = all[index].outcome, result != value { continue }
      var after = value
      switch all[index].action {
      case .read: break
      case .write(let new): after = new
      case .delete: after = .absent
      }
      if go(done.union([index]), after) { return true }
    }
    return false
  }
  return go([], initial)
}

/// A history made by a register: each operation takes effect at a random time between its two ends.
struct Generator {
  var random: Random
  var count: Int
  var clients: Int
  var deletePercent = 0
  var openPercent = 0
  var acknowledgedPercent = 0
  var readPercent = 50
  /// Writes choose among so many values; 0: each writes its own.
  var valueCount = 0
  /// Of a history with more than one client: how long an operation takes at most.
  var duration = 100

  mutating func make() -> History {
    var history = History()
    let key = history.key(Array("k".utf8))
    var free = (0..<clients).map { _ in UInt64(random.below(duration)) }
    var drafts: [(point: UInt64, operation: RegisterOperation)] = []
    for number in 0..<count {
      let client = random.below(clients)
      let invocation = free[client] + UInt64(random.below(10))
      let length = 1 + random.below(duration)
      let point = invocation + UInt64(random.below(length))
      free[client] = invocation + UInt64(length)
      drafts.append(
        (
          point,
          RegisterOperation(
            client: UInt32(client), key: key, action: action(number, &history), outcome: .failed,
            invocation: invocation, response: free[client])
        ))
    }
    var value = RegisterValue.absent
    for (_, draft) in drafts.sorted(by: { $0.point < $1.point }) {
      history.append(run(draft, &value))
    }
    return history
  }

  private mutating func action(_ number: Int, _ history: inout History) -> RegisterOperation.Action {
    if random.isTrue(percent: readPercent) { return .read }
    if random.isTrue(percent: deletePercent) { return .delete }
    let name = valueCount == 0 ? number : random.below(valueCount)
    return .write(history.value(Array("v\(name)".utf8)))
  }

  private mutating func run(_ draft: RegisterOperation, _ value: inout RegisterValue) -> RegisterOperation {
    var operation = draft
    let isOpen = random.isTrue(percent: openPercent)
    if isOpen && random.isTrue(percent: 40) {
      operation.outcome = random.isTrue(percent: 50) ? .failed : .open
      return operation
    }
    let old = value
    switch operation.action {
    case .read: break
    case .write(let new): value = new
    case .delete: value = .absent
    }
    operation.outcome =
      isOpen ? .open : random.isTrue(percent: acknowledgedPercent) ? .acknowledged : .done(old)
    return operation
  }
}

/// The same with one thing changed: a result, an end, an outcome.
func mutated(_ history: History, _ random: inout Random) -> History {
  var copy = History()
  _ = copy.key(Array("k".utf8))
  for number in 0..<history.values.count { _ = copy.value(history.values.bytes(of: Int32(number))) }
  var operations = history.operations
  let index = random.below(operations.count)
  let choices = [RegisterValue.absent] + (0..<history.values.count).map { RegisterValue(number: Int32($0)) }
  switch random.below(4) {
  case 0: operations[index].outcome = .done(choices.randomElement(using: &random)!)
  case 1:
    let shift = UInt64(random.below(60))
    operations[index].invocation += shift
    operations[index].response += shift
  case 2: operations[index].response = operations[index].invocation
  default: operations[index].outcome = .failed
  }
  for operation in operations { copy.append(operation) }
  return copy
}
