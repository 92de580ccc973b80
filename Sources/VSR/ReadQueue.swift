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

  /// Those that are not answered yet and of which `mayTake` holds leave the queue.
  mutating func take(where mayTake: (Reads, Int) -> Bool) -> [(arrived: Tick, reads: Reads)] {
    var taken: [(arrived: Tick, reads: Reads)] = []
    var rest: [(arrived: Tick, reads: Reads)] = []
    for item in pending {
      var (goes, stays) = (Reads(), Reads())
      for index in 0..<item.reads.count {
        if mayTake(item.reads, index) {
          goes.append(item.reads, at: index)
        } else {
          stays.append(item.reads, at: index)
        }
      }
      if !goes.isEmpty { taken.append((item.arrived, goes)) }
      if !stays.isEmpty { rest.append((item.arrived, stays)) }
    }
    pending = rest
    for place in batches.indices {
      var goes = Reads()
      for index in 0..<batches[place].reads.count where !batches[place].isAnswered[index] {
        guard mayTake(batches[place].reads, index) else { continue }
        goes.append(batches[place].reads, at: index)
        batches[place].isAnswered[index] = true
      }
      if !goes.isEmpty { taken.append((batches[place].arrived, goes)) }
    }
    batches.removeAll { !$0.isAnswered.contains(false) }
    return taken
  }

  mutating func nextID() -> UInt64 {
    lastID &+= 1
    return lastID
  }
}
