/// Keeps what is said again and again to one line in a while. Remembers `PeerBounds.notesMax` lines: where there
/// are more, the oldest may be said again early.
struct NoteLimiter {
  private let interval: UInt64
  /// In order of time.
  private var said: [(text: String, time: UInt64)] = []

  /// `interval`: milliseconds.
  init(interval: UInt64) {
    self.interval = interval
  }

  /// Whether `text` may be said at `now`; if so it counts as said.
  mutating func allows(_ text: String, at now: UInt64) -> Bool {
    said.removeAll { $0.time + interval <= now }
    if said.contains(where: { $0.text == text }) { return false }
    if said.count >= PeerBounds.notesMax { said.removeFirst() }
    said.append((text, now))
    return true
  }
}
