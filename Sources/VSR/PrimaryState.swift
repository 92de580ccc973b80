/// What a primary keeps for the length of its view.
struct PrimaryState: Sendable {
  /// The op that the view started with: what it inherited ends there.
  var startOp: Op = 0
  /// An op of this view is in the log.
  var hasPrepared = false
  /// Through which op each server has acknowledged the log of this view.
  var acked: [Op] = Array(repeating: 0, count: serversMax)
  /// Through which op each learner has it, and when it said so.
  var learned: [(op: Op, at: Tick)?] = Array(repeating: nil, count: serversMax)
  /// Servers that probed while something was uncommitted: they may wait for it.
  var readers = ServerMask()
  /// Forwarded groups that wait for room in the pipeline.
  var queue: [(from: ServerIndex, group: Group)] = []
  var forwards: [ForwardSequence] = Array(repeating: ForwardSequence(), count: serversMax)
  /// When anything was last sent to all.
  var heartbeatAt: Tick = 0
  /// The head when learners were last looked at, and when that was.
  var headSeen: Op = 0
  var headSeenAt: Tick = 0
  /// The commit number as of the last tick, when it last moved or had nowhere to go, and when a quorum was last in
  /// two-way contact.
  var progress: Op = 0
  var progressAt: Tick = 0
  var contactAt: Tick = 0
  /// It has asked to be replaced: no more heartbeats.
  var isAbdicating = false
  /// Commit as of the last message that told it to all.
  var commitTold: Op = 0

  mutating func putOff(by ticks: Tick) {
    progressAt += ticks
    contactAt += ticks
  }
}
