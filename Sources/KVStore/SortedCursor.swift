/// Walks a copy of a map in the order of key bytes, a bounded piece of work at a time.
///
/// First each shard's slots are sorted, some shards a step; then a heap of shards, by their next keys, merges
/// them.
struct SortedCursor {
  /// Records sorted, and shards visited, in one step of preparation.
  private static let workPerStep = 2048

  private let map: ByteMap
  /// For each shard prepared its slots, greatest key first: the next one is the last.
  private var rest: [[UInt32]] = []
  /// Shards with a rest, as a binary heap, smallest next key first.
  private var heap: [Int] = []

  init(_ map: ByteMap) {
    self.map = map
    rest.reserveCapacity(map.shards.count)
  }

  var isPrepared: Bool { rest.count == map.shards.count }

  /// A bounded step towards the first record.
  mutating func prepare() {
    var work = 0
    while !isPrepared, work < Self.workPerStep {
      let shard = rest.count
      var slots = map.shards[shard].occupied
      slots.sort { isBefore((shard, $1), (shard, $0)) }
      rest.append(slots)
      work += 1 + slots.count
      guard !slots.isEmpty else { continue }
      heap.append(shard)
      rise()
    }
  }

  /// Calls `body` with the next record. Nil, without a call: there is none left.
  mutating func next<Result>(_ body: (Record) -> Result) -> Result? {
    precondition(isPrepared)
    guard let shard = heap.first, let slot = rest[shard].popLast() else { return nil }
    let result = map.shards[shard].withRecord(at: Int(slot), body)
    if rest[shard].isEmpty {
      heap.swapAt(0, heap.count - 1)
      heap.removeLast()
    }
    sink()
    return result
  }

  private func isBefore(_ left: (shard: Int, slot: UInt32), _ right: (shard: Int, slot: UInt32)) -> Bool {
    map.shards[left.shard].withRecord(at: Int(left.slot)) { left in
      map.shards[right.shard].withRecord(at: Int(right.slot)) { left.key.precedes($0.key) }
    }
  }

  private func isBefore(_ left: Int, _ right: Int) -> Bool {
    let (left, right) = (heap[left], heap[right])
    guard let leftSlot = rest[left].last, let rightSlot = rest[right].last else {
      preconditionFailure("shards without a rest have left the heap")
    }
    return isBefore((left, leftSlot), (right, rightSlot))
  }

  /// Moves the last of the heap up to its place.
  private mutating func rise() {
    var index = heap.count - 1
    while index > 0, isBefore(index, (index - 1) / 2) {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  /// Moves the first of the heap down to its place.
  private mutating func sink() {
    var index = 0
    while 2 * index + 1 < heap.count {
      var child = 2 * index + 1
      if child + 1 < heap.count, isBefore(child + 1, child) { child += 1 }
      guard isBefore(child, index) else { return }
      heap.swapAt(index, child)
      index = child
    }
  }
}
