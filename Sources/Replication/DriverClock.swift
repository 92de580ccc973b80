import UV
import VSR

/// The driver's handles on the loop: the core's ticks, and the ends of turns.
///
/// libuv before 1.45 runs timers before it polls. A server that was held up would act on time-outs while the signs
/// of life lie unread in its sockets. So a timer only says that ticks are due; the loop then polls once without
/// waiting, and only after that the ticks are told.
final class DriverClock {
  static let tickMilliseconds: UInt64 = 10
  private static let tickNanoseconds: UInt64 = 10_000_000
  static let ticksPerSecond: Tick = 100
  /// A server that was held up for longer hears of a stall instead of ticks: a quarter of the shortest silence
  /// after which another is suspected.
  private static let stallTicks: Tick = 3

  private let onTicks: (Event) -> Void
  private let onTurnEnd: () -> Void
  /// Once a turn, which then does not wait, while the core has work of its own.
  var wantsSlices = false {
    didSet { if wantsSlices != oldValue { wantsSlices ? slices?.start() : slices?.stop() } }
  }
  private var slices: IdleHandle?
  private var timer: Timer?
  private var idle: IdleHandle?
  private var prepare: PrepareHandle?
  private var check: CheckHandle?
  private var isDue = false
  private var toldUntil: UInt64 = 0

  /// `onTicks` hears ticks, stalls and slices, `onTurnEnd` that a turn is over and its effects are to leave.
  init(_ loop: Loop, onTicks: @escaping (Event) -> Void, onTurnEnd: @escaping () -> Void) {
    self.onTicks = onTicks
    self.onTurnEnd = onTurnEnd
    timer = Timer(loop) { [unowned self] in becomeDue() }
    // Keeps the loop from waiting while ticks are due.
    idle = IdleHandle(loop) {}
    slices = IdleHandle(loop) { [unowned self] in self.onTicks(.slice) }
    prepare = PrepareHandle(loop, onTurn: onTurnEnd)
    check = CheckHandle(loop) { [unowned self] in endTurn() }
  }

  func start() {
    toldUntil = Clock.nanoseconds
    timer?.start(after: Self.tickMilliseconds, repeating: Self.tickMilliseconds)
    prepare?.start()
    check?.start()
  }

  func close() {
    for handle in [timer, idle, slices, prepare, check] as [Handle?] { handle?.close() }
  }

  private func becomeDue() {
    isDue = true
    idle?.start()
  }

  private func endTurn() {
    if isDue {
      isDue = false
      idle?.stop()
      tellTicks()
    }
    onTurnEnd()
  }

  private func tellTicks() {
    let due = (Clock.nanoseconds - toldUntil) / Self.tickNanoseconds
    toldUntil += due * Self.tickNanoseconds
    if due > Self.stallTicks { return onTicks(.stalled(ticks: due)) }
    for _ in 0..<due { onTicks(.tick) }
  }
}
