/// How long each server that left the configuration is kept out of it. One that leaves again soon after it returned
/// is kept out twice as long each time: it would cost two changes of epoch for every flap. Every replica derives this
/// from the changes that it executes, by its own ticks: a new primary knows about what the old one knew.
struct Tenures: Sendable {
  private struct Tenure {
    var joinedAt: Tick?
    var leftAt: Tick?
    var wait: Tick = 0
  }

  private var all = Array(repeating: Tenure(), count: serversMax)

  /// `old` has given way to `new`.
  mutating func change(from old: Configuration, to new: Configuration, at now: Tick, _ options: Options) {
    for server in 0..<serversMax {
      switch (old.member(at: server), new.member(at: server)) {
      case (nil, .some): all[server].joinedAt = now
      case (.some, nil):
        let isSoon = all[server].joinedAt.map { now < $0 + options.returnTicksMax } ?? false
        let wait = isSoon && all[server].wait > 0 ? 2 * all[server].wait : options.returnTicks
        all[server] = Tenure(leftAt: now, wait: min(wait, options.returnTicksMax))
      case (nil, nil), (.some, .some): break
      }
    }
  }

  /// Whether `server`, no member, has been kept out for long enough.
  func mayReturn(_ server: ServerIndex, at now: Tick) -> Bool {
    guard let leftAt = all[server].leftAt else { return true }
    return now >= leftAt + all[server].wait
  }
}
