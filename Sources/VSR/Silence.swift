/// How long a living server may be silent: learned from how long it was. A mean with a deviation, as RFC 6298 keeps for
/// round trips, forgets within some hundred messages the rare long gap that a busy machine makes; it is those gaps
/// that must not be taken for a death. So the longest is remembered, and forgotten slowly.
struct Silence: Sendable {
  /// The longest gap fades by one part in so many of the time that passes.
  private static let fadePart: Tick = 256
  /// What it begins with, in ticks.
  private static let gapAtStart: Tick = 4

  private var longest = Silence.gapAtStart * Silence.fadePart
  /// The gap that is going on says nothing of the other server.
  private var isVoid = false

  /// Whatever was not heard in the gap that is going on, it was not the other's silence.
  mutating func forgetGap() { isVoid = true }

  /// It was heard again after `gap` ticks. A gap longer than `limit` was no life.
  mutating func end(gap: Tick, limit: Tick) {
    longest -= min(longest, gap)
    if !isVoid, gap <= limit { longest = max(longest, gap * Silence.fadePart) }
    isVoid = false
  }

  /// Twice the longest gap, and some ticks for the timers' grain.
  func ticks(_ options: Options) -> Tick {
    guard options.holds(.silenceAdapts) else { return options.silenceTicksMin }
    let learned = 2 * ((longest + Silence.fadePart - 1) / Silence.fadePart) + 4
    return min(max(learned, options.silenceTicksMin), options.silenceTicksMax)
  }
}
