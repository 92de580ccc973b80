import Faults
import Foundation
import History
import UV

/// What the clients of a trial did and saw, and how it stands with it.
struct Recorder {
  struct Success {
    var time: UInt64
    var server: Int
    var isWrite: Bool
  }

  struct Counts: Equatable {
    var done = 0
    var failed = 0
    /// Writes whose outcome nobody told.
    var open = 0
    /// Replies that said themselves that they are not linearizable.
    var labelled = 0
    /// Replies from the client table: executed once though sent again.
    var replayed = 0
    /// Requests lost with their connection, answered 500 or 504, or not answered in time, by kind.
    var lost = 0
    var faults = 0
    var deadlinesPassed = 0
    var timeouts = 0
    /// Connections that never stood.
    var unreachable = 0
    /// 503 and 429.
    var refused = 0
  }

  private static let unexpectedMax = 20

  private(set) var history = History()
  private(set) var successes: [Success] = []
  /// How each attempt ended, of whatever kind.
  private(set) var sightings: [Sighting] = []
  /// Successes of each server: reads, and writes.
  private(set) var reads: [Int]
  private(set) var writes: [Int]
  var counts = Counts()
  /// What no server may do, in words.
  private(set) var unexpected: [String] = []

  init(servers: Int) {
    reads = Array(repeating: 0, count: servers)
    writes = Array(repeating: 0, count: servers)
  }

  mutating func see(_ kind: Sighting.Kind, asked: UInt64, server: Int) {
    sightings.append(Sighting(asked: asked, ended: Clock.nanoseconds, server: server, kind: kind))
  }

  mutating func noteUnexpected(_ text: String) {
    if unexpected.count < Recorder.unexpectedMax { unexpected.append(text) }
  }

  /// Notes an invocation; its number.
  mutating func begin(client: UInt32, key: [UInt8], _ action: PlannedOperation.Action) -> Int {
    let number = history.key(key)
    let recorded: RegisterOperation.Action =
      switch action {
      case .read: .read
      case .write(let value): .write(history.value(value))
      case .delete: .delete
      }
    history.append(
      RegisterOperation(
        client: client, key: number, action: recorded, outcome: .open, invocation: Clock.nanoseconds,
        response: 0))
    return history.operations.count - 1
  }

  /// `value`: read or replaced; nil is absence.
  mutating func succeed(_ index: Int, value: [UInt8]?, at server: Int) {
    let now = Clock.nanoseconds
    succeed(index, value: value)
    let isWrite = history.operations[index].action != .read
    successes.append(Success(time: now, server: server, isWrite: isWrite))
    if isWrite { writes[server] += 1 } else { reads[server] += 1 }
  }

  /// The same, where it is not known which server it was.
  mutating func succeed(_ index: Int, value: [UInt8]?) {
    history.complete(index, .done(value.map { history.value($0) } ?? .absent), at: Clock.nanoseconds)
    counts.done += 1
  }

  /// Certainly not executed.
  mutating func fail(_ index: Int) {
    history.complete(index, .failed, at: Clock.nanoseconds)
    counts.failed += 1
  }

  /// It stays open. A read may be left so as well: it says nothing then.
  mutating func leaveOpen(_ index: Int) {
    if history.operations[index].action != .read { counts.open += 1 }
  }

  /// A read beside the clients'.
  mutating func addRead(
    client: UInt32, key: [UInt8], value: [UInt8]?, from invocation: UInt64, to response: UInt64
  ) {
    let number = history.key(key)
    let outcome = RegisterOperation.Outcome.done(value.map { history.value($0) } ?? .absent)
    history.append(
      RegisterOperation(
        client: client, key: number, action: .read, outcome: outcome, invocation: invocation,
        response: response))
  }

  /// The longest time without a success from `start` until now, in milliseconds: of writes or of reads, at
  /// any of `servers`.
  func longestGap(since start: UInt64, writes: Bool, at servers: Set<Int>) -> Double {
    var last = start
    var longest: UInt64 = 0
    for success in successes
    where success.time >= start && success.isWrite == writes && servers.contains(success.server) {
      longest = max(longest, success.time - last)
      last = success.time
    }
    return Double(max(longest, Clock.nanoseconds - last)) / 1e6
  }
}
