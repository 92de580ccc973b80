/// What a replica keeps of being without a quorum.
struct BelowQuorum: Sendable {
  /// When a quorum was last in contact.
  var contactAt: Tick = 0
  /// What is shown meanwhile; made when first asked for.
  var fork: Fork?
  /// Answers that wait for what they speak of to be on disk.
  var held: [(position: JournalPosition, answers: OtherAnswers)] = []
  /// The wall clock, and when it was told.
  private var wallClock: UInt64 = 0
  private var wallClockAt: Tick = 0
  /// By server: when it last said that it lacks a quorum, and when it last refused a request.
  var lackAt: [Tick?] = Array(repeating: nil, count: serversMax)
  var refusedAt: [Tick?] = Array(repeating: nil, count: serversMax)
  /// Kept writes that were handed to the log so far.
  private var handedCount: UInt64 = 0
  /// The records of what a start found are through here.
  var recordedAt: JournalPosition = 0
  /// The record of the last write kept.
  var keptAt: JournalPosition = 0

  /// Numbers from here on, and below `Relays.first`, are of writes kept without a quorum.
  static let firstNumber: UInt64 = 1 << 62

  mutating func set(wallClock milliseconds: UInt64, at now: Tick) {
    (wallClock, wallClockAt) = (milliseconds, now)
  }

  /// Milliseconds since 1970, for display alone.
  func wallClock(at now: Tick) -> UInt64 { wallClock + 10 * (now - wallClockAt) }

  mutating func number(of count: Int) -> UInt64 {
    defer { handedCount += UInt64(count) }
    return BelowQuorum.firstNumber + handedCount
  }

  mutating func putOff(by ticks: Tick) {
    contactAt += ticks
  }
}
