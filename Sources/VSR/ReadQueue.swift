/// Reads of this server's clients, and the probes they wait for.
struct ReadQueue: Sendable {
  /// Reads that share a probe, and what has been answered to it.
  struct Batch: Sendable {
    let arrived: Tick
    var reads: Reads
    /// How many are not answered yet, and, once some are, which of them.
    private(set) var unansweredCount: Int
    private var answered: [Bool] = []
    let id: UInt64
    let epoch: EpochID
    let sentAt: Tick
    /// Whom the probe was sent to.
    var asked = ServerMask()
    var replies = ProbeReplies()
    /// Once a quorum has answered: the view whose log counts, and how far of it must be seen.
    var bound: (logView: View, op: Op)?

    init(arrived: Tick, reads: Reads, id: UInt64, epoch: EpochID, sentAt: Tick) {
      (self.arrived, self.reads, self.id, self.epoch, self.sentAt) = (arrived, reads, id, epoch, sentAt)
      unansweredCount = reads.count
    }

    func isAnswered(_ index: Int) -> Bool { unansweredCount == 0 || (!answered.isEmpty && answered[index]) }

    /// For the first time: the read is answered.
    mutating func setAnswered(_ index: Int) {
      if answered.isEmpty { answered = Array(repeating: false, count: reads.count) }
      answered[index] = true
      unansweredCount -= 1
    }

    /// The reads not answered so far: they are seen to elsewhere.
    mutating func takeUnanswered() -> Reads {
      if let all = takeAll() { return all }
      var rest = Reads()
      for index in 0..<reads.count where !isAnswered(index) { rest.append(reads, at: index) }
      unansweredCount = 0
      return rest
    }

    /// Only where the rule against it is removed: reads join a probe that has been sent.
    mutating func join(_ other: Reads) {
      if !answered.isEmpty { answered += Array(repeating: false, count: other.count) }
      reads.append(contentsOf: other)
      unansweredCount += other.count
    }

    /// All reads, of which none was answered before: they are answered now.
    mutating func takeAll() -> Reads? {
      guard answered.isEmpty, unansweredCount > 0 else { return nil }
      unansweredCount = 0
      var all = Reads()
      swap(&all, &reads)
      return all
    }
  }

  /// Not yet joined to a probe.
  var pending: [(arrived: Tick, reads: Reads)] = []
  var batches: [Batch] = []
  private(set) var lastID: UInt64

  init(session: Session) {
    lastID = session
  }

  var count: Int { pendingCount + batches.reduce(0) { $0 + $1.reads.count } }

  /// Whether the reads that wait may have a probe now. A lone one is sent at once; beside others in flight one must
  /// carry as many reads as they do together, so that under load few probes carry many. Batches that know their
  /// bound and wait for a write hold up nobody, as long as they are few.
  var mayProbe: Bool {
    guard batches.count < Bounds.readBatchesMax else { return false }
    var inFlight = (probes: 0, reads: 0)
    for batch in batches where batch.bound == nil {
      inFlight.probes += 1
      inFlight.reads += batch.reads.count
    }
    return inFlight.probes < Bounds.probesMax && pendingCount >= inFlight.reads
  }

  private var pendingCount: Int { pending.reduce(0) { $0 + $1.reads.count } }

  /// All that wait for a probe, and since when the first of them has.
  mutating func takePending() -> (arrived: Tick, reads: Reads) {
    var joined = Reads()
    swap(&joined, &pending[0].reads)
    for item in pending.dropFirst() { joined.append(contentsOf: item.reads) }
    defer { pending.removeAll(keepingCapacity: true) }
    return (pending[0].arrived, joined)
  }

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
      for index in 0..<batches[place].reads.count where !batches[place].isAnswered(index) {
        guard mayTake(batches[place].reads, index) else { continue }
        goes.append(batches[place].reads, at: index)
        batches[place].setAnswered(index)
      }
      if !goes.isEmpty { taken.append((batches[place].arrived, goes)) }
    }
    batches.removeAll { $0.unansweredCount == 0 }
    return taken
  }

  mutating func nextID() -> UInt64 {
    lastID &+= 1
    return lastID
  }
}
