/// The history of one key.
struct KeyHistory {
  let operations: [RegisterOperation]
  /// The operations of this key.
  let indexes: [Int]
  let initial: RegisterValue

  var key: Int32 { operations[indexes[0]].key }

  /// Exact: an order is found, or there is none, or the limit ended the search and nothing is said.
  ///
  /// 1. Blocks (see `Block`) follow from the values alone. Where they cannot be built, or where one
  ///    contradicts the clock within itself, there is no order.
  /// 2. Blocks exclude each other in time as the zones of Gibbons and Korach do (Testing Shared Memories,
  ///    1997); if two are each before the other there is no order, and if none are, the relation has no longer
  ///    cycle either. Where no block asks for a certain value before it, this decides.
  /// 3. Else the orders of blocks are searched (Wing and Gong, 1993; Lowe, 2017), without repeating a
  ///    configuration.
  func judge(searchLimit: Int) -> Judgement {
    var builder = BlockBuilder(Steps(of: self))
    if let fault = builder.build() { return .violation(violation(fault, builder)) }
    let first = builder.first
    if let fault = misplaced(first: first, builder.blocks) { return .violation(violation(fault, builder)) }
    if builder.blocks.allSatisfy({ $0.before == Step.unknown }) { return .linearizable }
    var search = BlockSearch(
      blocks: builder.blocks, optional: builder.optional, start: first?.after ?? builder.steps.initial,
      limit: searchLimit)
    switch search.run() {
    case .found: return .linearizable
    case .none: return .violation(violation(.noOrder, builder))
    case .limit: return .gaveUp
    }
  }
}

/// Two blocks of which each would have to be whole before the other. Nothing stands before `first`.
private func misplaced(first: Block?, _ blocks: [Block]) -> Fault? {
  if let first, first.lastInvoker >= 0, let other = blocks.first(where: { $0.precedes(first) }) {
    return .outOfOrder(earlier: first.lastInvoker, later: other.firstResponder)
  }
  let sorted = blocks.sorted { $0.firstResponse < $1.firstResponse }
  let latest = LatestTwo(sorted)
  for (position, block) in sorted.enumerated() {
    let end = sorted.lowerBound { $0.firstResponse < block.lastInvocation }
    if let other = latest.best(before: end, besides: position), block.precedes(sorted[other]) {
      return .interleaved(block, sorted[other])
    }
  }
  return nil
}

/// Of each beginning of a list of blocks: the two with the latest invocations.
private struct LatestTwo {
  private var tops: [(first: Int, second: Int)] = [(-1, -1)]

  init(_ blocks: [Block]) {
    for (position, block) in blocks.enumerated() {
      var top = tops[position]
      if top.first < 0 || block.lastInvocation > blocks[top.first].lastInvocation {
        top = (position, top.first)
      } else if top.second < 0 || block.lastInvocation > blocks[top.second].lastInvocation {
        top.second = position
      }
      tops.append(top)
    }
  }

  func best(before end: Int, besides position: Int) -> Int? {
    let top = tops[end]
    let best = top.first == position ? top.second : top.first
    return best < 0 ? nil : best
  }
}

extension Array {
  /// The first position where `isBelow` no longer holds; it must hold for a beginning of the array only.
  func lowerBound(_ isBelow: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBelow(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
