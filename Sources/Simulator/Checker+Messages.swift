import Bytes
import VSR

/// Who prepared what: by (epoch, view).
struct Speakers {
  private struct Key: Hashable {
    var epoch: EpochID
    var view: View
  }

  private struct Speaker {
    var server: ServerIndex
    var incarnation: Incarnation
    var firstOp: Op?
    var digests: [Digest?] = []
  }

  private var indexes: [Key: Int] = [:]
  private var speakers: [Speaker] = []
  private var last: (key: Key, index: Int)?

  var viewCount: Int { speakers.count }

  /// Whether the sender is the only primary of the view so far.
  mutating func isSole(_ message: Message, view: View) -> Int? {
    let key = Key(epoch: message.epoch, view: view)
    let index: Int
    if let last, last.key == key {
      index = last.index
    } else if let known = indexes[key] {
      index = known
    } else {
      index = speakers.count
      indexes[key] = index
      speakers.append(Speaker(server: message.from, incarnation: message.incarnation))
    }
    last = (key, index)
    let isSame =
      speakers[index].server == message.from && speakers[index].incarnation == message.incarnation
    return isSame ? index : nil
  }

  /// Whether this is what the view's primary prepared as that op before, if it did.
  mutating func isSame(_ entry: LogEntry, speaker index: Int) -> Bool {
    let first = speakers[index].firstOp ?? entry.op
    speakers[index].firstOp = first
    guard entry.op >= first else { return true }
    let offset = Int(entry.op - first)
    while speakers[index].digests.count <= offset { speakers[index].digests.append(nil) }
    if let known = speakers[index].digests[offset] { return known == entry.digest }
    speakers[index].digests[offset] = entry.digest
    return true
  }
}

extension Checker {
  /// What a message says must be so, and must stay so.
  mutating func checkSending(_ message: Message, to: ServerIndex, by server: SimulatedServer, at time: UInt64)
  {
    guard violation == nil else { return }
    let index = server.index
    if message.from != index || message.incarnation != server.process!.replica.incarnation || to == index {
      return fail(.onlyMembersSpeak, index, time, "a message under a false name, or to itself")
    }
    switch message.payload {
    case .prepare(let prepare):
      promise(index, message, view: prepare.view, logView: prepare.view)
      checkPrepare(prepare, message, server, at: time)
    case .commit(let commit):
      promise(index, message, view: commit.view, logView: commit.view)
      checkPrimary(message, commit.view, server, at: time)
    case .startView(let start):
      promise(index, message, view: start.view, logView: start.view)
      checkPrimary(message, start.view, server, at: time)
    case .prepareOk(let ok): checkPrepareOk(ok, message, server, at: time)
    case .startViewChange(let change):
      if !change.isVote { promise(index, message, view: change.view, logView: 0) }
      checkMember(message, server, at: time)
    case .doViewChange(let change):
      promise(index, message, view: change.view, logView: change.logView)
      watched[index].promise.changed = (message.epoch, change.view)
      checkMember(message, server, at: time)
    case .probeReply, .leave: checkMember(message, server, at: time)
    case .agree: watched[index].promise.frozenIn = message.epoch
    case .ping, .pong, .getState, .newState, .getSnapshot, .snapshotChunk, .probe, .forward, .forwardOk,
      .moved,
      .propose,
      .announce, .belowQuorum, .relayReads, .relayWrites, .relayed:
      break
    }
  }

  private mutating func promise(_ index: ServerIndex, _ message: Message, view: View, logView: View) {
    if message.epoch.number > watched[index].promise.epoch {
      watched[index].promise.epoch = message.epoch.number
      watched[index].promise.view = view
      watched[index].promise.logView = logView
    } else if message.epoch.number == watched[index].promise.epoch {
      watched[index].promise.view = max(watched[index].promise.view, view)
      watched[index].promise.logView = max(watched[index].promise.logView, logView)
    }
  }

  private mutating func checkMember(_ message: Message, _ server: SimulatedServer, at time: UInt64) {
    let (epoch, isMember) = server.process!.look { ($0.epoch.id, $0.isMember) }
    guard epoch == message.epoch else { return }
    if !isMember {
      fail(.onlyMembersSpeak, server.index, time, "one that is no member sends \(describe(message))")
    }
    checkFrozen(message, server, at: time)
  }

  private mutating func checkFrozen(_ message: Message, _ server: SimulatedServer, at time: UInt64) {
    if let frozen = watched[server.index].promise.frozenIn, message.epoch.number <= frozen.number {
      fail(.frozenIsSilent, server.index, time, "agreed to a formation, then sends \(describe(message))")
    }
  }

  private mutating func checkPrimary(
    _ message: Message, _ view: View, _ server: SimulatedServer, at time: UInt64
  ) {
    checkMember(message, server, at: time)
    guard violation == nil, speakers.isSole(message, view: view) == nil else { return }
    fail(.onePrimary, server.index, time, "a second primary of view \(view): \(describe(message))")
  }

  private mutating func checkPrepare(
    _ prepare: Prepare, _ message: Message, _ server: SimulatedServer, at time: UInt64
  ) {
    checkPrimary(message, prepare.view, server, at: time)
    guard violation == nil, let index = speakers.isSole(message, view: prepare.view) else { return }
    guard speakers.isSame(prepare.entry, speaker: index) else {
      return fail(
        .oneOpPrepared, server.index, time, "another op \(prepare.entry.op) in view \(prepare.view)")
    }
    let parent = prepare.entry.op > 1 ? server.process!.replica.log[prepare.entry.op - 1] : nil
    if let started = parent?.epochStarted, started.id.number > message.epoch.number {
      fail(.nothingAfterStopSign, server.index, time, "op \(prepare.entry.op) follows the epoch's end")
    }
    guard let started = prepare.entry.epochStarted else { return }
    epochs.note(started)
    if prepare.entry.kind == .stopSign, let before = server.process?.look({ $0.epoch }),
      before.id == message.epoch
    {
      checkChange(from: before.configuration, to: started.configuration, server, at: time)
    }
  }

  /// A stop-sign changes the life of at most one server.
  private mutating func checkChange(
    from old: Configuration, to new: Configuration, _ server: SimulatedServer, at time: UInt64
  ) {
    let changed = (0..<serversMax).filter {
      old.member(at: $0)?.incarnation != new.member(at: $0)?.incarnation
    }
    if changed.count > 1 {
      fail(.oneChangeAtATime, server.index, time, "a stop-sign changes servers \(changed)")
    }
  }

  /// Acknowledged by a member: on disk, and to be held until a later view replaces it.
  private mutating func checkPrepareOk(
    _ ok: PrepareOk, _ message: Message, _ server: SimulatedServer, at time: UInt64
  ) {
    let index = server.index
    guard server.process!.replica.epoch.configuration.contains(index, message.incarnation),
      server.process!.replica.epoch.id == message.epoch
    else { return }
    checkFrozen(message, server, at: time)
    if let changed = watched[index].promise.changed, changed.epoch == message.epoch, ok.view < changed.view {
      return fail(.noAckAfterVote, index, time, "acks in view \(ok.view) after its log for \(changed.view)")
    }
    promise(index, message, view: ok.view, logView: ok.view)
    if let acked = watched[index].promise.acked, acked.epoch == message.epoch, acked.view == ok.view,
      acked.op > ok.op
    {
      return
    }
    watched[index].promise.acked = Promise.Acked(
      epoch: message.epoch, view: ok.view, op: ok.op, digest: ok.digest)
  }

  /// What was acknowledged is still there, unless a later view has replaced it.
  mutating func checkHeld(_ server: SimulatedServer, at time: UInt64) {
    guard let acked = watched[server.index].promise.acked, acked.epoch == server.process!.replica.epoch.id,
      acked.view == server.process!.replica.logView
    else { return }
    let head = server.process!.replica.log.head
    if acked.op > head {
      return fail(.ackedIsHeld, server.index, time, "acked op \(acked.op), holds \(head)")
    }
    if let digest = server.process!.replica.log.digest(at: acked.op), digest != acked.digest {
      fail(.ackedIsHeld, server.index, time, "acked another op \(acked.op)")
    }
  }
}
