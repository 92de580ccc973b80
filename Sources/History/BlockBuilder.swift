/// Why there can be no order, by numbers of steps.
enum Fault {
  case neverWritten(Int)
  case replacedTwice(Int, Int)
  case circular([Int])
  case outOfOrder(earlier: Int, later: Int)
  case interleaved(Block, Block)
  case noOrder
}

/// Joins steps to blocks.
struct BlockBuilder {
  let steps: Steps
  /// Begins with the initial value, where that is written by nobody.
  private(set) var first: Block?
  private(set) var blocks: [Block] = []
  /// Open swaps to values that others may have written too.
  private(set) var optional: [Block] = []
  /// Of each value written once: the step that wrote it (-1: initial), the swap that replaced it (-1: unknown).
  private(set) var writers: [Int]
  private(set) var replacers: [Int]
  /// Reads of each value, linked.
  private var firstReads: [Int]
  private var nextReads: [Int]
  private var isPlaced: [Bool]

  init(_ steps: Steps) {
    self.steps = steps
    writers = Array(repeating: -1, count: steps.valueCount)
    replacers = writers
    firstReads = writers
    nextReads = Array(repeating: -1, count: steps.all.count)
    isPlaced = Array(repeating: false, count: steps.all.count)
  }

  func isSingle(_ value: Int) -> Bool {
    value != Step.unknown && steps.writerCounts[value] == 1
  }

  mutating func build() -> Fault? {
    if let fault = link() { return fault }
    if isSingle(steps.initial) {
      var block = Block(before: steps.initial, after: steps.initial)
      if let fault = extend(&block, from: nil) { return fault }
      first = block
    }
    for number in steps.all.indices where !isSingle(steps.all[number].before) {
      if let fault = begin(number) { return fault }
    }
    let rest = steps.all.indices.filter { !isPlaced[$0] }
    return rest.isEmpty ? nil : .circular(circle(through: rest[0]))
  }

  /// Who wrote, read and replaced each value that was written once.
  private mutating func link() -> Fault? {
    for (number, step) in steps.all.enumerated() {
      if step.before != Step.unknown, steps.writerCounts[step.before] == 0 { return .neverWritten(number) }
      if !step.isRead, isSingle(step.after) { writers[step.after] = number }
      guard isSingle(step.before) else { continue }
      if step.isRead {
        nextReads[number] = firstReads[step.before]
        firstReads[step.before] = number
      } else if replacers[step.before] >= 0 {
        return .replacedTwice(replacers[step.before], number)
      } else {
        replacers[step.before] = number
      }
    }
    return nil
  }

  private mutating func begin(_ number: Int) -> Fault? {
    let step = steps.all[number]
    var block = Block(before: step.before, after: step.after)
    if let fault = extend(&block, from: number) { return fault }
    if step.isOptional, !isSingle(step.after) { optional.append(block) } else { blocks.append(block) }
    return nil
  }

  /// Adds the swap `from`, the reads of what it wrote, and on while the next swap is known. Each of these
  /// stages must not have been over before an earlier stage was invoked.
  private mutating func extend(_ block: inout Block, from: Int?) -> Fault? {
    var swap = from
    while true {
      if let swap {
        if let fault = place(swap, in: &block, after: (block.lastInvoker, block.lastInvocation)) {
          return fault
        }
        block.after = steps.all[swap].after
      }
      guard isSingle(block.after) else { return nil }
      let stage = (block.lastInvoker, block.lastInvocation)
      var read = firstReads[block.after]
      while read >= 0 {
        if let fault = place(read, in: &block, after: stage) { return fault }
        read = nextReads[read]
      }
      guard replacers[block.after] >= 0 else { return nil }
      swap = replacers[block.after]
    }
  }

  private mutating func place(_ number: Int, in block: inout Block, after stage: (Int, UInt64)) -> Fault? {
    let step = steps.all[number]
    if stage.0 >= 0, step.response < stage.1 { return .outOfOrder(earlier: stage.0, later: number) }
    isPlaced[number] = true
    block.take(number, step.invocation, step.response)
    return nil
  }

  /// The swaps around: `number` was reached from no beginning, so following the writers back never ends.
  private func circle(through number: Int) -> [Int] {
    var order: [Int] = []
    var positions: [Int: Int] = [:]
    var at = number
    while positions[at] == nil {
      positions[at] = order.count
      order.append(at)
      at = writers[steps.all[at].before]
    }
    return Array(order[positions[at]!...].reversed())
  }
}
