import Bytes
import VSR

/// Watches every step for what must never happen, whatever the script does.
struct Monitor {
  private struct Place: Hashable {
    let lineage: UInt64
    let op: Op
  }
  private struct Write: Hashable {
    let lineage: UInt64
    let session: Session
    let number: UInt64
  }
  private struct Prepared: Hashable {
    let epoch: EpochID
    let view: View
    let op: Op
  }
  private struct Rank: Comparable {
    var epoch: UInt64 = 0
    var view: View = 0

    static func < (left: Rank, right: Rank) -> Bool {
      (left.epoch, left.view) < (right.epoch, right.view)
    }
  }
  /// What a server has told others, in this life, or shown since it started.
  private struct Seen {
    var incarnation: Incarnation
    var executed: Op = 0
    var lineage: UInt64 = 0
    var commit: Op = 0
    var view = Rank()
    var logView = Rank()
    var toldView = Rank()
    var toldLogView = Rank()
    var ack: (epoch: EpochID, view: View, op: Op, digest: Digest)?
  }

  /// The first that was broken.
  private(set) var violation: String?
  private var chain: [Place: (digest: Digest, content: String)] = [:]
  private var executedAt: [Write: Op] = [:]
  private var prepared: [Prepared: (digest: Digest, content: String)] = [:]
  private var states: [Place: Digest] = [:]
  private var seen: [ServerIndex: Seen] = [:]

  private mutating func violate(_ text: String) {
    if violation == nil { violation = text }
  }

  /// A server starts, with what its disk kept.
  mutating func observeStart(of replica: Replica) {
    let server = replica.server
    var seen = Seen(incarnation: replica.incarnation)
    if let before = self.seen[server], before.incarnation == replica.incarnation {
      (seen.toldView, seen.toldLogView, seen.ack) = (before.toldView, before.toldLogView, before.ack)
    }
    self.seen[server] = seen
    if Rank(epoch: replica.epoch.id.number, view: replica.view) < seen.toldView {
      violate("server \(server) has forgotten the view that it told of")
    }
    if Rank(epoch: replica.epoch.id.number, view: replica.logView) < seen.toldLogView {
      violate("server \(server) has forgotten the log view that it told of")
    }
    observe(replica, Effects())
  }

  mutating func observe(_ replica: Replica, _ effects: Effects) {
    if let broken = replica.violatedInvariant() { violate("server \(replica.server): \(broken)") }
    observeExecution(of: replica)
    for (_, message) in effects.messages { observe(message, of: replica) }
    observeProgress(of: replica)
    observePromise(of: replica)
  }

  // MARK: - One chain

  private mutating func observeExecution(of replica: Replica) {
    guard var seen = seen[replica.server], replica.executed > seen.executed else { return }
    let first = max(seen.executed, replica.log.base) + 1
    if seen.executed < replica.log.base { seen.lineage = replica.store.lineage }
    for op in first..<max(first, replica.executed + 1) {
      guard let entry = replica.log[op] else { continue }
      if let born = entry.epochStarted { seen.lineage = born.start.lineage }
      observe(entry, lineage: seen.lineage, by: replica.server)
    }
    let place = Place(lineage: replica.store.lineage, op: replica.executed)
    if let other = chain[place], other.digest != replica.executedDigest {
      violate("server \(replica.server) parts from the others at op \(replica.executed)")
    }
    seen.executed = replica.executed
    self.seen[replica.server] = seen
  }

  private mutating func observe(_ entry: LogEntry, lineage: UInt64, by server: ServerIndex) {
    let place = Place(lineage: lineage, op: entry.op)
    if let other = chain[place] {
      if other.digest != entry.digest {
        violate("op \(entry.op) was executed as \(other.content), and by \(server) as \(entry.content)")
      }
      return
    }
    chain[place] = (entry.digest, entry.content)
    entry.forEachGroup { group in
      for number in group.numbersWithoutKey {
        let write = Write(lineage: lineage, session: group.session, number: number)
        if let before = executedAt[write] {
          violate("\(group.content) was executed twice, as op \(before) and as op \(entry.op)")
        }
        executedAt[write] = entry.op
      }
    }
  }

  /// Equal prefixes have made equal states.
  mutating func compareState(of replica: Replica) {
    var store = replica.store
    let place = Place(lineage: store.lineage, op: replica.executed)
    let hash = store.stateHash()
    if let other = states[place], other != hash {
      violate("server \(replica.server) has another state than others at op \(replica.executed)")
    }
    states[place] = hash
  }

  // MARK: - Promises

  private mutating func observe(_ message: Message, of replica: Replica) {
    let epoch = message.epoch.number
    switch message.payload {
    case .prepare(let prepare):
      let key = Prepared(epoch: message.epoch, view: prepare.view, op: prepare.entry.op)
      if let other = prepared[key], other.digest != prepare.entry.digest {
        violate(
          "op \(key.op) of view \(key.view) was prepared as \(other.content) and as \(prepare.entry.content)")
      }
      prepared[key] = (prepare.entry.digest, prepare.entry.content)
    case .prepareOk(let ok):
      guard replica.isMember, message.epoch == replica.epoch.id else { return }
      seen[replica.server]?.ack = (message.epoch, ok.view, ok.op, ok.digest)
      told(
        replica.server, view: Rank(epoch: epoch, view: ok.view), logView: Rank(epoch: epoch, view: ok.view))
    case .doViewChange(let change):
      told(
        replica.server, view: Rank(epoch: epoch, view: change.view),
        logView: Rank(epoch: epoch, view: change.logView))
    case .startView(let start):
      let rank = Rank(epoch: epoch, view: start.view)
      told(replica.server, view: rank, logView: rank)
    default: break
    }
  }

  private mutating func told(_ server: ServerIndex, view: Rank, logView: Rank) {
    guard var seen = seen[server] else { return }
    seen.toldView = max(seen.toldView, view)
    seen.toldLogView = max(seen.toldLogView, logView)
    self.seen[server] = seen
  }

  private mutating func observeProgress(of replica: Replica) {
    guard var seen = seen[replica.server] else { return }
    let view = Rank(epoch: replica.epoch.id.number, view: replica.view)
    let logView = Rank(epoch: replica.epoch.id.number, view: replica.logView)
    if view < seen.view { violate("server \(replica.server): the view fell") }
    if logView < seen.logView { violate("server \(replica.server): the log view fell") }
    if replica.commit < seen.commit { violate("server \(replica.server): the commit number fell") }
    (seen.view, seen.logView, seen.commit) = (view, logView, replica.commit)
    self.seen[replica.server] = seen
  }

  /// What a member acknowledged it holds until a later view, or epoch, replaces it.
  private mutating func observePromise(of replica: Replica) {
    guard let ack = seen[replica.server]?.ack, replica.epoch.id == ack.epoch, replica.logView <= ack.view,
      replica.log.base < ack.op, replica.log.digest(at: ack.op) != ack.digest
    else { return }
    violate(
      "server \(replica.server) no longer holds op \(ack.op), which it acknowledged in view \(ack.view)")
  }
}
