import Bytes

/// What became of one write that somebody here waits for.
package struct Outcome: Equatable, Sendable {
  package enum Result: Equatable, Sendable {
    /// Executed. `version`: the write counter of the value now stored, nil after a delete. `old`: where the old
    /// value stands in `Outcomes.values`, nil if there was none.
    case done(version: UInt64?, old: Range<Int>?)
    /// If-Match or If-None-Match failed (412).
    case conditionFailed
    /// The idempotency key was used before, with another write (422).
    case keyReused
    /// The idempotency key is unknown, and its time is at or under the floor (409).
    case expired(floor: UInt64)
    /// The write would have grown a full store (507).
    case storeFull
  }

  package var ticket: UInt64
  package var result: Result
  /// Not executed now: the first outcome again.
  package var isReplayed: Bool

  package init(ticket: UInt64, result: Result, isReplayed: Bool) {
    (self.ticket, self.result, self.isReplayed) = (ticket, result, isReplayed)
  }
}

/// Outcomes and the old values they speak of: a buffer that its owner empties and reuses.
package struct Outcomes: Sendable {
  package private(set) var records: [Outcome] = []
  /// Old values, one after another.
  package private(set) var values: [UInt8] = []
  /// What the client table is about to keep.
  var reply: [UInt8] = []

  package init() {}

  package mutating func removeAll() {
    records.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
  }

  /// Gives each record the ticket that belongs to its number; those that nobody waits for are dropped.
  package mutating func retarget(_ ticket: (UInt64) -> UInt64?) {
    var kept = 0
    for index in records.indices {
      guard let found = ticket(records[index].ticket) else { continue }
      records[kept] = records[index]
      records[kept].ticket = found
      kept += 1
    }
    records.removeSubrange(kept...)
  }

  package mutating func append(_ outcome: Outcome) {
    records.append(outcome)
  }

  /// Keeps a copy of `value`, and tells where.
  package mutating func keep(_ value: UnsafeRawBufferPointer) -> Range<Int> {
    let start = values.count
    values.put(value)
    return start..<values.count
  }

  /// Forgets the values from `count` on.
  mutating func truncateValues(to count: Int) {
    values.removeSubrange(count...)
  }
}
