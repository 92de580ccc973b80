import Bytes

/// What one server says to another. The header says who speaks, in which life, and of which epoch.
package struct Message: Hashable, Sendable {
  package var from: ServerIndex
  package var incarnation: Incarnation
  package var epoch: EpochID
  package var payload: Payload

  package init(from: ServerIndex, incarnation: Incarnation, epoch: EpochID, payload: Payload) {
    self.from = from
    self.incarnation = incarnation
    self.epoch = epoch
    self.payload = payload
  }
}

/// Names are those of Viewstamped Replication Revisited where it has them.
package enum Payload: Hashable, Sendable {
  /// Any server to any other: who are you, and are you there?
  case ping(Ping)
  case pong(Ping)
  /// Primary to all: one op to log.
  case prepare(Prepare)
  /// Backup to primary: logged, with all before it. Of a learner it tells only how far that is.
  case prepareOk(PrepareOk)
  /// Primary to all: how far the log is committed; also its sign of life.
  case commit(Commit)
  /// Member to members: a vote to leave a view, or word that it has been left.
  case startViewChange(StartViewChange)
  /// Member to the primary of the view to come.
  case doViewChange(DoViewChange)
  /// New primary to all.
  case startView(StartView)
  /// Any server to any other that may know more.
  case getState(GetState)
  case newState(NewState)
  /// Part of a snapshot, in answer to `getState` or `getSnapshot`.
  case snapshotChunk(SnapshotChunk)
  case getSnapshot(GetSnapshot)
  /// Reader to members: how far must I have executed?
  case probe(Probe)
  case probeReply(ProbeReply)
  /// Backup to primary: writes of its clients.
  case forward(Forward)
  /// Primary to one whose forward is not the next: how far it has counted.
  case forwardOk(ForwardOk)
  /// To one that speaks of an older epoch: the header says which one is current.
  case moved
  /// Member to members: the sender's process is about to end.
  case leave
  /// Formation: the coordinator proposes, all agree, the coordinator announces.
  case propose(Propose)
  case agree(Agree)
  case announce(Announce)
  /// To all in contact, by one that lacks a quorum: ask me for nothing but what I keep.
  case belowQuorum
  /// To a server that reaches a quorum, or keeps what is written without one: see to this for my clients.
  case relayReads(RelayReads)
  case relayWrites(RelayWrites)
  case relayed(Relayed)
}

package struct Ping: Hashable, Sendable {
  /// A number that its sender used for no other ping; the pong repeats it.
  package var nonce: UInt64
  /// The speaker's session, in pings and pongs alike.
  package var session: Session
  /// The speaker's view, and how far it has committed.
  package var view: View
  package var commit: Op
  /// Servers that an operator has declared gone for good.
  package var excluded: ServerMask
  /// The lineage whose possible loss an operator has acknowledged, while its epoch still says that loss is possible;
  /// 0 for none.
  package var lossAcknowledged: UInt64

  package init(
    nonce: UInt64, session: Session, view: View, commit: Op, excluded: ServerMask,
    lossAcknowledged: UInt64 = 0
  ) {
    self.nonce = nonce
    self.session = session
    self.view = view
    self.commit = commit
    self.excluded = excluded
    self.lossAcknowledged = lossAcknowledged
  }
}

package struct Prepare: Hashable, Sendable {
  package var view: View
  package var commit: Op
  /// The chain's digest before the entry.
  package var parent: Digest
  package var entry: LogEntry

  package init(view: View, commit: Op, parent: Digest, entry: LogEntry) {
    self.view = view
    self.commit = commit
    self.parent = parent
    self.entry = entry
  }
}

package struct PrepareOk: Hashable, Sendable {
  package var view: View
  /// Cumulative: everything through this op is in the log of `view`, and on disk.
  package var op: Op
  package var digest: Digest

  package init(view: View, op: Op, digest: Digest) {
    self.view = view
    self.op = op
    self.digest = digest
  }
}

package struct Commit: Hashable, Sendable {
  package var view: View
  package var commit: Op
  /// The primary's last prepared op: one that lacks it asks.
  package var head: Op

  package init(view: View, commit: Op, head: Op) {
    self.view = view
    self.commit = commit
    self.head = head
  }
}

package struct StartViewChange: Hashable, Sendable {
  /// A vote: the view to leave. Otherwise: the view that the sender waits for.
  package var view: View
  package var isVote: Bool
  /// The servers that the sender has two-way contact with, itself included.
  package var reach: ServerMask

  package init(view: View, isVote: Bool, reach: ServerMask) {
    self.view = view
    self.isVote = isVote
    self.reach = reach
  }
}

package struct DoViewChange: Hashable, Sendable {
  package var view: View
  package var logView: View
  package var commit: Op
  /// What follows the sender's commit number, bodies included.
  package var suffix: LogSegment

  package init(view: View, logView: View, commit: Op, suffix: LogSegment) {
    self.view = view
    self.logView = logView
    self.commit = commit
    self.suffix = suffix
  }
}

package struct StartView: Hashable, Sendable {
  package var view: View
  package var commit: Op
  package var suffix: LogSegment

  package init(view: View, commit: Op, suffix: LogSegment) {
    self.view = view
    self.commit = commit
    self.suffix = suffix
  }
}

package struct GetState: Hashable, Sendable {
  package var view: View
  /// Whether the asker follows its view: then, in that view, it needs only what follows its head.
  package var isNormal: Bool
  package var head: Op
  package var headDigest: Digest
  package var commit: Op
  package var commitDigest: Digest

  package init(
    view: View, isNormal: Bool, head: Op, headDigest: Digest, commit: Op, commitDigest: Digest
  ) {
    self.view = view
    self.isNormal = isNormal
    self.head = head
    self.headDigest = headDigest
    self.commit = commit
    self.commitDigest = commitDigest
  }
}

package struct NewState: Hashable, Sendable {
  package var view: View
  /// Whether the sender is normal in `view` and `segment` reaches its head: then the asker may enter the view.
  package var isWhole: Bool
  /// Whether the segment is part of the log of `view`; otherwise only what is committed counts.
  package var isOfView: Bool
  package var commit: Op
  package var segment: LogSegment

  package init(view: View, isWhole: Bool, isOfView: Bool, commit: Op, segment: LogSegment) {
    self.view = view
    self.isWhole = isWhole
    self.isOfView = isOfView
    self.commit = commit
    self.segment = segment
  }
}

package struct SnapshotChunk: Hashable, Sendable {
  package var op: Op
  /// The chain's digest at `op`: with it, names the snapshot.
  package var digest: Digest
  package var offset: UInt64
  package var isLast: Bool
  package var bytes: [UInt8]

  package init(op: Op, digest: Digest, offset: UInt64, isLast: Bool, bytes: [UInt8]) {
    self.op = op
    self.digest = digest
    self.offset = offset
    self.isLast = isLast
    self.bytes = bytes
  }
}

package struct GetSnapshot: Hashable, Sendable {
  package var op: Op
  package var digest: Digest
  package var offset: UInt64

  package init(op: Op, digest: Digest, offset: UInt64) {
    self.op = op
    self.digest = digest
    self.offset = offset
  }
}

package struct Probe: Hashable, Sendable {
  /// Used once in the reader's session.
  package var id: UInt64

  package init(id: UInt64) {
    self.id = id
  }
}

package struct ProbeReply: Hashable, Sendable {
  package var id: UInt64
  package var logView: View
  /// The last op of the log whose log view that is, committed or not.
  package var head: Op
  package var commit: Op
  /// Of the normal primary of `logView` only: the op its view started with.
  package var startOp: Op?

  package init(id: UInt64, logView: View, head: Op, commit: Op, startOp: Op?) {
    self.id = id
    self.logView = logView
    self.head = head
    self.commit = commit
    self.startOp = startOp
  }
}

package struct Forward: Hashable, Sendable {
  /// Only the primary of this view logs it.
  package var view: View
  /// Counts the groups that the sender's session forwarded in this view, from 0, without a gap.
  package var sequence: UInt64
  package var group: Group

  package init(view: View, sequence: UInt64, group: Group) {
    self.view = view
    self.sequence = sequence
    self.group = group
  }
}

package struct ForwardOk: Hashable, Sendable {
  package var view: View
  /// The sequence number that comes next.
  package var next: UInt64

  package init(view: View, next: UInt64) {
    self.view = view
    self.next = next
  }
}

package struct Propose: Hashable, Sendable {
  /// By server; 0 for one that is left out.
  package var vector: [Incarnation]

  package init(vector: [Incarnation]) {
    self.vector = vector
  }
}

/// What a server holds when it agrees, frozen until it enters an epoch.
package struct Report: Hashable, Sendable {
  package var rank: LogRank
  package var digest: Digest
  /// The greatest epoch number that it has heard of.
  package var epochHeard: UInt64
  /// No state, and never agreed to, or heard of, an epoch.
  package var isBlank: Bool

  package init(rank: LogRank, digest: Digest, epochHeard: UInt64, isBlank: Bool) {
    self.rank = rank
    self.digest = digest
    self.epochHeard = epochHeard
    self.isBlank = isBlank
  }
}

package struct Agree: Hashable, Sendable {
  package var vector: [Incarnation]
  package var report: Report

  package init(vector: [Incarnation], report: Report) {
    self.vector = vector
    self.report = report
  }
}

package struct Announce: Hashable, Sendable {
  /// Its `vector` says who may enter.
  package var start: EpochStart
  /// The log that it goes on from.
  package var op: Op
  package var digest: Digest

  package init(start: EpochStart, op: Op, digest: Digest) {
    self.start = start
    self.op = op
    self.digest = digest
  }
}

package struct RelayReads: Hashable, Sendable {
  /// Used once in the sender's session.
  package var id: UInt64
  /// Whether answers may be such that prove nothing.
  package var mayDegrade: Bool
  /// At most `Bounds.relayMax`.
  package var keys: [[UInt8]]

  package init(id: UInt64, mayDegrade: Bool, keys: [[UInt8]]) {
    self.id = id
    self.mayDegrade = mayDegrade
    self.keys = keys
  }
}

package struct RelayWrites: Hashable, Sendable {
  /// Rises within the sender's session: each is taken once.
  package var id: UInt64
  package var mayDegrade: Bool
  /// At most `Bounds.relayMax` writes.
  package var group: Group

  package init(id: UInt64, mayDegrade: Bool, group: Group) {
    self.id = id
    self.mayDegrade = mayDegrade
    self.group = group
  }
}

/// The answer to `RelayReads` or `RelayWrites`.
package struct Relayed: Hashable, Sendable {
  /// Its id.
  package var request: UInt64
  package var isOfWrites: Bool
  /// Nil: refused, and nothing done.
  package var answer: RelayedAnswer?

  package init(request: UInt64, isOfWrites: Bool, answer: RelayedAnswer?) {
    self.request = request
    self.isOfWrites = isOfWrites
    self.answer = answer
  }
}

package struct RelayedAnswer: Hashable, Sendable {
  /// Nil: linearizable. Otherwise how long ago a quorum last confirmed the sender's state.
  package var age: Tick?
  package var lineage: UInt64
  /// One outcome after another, in the order of the request.
  package var bytes: [UInt8]

  package init(age: Tick?, lineage: UInt64, bytes: [UInt8]) {
    self.age = age
    self.lineage = lineage
    self.bytes = bytes
  }
}
