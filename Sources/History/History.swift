/// What the clients of a set of registers did and saw.
package struct History: Sendable {
  package private(set) var keys = Interner()
  package private(set) var values = Interner()
  package private(set) var operations: [RegisterOperation] = []
  /// What a key held before the first operation, where that is not absence.
  package private(set) var initial: [Int32: RegisterValue] = [:]

  package init() {}

  package mutating func key(_ bytes: [UInt8]) -> Int32 {
    keys.intern(bytes)
  }

  package mutating func value(_ bytes: [UInt8]) -> RegisterValue {
    RegisterValue(number: values.intern(bytes))
  }

  package mutating func append(_ operation: RegisterOperation) {
    operations.append(operation)
  }

  /// Replaces what was known of an operation: for a driver that notes it at its invocation, as open.
  package mutating func complete(_ index: Int, _ outcome: RegisterOperation.Outcome, at response: UInt64) {
    precondition(operations[index].outcome == .open && operations[index].invocation <= response)
    operations[index].outcome = outcome
    operations[index].response = response
  }

  package mutating func setInitial(_ value: RegisterValue, of key: Int32) {
    initial[key] = value == .absent ? nil : value
  }

  /// The operations of each key, as indexes, keys in the order of their numbers.
  func indexesByKey() -> [(key: Int32, indexes: [Int])] {
    var lists = [[Int]](repeating: [], count: keys.count)
    for index in operations.indices {
      lists[Int(operations[index].key)].append(index)
    }
    return lists.enumerated().compactMap { $1.isEmpty ? nil : (Int32($0), $1) }
  }
}
