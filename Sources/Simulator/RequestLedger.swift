import Bytes
import KVStore
import VSR

/// Every request that any process was given, and what became of it.
struct RequestLedger {
  enum Answer: UInt8 {
    case none
    case done
    case refused
    case unknown
    /// Its process ended first.
    case lost
    /// Answered without a quorum.
    case degraded
  }

  struct WriteRequest {
    var operation: Int
    var attempt: Int
    /// Of its encoding.
    var bytesHash: UInt64
    var answer = Answer.none
    /// Where it was committed; 0: nowhere.
    var op: Op = 0
    var lineage: UInt64 = 0
  }

  struct ReadRequest {
    var operation: Int
    var attempt: Int
    var answer = Answer.none
  }

  struct Run {
    var server: ServerIndex
    var writes: [WriteRequest] = []
    var reads: [ReadRequest] = []
    var openCount = 0
  }

  private(set) var openCount = 0
  private var indexes: [Session: Int] = [:]
  /// Requests that a server has from another one: by its own session and number, the other's run and number.
  private var relayed: [Session: [UInt64: (run: Int, number: UInt64)]] = [:]
  var kept = KeptLedger()
  private(set) var runs: [Run] = []

  mutating func begin(session: Session, server: ServerIndex) {
    indexes[session] = runs.count
    runs.append(Run(server: server))
  }

  func index(of session: Session) -> Int { indexes[session]! }

  mutating func add(write: WriteRequest, run: Int) {
    runs[run].writes.append(write)
    runs[run].openCount += 1
    openCount += 1
  }

  /// Returns its ticket.
  mutating func add(read: ReadRequest, run: Int) -> UInt64 {
    runs[run].reads.append(read)
    runs[run].openCount += 1
    openCount += 1
    return UInt64(runs[run].reads.count)
  }

  /// Notes the answer; nil if there is no such request, or it has been answered.
  mutating func answer(write number: UInt64, run: Int, _ answer: Answer) -> WriteRequest? {
    let index = Int(number) - 1
    guard runs[run].writes.indices.contains(index), runs[run].writes[index].answer == .none else {
      return nil
    }
    runs[run].writes[index].answer = answer
    runs[run].openCount -= 1
    openCount -= 1
    return runs[run].writes[index]
  }

  mutating func answer(read ticket: UInt64, run: Int, _ answer: Answer) -> ReadRequest? {
    let index = Int(ticket) - 1
    guard runs[run].reads.indices.contains(index), runs[run].reads[index].answer == .none else { return nil }
    runs[run].reads[index].answer = answer
    runs[run].openCount -= 1
    openCount -= 1
    return runs[run].reads[index]
  }

  /// A server will hand writes of another one's clients to the log, under numbers of its own.
  mutating func relay(_ group: Group, as number: UInt64, by session: Session) {
    let run = indexes[group.session]!
    for offset in 0..<UInt64(group.count) {
      relayed[session, default: [:]][number + offset] = (run, group.first + offset)
    }
  }

  /// Whose request that is.
  func origin(_ session: Session, _ number: UInt64) -> (run: Int, number: UInt64)? {
    if let origin = relayed[session]?[number] { return origin }
    return indexes[session].map { ($0, number) }
  }

  /// Every write of a committed entry is one that was asked for, is committed for the first time, and has not
  /// been refused.
  mutating func commit(_ entry: LogEntry, in lineage: UInt64) -> (Violation.Rule, String)? {
    var found: (Violation.Rule, String)?
    entry.forEachGroup { group in
      if found == nil { found = commit(group, op: entry.op, in: lineage) }
    }
    return found
  }

  private mutating func commit(_ group: BorrowedGroup, op: Op, in lineage: UInt64) -> (
    Violation.Rule, String
  )? {
    var reader = WriteReader(group.bytes)
    for number in group.first..<group.first + UInt64(group.count) {
      let start = reader.offset
      guard let write = try? reader.next() else { break }
      let identity =
        write.idempotencyKey.map { Write.identity(ofIdempotencyKey: $0) }
        ?? Group.identity(session: group.session, number: number)
      defer { kept.noteCommitted(write, identity, op: op, in: lineage) }
      if write.isMerge {
        guard kept.isKnown(write, identity) else {
          return (.commitsAreRequested, "op \(op) merges a write that nobody kept")
        }
        continue
      }
      guard let (run, number) = origin(group.session, number), let index = Int(exactly: number),
        runs[run].writes.indices.contains(index - 1)
      else { return (.commitsAreRequested, "op \(op) has a write \(number) that nobody asked for") }
      let slice = UnsafeRawBufferPointer(rebasing: group.bytes[start..<reader.offset])
      if let found = commit(slice, run, Int(number) - 1, op: op, in: lineage) { return found }
    }
    guard reader.offset == group.bytes.count else {
      return (.commitsAreRequested, "op \(op) has more writes than it says")
    }
    return nil
  }

  private mutating func commit(
    _ bytes: UnsafeRawBufferPointer, _ run: Int, _ index: Int, op: Op, in lineage: UInt64
  ) -> (Violation.Rule, String)? {
    let write = runs[run].writes[index]
    let name = "write \(index + 1) of server \(runs[run].server)'s run \(run)"
    guard SipHash.hash(bytes) == write.bytesHash else {
      return (.commitsAreRequested, "op \(op) changed \(name)")
    }
    if write.op != 0, write.op != op, write.lineage == lineage {
      return (.executedOnce, "\(name) is op \(write.op) and op \(op)")
    }
    if write.answer == .degraded { return (.executedOnce, "\(name) is kept without a quorum, and op \(op)") }
    if write.answer == .refused { return (.refusedIsNotExecuted, "\(name) was refused, and is op \(op)") }
    runs[run].writes[index].op = op
    runs[run].writes[index].lineage = lineage
    return nil
  }
}

/// An entity tag, and what it stands for.
struct TagName: Hashable {
  var lineage: UInt64
  var counter: UInt64
}

struct TagValue: Equatable {
  var key: Int
  var value: Int32
}
