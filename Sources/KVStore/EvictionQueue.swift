/// What leaves first: a binary heap by (time, sequence), in chunks, so that after a copy a change copies only
/// the chunks on its path.
struct EvictionQueue: Sendable {
  struct Element: Sendable {
    /// The time that the idempotency key names, in milliseconds; 0 for keys without one.
    var time: UInt64
    /// Place in log order, unique.
    var sequence: UInt64
    /// The key's hash in this process: finds the record, orders nothing.
    var hash: UInt64

    func precedes(_ other: Element) -> Bool {
      (time, sequence) < (other.time, other.sequence)
    }
  }

  private static let chunkBits = 7
  private static let chunkSize = 1 << chunkBits

  private var chunks: [[Element]] = []
  private(set) var count = 0

  private subscript(index: Int) -> Element {
    get { chunks[index >> Self.chunkBits][index & (Self.chunkSize - 1)] }
    set { chunks[index >> Self.chunkBits][index & (Self.chunkSize - 1)] = newValue }
  }

  mutating func insert(_ element: Element) {
    if count & (Self.chunkSize - 1) == 0 { chunks.append([]) }
    chunks[count >> Self.chunkBits].append(element)
    var index = count
    count += 1
    while index > 0 {
      let parent = (index - 1) / 2
      guard element.precedes(self[parent]) else { break }
      self[index] = self[parent]
      index = parent
    }
    self[index] = element
  }

  /// Drops chunks, and lessens `room` by their number, until there is none. Returns whether any are left; the queue
  /// cannot be used any more.
  mutating func release(_ room: inout Int) -> Bool {
    while room > 0, chunks.popLast() != nil { room -= 1 }
    return !chunks.isEmpty
  }

  /// Takes out the first element.
  mutating func removeFirst() -> Element? {
    guard count > 0 else { return nil }
    let first = self[0]
    let last = removeLast()
    if count > 0 { sink(last) }
    return first
  }

  private mutating func removeLast() -> Element {
    count -= 1
    let last = chunks[count >> Self.chunkBits].removeLast()
    if count & (Self.chunkSize - 1) == 0 { chunks.removeLast() }
    return last
  }

  /// Puts `element` in the root's place and lets it sink to its own.
  private mutating func sink(_ element: Element) {
    var index = 0
    while 2 * index + 1 < count {
      var child = 2 * index + 1
      if child + 1 < count, self[child + 1].precedes(self[child]) { child += 1 }
      guard self[child].precedes(element) else { break }
      self[index] = self[child]
      index = child
    }
    self[index] = element
  }
}
