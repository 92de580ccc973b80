/// Steps that stand together in every order that explains the results: a swap, the reads of what it wrote,
/// the swap that replaced it, and so on for as long as the values were written only once.
///
/// Of a register whose values are all written once and whose swaps all give the old value, the whole history
/// is one block. What is unknown (an open write, a value written again) begins another.
struct Block {
  /// The value that must be there before it, `Step.unknown` for any.
  var before: Int
  /// The value that is there after it.
  var after: Int
  /// Earliest response in it, and whose: what is invoked later comes after the whole block.
  var firstResponse = UInt64.max
  var firstResponder = -1
  /// Latest invocation in it, and whose: what was answered sooner comes before the whole block.
  var lastInvocation: UInt64 = 0
  var lastInvoker = -1

  init(before: Int, after: Int) {
    self.before = before
    self.after = after
  }

  /// `step` is the number of the step.
  mutating func take(_ step: Int, _ invocation: UInt64, _ response: UInt64) {
    if firstResponder < 0 || response < firstResponse {
      firstResponse = response
      firstResponder = step
    }
    if lastInvoker < 0 || invocation > lastInvocation {
      lastInvocation = invocation
      lastInvoker = step
    }
  }

  /// By the clock, some of it was over before some of `other` began.
  func precedes(_ other: Block) -> Bool {
    firstResponse < other.lastInvocation
  }
}
