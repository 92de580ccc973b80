/// Looks for an order of blocks in which each finds the value that it needs.
///
/// Exact by these arguments:
/// - The next block may be any that no other remaining block precedes.
/// - A block that leaves the value it found is taken at once when it may be next: taken later, it could as
///   well have been taken now.
/// - An optional block (an open swap) is used only right before a block that needs its value: before anything
///   else it could be left out. Of those with the same value the one invoked first is used first: it could
///   stand wherever the other does.
/// - A configuration (blocks taken, optional ones used, value) that led nowhere once leads nowhere again. It
///   is remembered whole, not by a hash.
struct BlockSearch {
  enum Result {
    case found
    case none
    case limit
  }

  /// By first response.
  let blocks: [Block]
  /// Invocations of the optional blocks of each value, ascending.
  private var offers: [Int: [UInt64]] = [:]
  private var used: [Int: Int] = [:]
  private var value: Int
  private var remaining: RemainingBlocks
  private var seen: Set<[Int32]> = []
  private var frames: [Frame] = []
  private var candidates: [Candidate] = []
  /// What was taken, for taking it back.
  private var taken: [Taken] = []
  private let limit: Int
  private var visits = 0

  private struct Candidate {
    let block: Int
    /// It needs a value that an optional block brings.
    let needsOffer: Bool
  }

  /// One configuration: its candidates lie at `next ..< end` in `candidates`.
  private struct Frame {
    var next: Int
    let start: Int
    let end: Int
    let takenCount: Int
  }

  private struct Taken {
    let block: Int
    let valueBefore: Int
    /// The value of the optional block used for it, or `Step.unknown`.
    let offer: Int
  }

  init(blocks: [Block], optional: [Block], start: Int, limit: Int) {
    self.blocks = blocks.sorted { $0.firstResponse < $1.firstResponse }
    remaining = RemainingBlocks(self.blocks)
    value = start
    self.limit = limit
    for block in optional { offers[block.after, default: []].append(block.lastInvocation) }
    for key in offers.keys { offers[key]!.sort() }
  }

  mutating func run() -> Result {
    while true {
      takeLoops()
      if remaining.isEmpty { return .found }
      visits += 1
      if visits > limit { return .limit }
      pushFrame()
      while frames[frames.count - 1].next == frames[frames.count - 1].end {
        popFrame()
        if frames.isEmpty { return .none }
        takeBack(to: frames[frames.count - 1].takenCount)
      }
      let next = frames[frames.count - 1].next
      frames[frames.count - 1].next += 1
      take(candidates[next])
    }
  }

  private mutating func takeLoops() {
    var isProgress = true
    while isProgress {
      isProgress = false
      for block in remaining.minimal() where blocks[block].before == value && blocks[block].after == value {
        take(Candidate(block: block, needsOffer: false))
        isProgress = true
      }
    }
  }

  private mutating func pushFrame() {
    let start = candidates.count
    for block in remaining.minimal() {
      let before = blocks[block].before
      if before == Step.unknown || before == value {
        candidates.append(Candidate(block: block, needsOffer: false))
      } else if let offer = nextOffer(before), offer <= remaining.firstResponse {
        candidates.append(Candidate(block: block, needsOffer: true))
      }
    }
    if candidates.count > start + 1 {
      if seen.insert(configuration()).inserted {
        candidates[start...].sort { ($0.needsOffer ? 1 : 0, $0.block) < ($1.needsOffer ? 1 : 0, $1.block) }
      } else {
        candidates.removeSubrange(start...)
      }
    }
    frames.append(Frame(next: start, start: start, end: candidates.count, takenCount: taken.count))
  }

  private mutating func popFrame() {
    let frame = frames.removeLast()
    candidates.removeSubrange(frame.start...)
  }

  private func nextOffer(_ wanted: Int) -> UInt64? {
    guard let list = offers[wanted] else { return nil }
    let position = used[wanted] ?? 0
    return position < list.count ? list[position] : nil
  }

  private mutating func take(_ candidate: Candidate) {
    let block = blocks[candidate.block]
    let offer = candidate.needsOffer ? block.before : Step.unknown
    taken.append(Taken(block: candidate.block, valueBefore: value, offer: offer))
    if candidate.needsOffer { used[offer, default: 0] += 1 }
    remaining.remove(candidate.block)
    value = block.after
  }

  private mutating func takeBack(to count: Int) {
    while taken.count > count {
      let last = taken.removeLast()
      remaining.restore(last.block)
      value = last.valueBefore
      guard last.offer != Step.unknown else { continue }
      used[last.offer]! -= 1
      if used[last.offer] == 0 { used[last.offer] = nil }
    }
  }

  private mutating func configuration() -> [Int32] {
    var key: [Int32] = [Int32(value), Int32(used.count)]
    for (value, count) in used.sorted(by: { $0.key < $1.key }) {
      key.append(Int32(value))
      key.append(Int32(count))
    }
    remaining.describe(into: &key)
    return key
  }
}
