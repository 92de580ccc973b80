/// What a replica knows on the way from one view to the next.
struct ViewChangeState: Sendable {
  struct Vote: Sendable {
    let view: View
    let reach: ServerMask
    let at: Tick
  }

  /// The last vote of each server.
  var votes: [Vote?] = Array(repeating: nil, count: serversMax)
  var votedAt: Tick?
  /// When votes of a quorum were first there.
  var decidedAt: Tick?
  /// What the members told this replica, as the primary to be.
  var doViewChanges: [DoViewChange?] = Array(repeating: nil, count: serversMax)
  /// When this view, or this status, was entered, and when word of it was last sent.
  var since: Tick = 0
  var toldAt: Tick = 0
  /// When the primary of the current view was last heard as such.
  var primaryHeardAt: Tick = 0
  /// It voted against itself, or its connection is gone.
  var isPrimarySuspected = false

  mutating func putOff(by ticks: Tick) {
    since += ticks
    primaryHeardAt += ticks
  }
}
