/// A sequence of requests with the connections that may carry it: all connections, or those of one host.
///
/// Of all numbers it draws every `count`-th, beginning with its own index, so that lanes together draw each
/// number once, and each of them the same ones in every run.
struct Lane {
  /// What is drawn: how far, and until when. Times in nanoseconds of the monotonic clock.
  struct Plan {
    /// Nil in a closed loop.
    var schedule: Schedule?
    /// Requests that should begin from here on count.
    var measuredFrom: UInt64
    /// Those that should begin here or later are not drawn.
    var end: UInt64
    /// So many that count, and no more.
    var measuredMax: UInt64
    /// What has not been sent so long after its moment never will be.
    var patience: UInt64
  }

  enum Drawn: Equatable {
    case request(number: UInt64, intended: UInt64, isMeasured: Bool)
    /// Its time was up before any connection had room.
    case unsent(number: UInt64, intended: UInt64, isMeasured: Bool)
    case nothing
  }

  let index: Int
  let count: Int
  private(set) var plan: Plan?
  /// Requests drawn, those never sent included.
  private(set) var drawn: UInt64 = 0
  private(set) var measured: UInt64 = 0
  private var nextMoment: UInt64 = 0
  /// Connections that stand and have room, in the order in which they got it.
  var free = ConnectionRing()

  init(index: Int, count: Int) {
    self.index = index
    self.count = count
  }

  mutating func begin(_ plan: Plan) {
    self.plan = plan
    nextMoment = plan.schedule?.moment(of: UInt64(index)) ?? 0
  }

  /// Nothing is drawn that should begin at `now` or later.
  mutating func end(at now: UInt64) {
    guard let plan, plan.end > now else { return }
    self.plan?.end = now
  }

  private var number: UInt64 { drawn * UInt64(count) + UInt64(index) }

  mutating func draw(at now: UInt64) -> Drawn {
    guard let plan, !isExhausted(at: now) else { return .nothing }
    let (number, intended) = (number, plan.schedule == nil ? now : nextMoment)
    guard intended <= now else { return .nothing }
    let isMeasured = intended >= plan.measuredFrom
    drawn += 1
    if isMeasured { measured += 1 }
    if let schedule = plan.schedule { nextMoment = schedule.moment(of: self.number) }
    return now - intended > plan.patience
      ? .unsent(number: number, intended: intended, isMeasured: isMeasured)
      : .request(number: number, intended: intended, isMeasured: isMeasured)
  }

  /// Nothing more will be drawn.
  func isExhausted(at now: UInt64) -> Bool {
    guard let plan else { return false }
    return measured >= plan.measuredMax || (plan.schedule == nil ? now : nextMoment) >= plan.end
  }

  /// Requests that should have begun and have not.
  func backlog(at now: UInt64) -> UInt64 {
    guard let plan, let schedule = plan.schedule, !isExhausted(at: now) else { return 0 }
    let due = schedule.due(at: min(now, plan.end))
    let lanes = UInt64(count)
    let own = due > UInt64(index) ? (due - UInt64(index) + lanes - 1) / lanes : 0
    return own > drawn ? min(own - drawn, plan.measuredMax - measured) : 0
  }
}
