import Bytes
import VSR

/// Looks at every step of every replica and at every message that leaves, and remembers the first thing that
/// must not be. Knows everything that the servers cannot know of each other.
struct Checker {
  private(set) var violation: Violation?
  var lineages = Lineages()
  var speakers = Speakers()
  var requests = RequestLedger()
  var watched: [Watch]
  var epochs = EpochLedger()
  /// Lineages that have said that loss is possible, and those for which it was acknowledged.
  var lossy: Set<UInt64> = []
  var acknowledged: Set<UInt64> = []
  var opsCommitted = 0
  var viewChanges = 0
  var tags: [TagName: TagValue] = [:]

  init(serverCount: Int) {
    watched = Array(repeating: Watch(), count: serverCount)
  }

  mutating func fail(_ rule: Violation.Rule, _ server: ServerIndex?, _ time: UInt64, _ detail: String) {
    if violation == nil { violation = Violation(rule: rule, server: server, time: time, detail: detail) }
  }

  /// After each step.
  mutating func check(_ server: SimulatedServer, _ effects: Effects, at time: UInt64) {
    let index = server.index
    let (broken, isAlone) = server.process!.look { ($0.violatedInvariant(), $0.servesAlone) }
    if let broken { return fail(.invariant, index, time, broken) }
    if let detail = excess(effects) { return fail(.boundedEffects, index, time, detail) }
    checkCourse(server, at: time)
    if isAlone { checkAlone(server, at: time) }
    if violation == nil { checkHeld(server, at: time) }
  }

  /// What a server finds at its start must bear out what it said before.
  mutating func checkStart(_ server: SimulatedServer, at time: UInt64) {
    let index = server.index
    let replica = server.process!.replica
    requests.begin(session: replica.session, server: index)
    if let broken = replica.violatedInvariant() { return fail(.invariant, index, time, broken) }
    if watched[index].promise.incarnation != replica.incarnation {
      watched[index] = Watch()
      watched[index].promise.incarnation = replica.incarnation
    }
    let promise = watched[index].promise
    if replica.epoch.id.number < promise.epoch
      || (replica.epoch.id.number == promise.epoch
        && (replica.view < promise.view || replica.logView < promise.logView))
    {
      let now = "epoch \(replica.epoch.id.number) view \(replica.view) log view \(replica.logView)"
      let before = "epoch \(promise.epoch) view \(promise.view) log view \(promise.logView)"
      return fail(.promisesSurvive, index, time, "found \(now), spoke of \(before)")
    }
    watched[index].course = Course(replica)
    checkCommits(server, from: 0, at: time)
    if violation == nil { checkHeld(server, at: time) }
  }

  mutating func checkEnd(_ server: SimulatedServer) {
    watched[server.index].course = nil
  }

  private func excess(_ effects: Effects) -> String? {
    if effects.messages.count > Checker.messagesMax {
      return "\(effects.messages.count) messages in one step"
    }
    let kept = effects.journal.count {
      switch $0 {
      case .keep, .end: true
      case .append, .state, .install: false
      }
    }
    if effects.journal.count - kept > Checker.recordsMax {
      return "\(effects.journal.count) records in one step"
    }
    return nil
  }

  static let messagesMax = Bounds.heldMessagesMax + 1024
  static let recordsMax = 1024

  mutating func fill(_ report: inout RunReport) {
    report.opsCommitted = opsCommitted
    report.viewChanges = speakers.viewCount
    report.epochs = epochs.count
    report.lineages = lineages.count
  }
}

/// What is remembered of one server.
struct Watch {
  /// Nil while there is no process.
  var course: Course?
  var promise = Promise()
}

/// Where a process was after its last step.
struct Course {
  var epoch: EpochID
  var lineage: UInt64
  var view: View
  var logView: View
  var commit: Op
  var executed: Op

  init(_ replica: Replica) {
    epoch = replica.epoch.id
    lineage = replica.epoch.start.lineage
    view = replica.view
    logView = replica.logView
    commit = replica.commit
    executed = 0
  }
}

/// What a life of a server has said, and must bear out for as long as it lasts.
struct Promise {
  var incarnation: Incarnation = 0
  var epoch: UInt64 = 0
  var view: View = 0
  var logView: View = 0
  /// The last acknowledgement, as a member.
  var acked: Acked?
  /// The greatest view for which it sent its log.
  var changed: (epoch: EpochID, view: View)?
  /// The epoch in which it agreed to a formation.
  var frozenIn: EpochID?

  struct Acked {
    var epoch: EpochID
    var view: View
    var op: Op
    var digest: Digest
  }
}
