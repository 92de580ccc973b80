/// The blocks not yet taken, in two linked lists: by first response (their numbers' order) and by last
/// invocation. Removing is undone in the reverse order, so that links heal (Knuth's dancing links).
struct RemainingBlocks {
  private let blocks: [Block]
  private var byResponse: Links
  private var byInvocation: Links
  private var isTaken: [Bool]
  private(set) var count: Int
  /// The taken ones reach at most here.
  private var takenEnd = 0

  /// `blocks` sorted by first response.
  init(_ blocks: [Block]) {
    self.blocks = blocks
    count = blocks.count
    byResponse = Links(order: Array(blocks.indices))
    byInvocation = Links(
      order: blocks.indices.sorted { blocks[$0].lastInvocation < blocks[$1].lastInvocation })
    isTaken = Array(repeating: false, count: blocks.count)
  }

  var isEmpty: Bool { count == 0 }

  /// The earliest response of any; there must be one.
  var firstResponse: UInt64 { blocks[byResponse.first!].firstResponse }

  /// Those that no other precedes.
  func minimal() -> [Int] {
    guard let head = byResponse.first else { return [] }
    var found: [Int] = []
    if byResponse.following(head).map({ blocks[$0].firstResponse >= blocks[head].lastInvocation }) ?? true {
      found.append(head)
    }
    var at = byInvocation.first
    while let block = at, blocks[block].lastInvocation <= blocks[head].firstResponse {
      if block != head { found.append(block) }
      at = byInvocation.following(block)
    }
    return found
  }

  mutating func remove(_ block: Int) {
    byResponse.remove(block)
    byInvocation.remove(block)
    isTaken[block] = true
    takenEnd = max(takenEnd, block + 1)
    count -= 1
  }

  mutating func restore(_ block: Int) {
    byResponse.restore(block)
    byInvocation.restore(block)
    isTaken[block] = false
    count += 1
  }

  /// Which are taken, exactly: all before the first that is not, and the others by number. These were all
  /// invoked before the first one's response, so they are few.
  mutating func describe(into key: inout [Int32]) {
    while takenEnd > 0, !isTaken[takenEnd - 1] { takenEnd -= 1 }
    let first = byResponse.first ?? blocks.count
    key.append(Int32(first))
    var block = first + 1
    while block < takenEnd {
      if isTaken[block] { key.append(Int32(block)) }
      block += 1
    }
  }
}

/// A doubly linked list of numbers 0 ..< n, with a sentinel at n.
private struct Links {
  private var next: [Int]
  private var previous: [Int]
  private let end: Int

  init(order: [Int]) {
    end = order.count
    next = Array(repeating: end, count: end + 1)
    previous = next
    var last = end
    for number in order {
      next[last] = number
      previous[number] = last
      last = number
    }
    next[last] = end
    previous[end] = last
  }

  var first: Int? { next[end] == end ? nil : next[end] }

  func following(_ number: Int) -> Int? {
    next[number] == end ? nil : next[number]
  }

  mutating func remove(_ number: Int) {
    next[previous[number]] = next[number]
    previous[next[number]] = previous[number]
  }

  mutating func restore(_ number: Int) {
    next[previous[number]] = number
    previous[next[number]] = number
  }
}
