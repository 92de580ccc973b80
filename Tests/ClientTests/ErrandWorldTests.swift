import XCTest

@testable import Client

/// Random worlds: hosts that refuse, lose, delay, forget and execute late. What the errand says must hold for
/// good, also for copies of the request that arrive after its end.
final class ErrandWorldTests: XCTestCase {
  func testWhatIsSaidOfAWriteHoldsForGood() {
    var endings: Set<String> = []
    for seed in 1...20_000 {
      var world = World(seed: UInt64(seed))
      let outcome = world.run()
      world.deliverTheRest()
      endings.insert(ErrandScript.name(outcome))
      XCTAssertLessThanOrEqual(world.executions, 1, "seed \(seed): executed twice")
      switch outcome {
      case .done: XCTAssertEqual(world.executions + world.keptDegraded, 1, "seed \(seed): not done")
      case .conditionFailed, .refused, .unanswered, .unreachable:
        XCTAssertEqual(world.executions + world.keptDegraded, 0, "seed \(seed): \(outcome)")
      case .unknown: break
      }
    }
    // The worlds are worth something only if every ending is met.
    let expected: Set = [
      "done", "done degraded", "condition failed", "refused 503", "refused 507", "refused 409", "unreachable",
      "unknown", "unknown 500", "unknown 504",
    ]
    XCTAssertEqual(endings.intersection(expected), expected)
  }
}

private struct World {
  private enum Result { case executed, conditionFailed }
  private struct Copy {
    let host: Int
    let key: IdempotencyKey
    var isAwaited = true
  }

  private var random: SplitMix
  private var script: ErrandScript
  /// What the servers remember by key, and the floor below which they have forgotten.
  private var known: [UInt64: Result] = [:]
  private var floor: UInt64 = 0
  private let isConditionMet: Bool
  private let isFull: Bool
  private var asked: Set<Int> = []
  private var copies: [Copy] = []
  private(set) var executions = 0
  private(set) var keptDegraded = 0

  init(seed: UInt64) {
    random = SplitMix(state: seed)
    script = ErrandScript(.write, hosts: random.below(3) + 1, timeout: UInt64(random.below(3000) + 100))
    isConditionMet = random.below(8) > 0
    isFull = random.below(8) == 0
    if random.below(6) == 0 { floor = script.errand.key.milliseconds + UInt64(random.below(2)) }
  }

  mutating func run() -> CallOutcome {
    tell(.started)
    while script.outcome == nil {
      if random.below(12) == 0 { forget() }
      if let host = asked.min(by: { _, _ in random.below(2) == 0 }), random.below(3) > 0 {
        connect(host)
      } else if !copies.isEmpty, random.below(3) > 0 {
        deliver(random.below(copies.count))
      } else {
        tell(
          .timePassed, after: script.errand.wakeTime! > script.now ? script.errand.wakeTime! - script.now : 0)
      }
    }
    return script.outcome!
  }

  /// Copies still under way arrive now.
  mutating func deliverTheRest() {
    for copy in copies where random.below(2) == 0 { _ = execute(copy.key) }
  }

  private mutating func tell(_ event: Errand.Event, after passed: UInt64 = 0) {
    for action in script.on(event, after: passed) {
      let words = action.split(separator: " ")
      if words[0] == "ask" { asked.insert(Int(words[1])!) }
      guard words[0] == "abandon" else { continue }
      let host = Int(words[1])!
      asked.remove(host)
      for index in copies.indices where copies[index].host == host { copies[index].isAwaited = false }
    }
  }

  private mutating func connect(_ host: Int) {
    asked.remove(host)
    if random.below(3) == 0 { return tell(.unreachable(host: host)) }
    copies.append(Copy(host: host, key: script.errand.key))
    tell(.sent(host: host))
  }

  private mutating func deliver(_ index: Int) {
    let copy = copies[index]
    let chance = random.below(10)
    // Lost on the way back or there, or answered 504 while the copy stays under way.
    if copy.isAwaited, chance < 3 {
      copies[index].isAwaited = false
      return tell(chance == 0 ? .answered(host: copy.host, Answer(status: 504)) : .lost(host: copy.host))
    }
    copies.remove(at: index)
    let answer = reply(to: copy, chance)
    if copy.isAwaited { tell(.answered(host: copy.host, answer)) }
  }

  private mutating func reply(to copy: Copy, _ chance: Int) -> Answer {
    switch chance {
    case 3, 4: return .unavailable(retryAfter: UInt32(random.below(2)))
    case 5:
      if random.below(2) == 0 { _ = execute(copy.key) }
      return Answer(status: 500)
    case 6 where keptDegraded + executions == 0 && copy.isAwaited && copy.key.milliseconds > floor:
      keptDegraded = 1
      known[copy.key.milliseconds] = .executed
      return .degraded(age: UInt32(random.below(4)))
    default: return execute(copy.key)
    }
  }

  private mutating func execute(_ key: IdempotencyKey) -> Answer {
    switch known[key.milliseconds] {
    case .executed: return .ok
    case .conditionFailed: return Answer(status: 412)
    case nil: break
    }
    if key.milliseconds <= floor { return .behind(floor: floor) }
    if isFull { return Answer(status: 507) }
    guard isConditionMet else {
      known[key.milliseconds] = .conditionFailed
      return Answer(status: 412)
    }
    known[key.milliseconds] = .executed
    executions += 1
    return .ok
  }

  /// The oldest keys leave, and the floor rises to them, or beyond what a late client brings.
  private mutating func forget() {
    floor = max(floor, script.errand.key.milliseconds + UInt64(random.below(2) * 5000))
    known = known.filter { $0.key > floor }
  }
}

struct SplitMix {
  var state: UInt64

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return Int((word ^ word >> 31) % UInt64(bound))
  }
}
