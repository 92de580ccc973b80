/// Reads of this server's clients, and the probes they wait for.
struct ReadQueue: Sendable {
  /// Reads that share a probe, and what has been answered to it.
  struct Batch: Sendable {
    let arrived: Tick
    var reads: Reads
    /// Those already answered, by index.
    var isAnswered: [Bool]
    let id: UInt64
    let epoch: EpochID
    let sentAt: Tick
    var replies: [ProbeReply?] = Array(repeating: nil, count: serversMax)
    /// Once a quorum has answered: the view whose log counts, and how far of it must be seen.
    var bound: (logView: View, op: Op)?
  }

  /// Not yet joined to a probe.
  var pending: [(arrived: Tick, reads: Reads)] = []
  var batches: [Batch] = []
  private(set) var lastID: UInt64

  init(session: Session) {
    lastID = session
  }

  var count: Int { pending.reduce(0) { $0 + $1.reads.count } + batches.reduce(0) { $0 + $1.reads.count } }

  mutating func nextID() -> UInt64 {
    lastID &+= 1
    return lastID
  }
}
