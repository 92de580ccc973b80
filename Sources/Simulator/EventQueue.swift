/// What is about to happen, as plain numbers: whatever is larger lies in a slot elsewhere.
struct Happening: Sendable {
  enum Kind: UInt8, Sendable {
    /// `slot`: a message on its way from `peer`.
    case delivery
    case tick
    /// `slot`: the sync's number; it covers what was written when it began.
    case synced
    case snapshotSaved
    /// What clients sent to this server since the last time.
    case flush
    /// The connection to `peer` is refused or reset.
    case linkReset
    /// `slot`: a link; what its cut held up is read.
    case linkHealed
    /// A paused or busy process goes on.
    case resume
    case start
    /// `slot`: number of the fault in the plan.
    case faultBegins
    case faultEnds
    /// `slot`: a client.
    case clientActs
    /// `slot`: an operation; `life`: which attempt.
    case attemptTimesOut
    /// `slot`: an operation, to be sent again.
    case operationRetries
    case look
    /// The next entry of a schedule.
    case scriptGoesOn
    /// A process that was asked to end has handed over.
    case ends
  }

  var kind: Kind
  var server: UInt8 = 0
  var peer: UInt8 = 0
  /// The process' life, or the connection's, that it belongs to: later ones know nothing of it.
  var life: UInt32 = 0
  var slot: UInt32 = 0
}

/// Virtual time: what happens next, in a binary heap by time (microseconds), then by the order of asking.
struct EventQueue: Sendable {
  private struct Item {
    var time: UInt64
    var sequence: UInt64
    var happening: Happening

    func precedes(_ other: Item) -> Bool {
      time != other.time ? time < other.time : sequence < other.sequence
    }
  }

  private var items: [Item] = []
  private var sequence: UInt64 = 0

  var count: Int { items.count }

  mutating func add(_ happening: Happening, at time: UInt64) {
    let item = Item(time: time, sequence: sequence, happening: happening)
    sequence += 1
    var index = items.count
    items.append(item)
    items.withUnsafeMutableBufferPointer { items in
      while index > 0 {
        let parent = (index - 1) / 2
        guard item.precedes(items[parent]) else { break }
        items[index] = items[parent]
        index = parent
      }
      items[index] = item
    }
  }

  mutating func next() -> (time: UInt64, happening: Happening)? {
    guard let first = items.first else { return nil }
    let last = items.removeLast()
    guard !items.isEmpty else { return (first.time, first.happening) }
    items.withUnsafeMutableBufferPointer { items in
      var index = 0
      while 2 * index + 1 < items.count {
        var child = 2 * index + 1
        if child + 1 < items.count, items[child + 1].precedes(items[child]) { child += 1 }
        guard items[child].precedes(last) else { break }
        items[index] = items[child]
        index = child
      }
      items[index] = last
    }
    return (first.time, first.happening)
  }
}
