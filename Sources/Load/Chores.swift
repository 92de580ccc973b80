/// Every key once: to be written before the load, to be read after it. What fails is done again.
struct Chores {
  /// After a failure, nanoseconds until the next try: a server that refuses must not be stormed.
  static let restNanoseconds: UInt64 = 50_000_000

  private(set) var next: UInt32 = 0
  private let end: UInt32
  private var failed: [UInt32] = []
  private var restsUntil: UInt64 = 0
  private(set) var underWay = 0
  /// When a key was last done.
  private(set) var lastProgress: UInt64

  init(keys: UInt32, at now: UInt64) {
    end = keys
    lastProgress = now
  }

  var isDone: Bool { left == 0 }

  /// Keys not done.
  var left: Int { underWay + failed.count + Int(end - next) }

  mutating func take(at now: UInt64) -> UInt32? {
    guard now >= restsUntil else { return nil }
    var key = failed.popLast()
    if key == nil, next < end {
      key = next
      next += 1
    }
    if key != nil { underWay += 1 }
    return key
  }

  mutating func finish(at now: UInt64) {
    underWay -= 1
    lastProgress = now
  }

  mutating func fail(_ key: UInt32, at now: UInt64) {
    underWay -= 1
    failed.append(key)
    restsUntil = now + Self.restNanoseconds
  }
}
