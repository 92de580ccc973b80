import Bytes

// Normal operation (section 4.1): the primary orders, the backups log and acknowledge, all execute.

// MARK: - Primary

extension Replica {
  /// Enters normal status as primary of `view`, whose log ends at the head.
  mutating func becomePrimary() {
    let acked = primary.acked
    primary = PrimaryState()
    if !options.holds(.inheritedOpsNeedNewAcks) { primary.acked = acked }
    primary.startOp = log.head
    primary.heartbeatAt = now
    primary.progressAt = now
    primary.contactAt = now
    primary.commitTold = commit
  }

  /// The first op of a view decides what was forwarded before, and what it inherits. View after view without a
  /// commit, it waits until there is room. Where `StartView` is about to carry it, it is not told beside.
  mutating func prepareFirst(isTold: Bool = true) {
    guard isNormalPrimary, !primary.hasPrepared, log.head < commit + 2 * Bounds.pipelineMax,
      !isStopSignPending
    else { return }
    prepare(.noop, body: [], isTold: isTold)
  }

  var isStopSignPending: Bool {
    guard options.holds(.nothingAfterStopSign) else { return false }
    var op = log.head
    while op > commit {
      if log[op]?.kind == .stopSign { return true }
      op -= 1
    }
    return false
  }

  private var hasRoomInPipeline: Bool {
    log.head < commit + Bounds.pipelineMax && !isStopSignPending && !primary.isAbdicating
      && log.bytes < Bounds.logBytesMax && hasQuorumInSight
  }

  mutating func prepareWaiting() {
    prepareFirst()
    while isNormalPrimary, !primary.queue.isEmpty || waiting.hasUnhanded, hasRoomInPipeline {
      prepare(.requests, body: takeBatch())
    }
  }

  /// What waits, forwarded or own, as one op's body.
  private mutating func takeBatch() -> [UInt8] {
    var body: [UInt8] = []
    var groups = 0
    var taken = 0
    while taken < primary.queue.count, groups < Bounds.batchGroupsMax, body.count < Bounds.batchBytesMax {
      primary.queue[taken].group.put(into: &body)
      taken += 1
      groups += 1
    }
    primary.queue.removeFirst(taken)
    for index in waiting.all.indices where waiting.isReady(waiting.all[index]) {
      guard groups < Bounds.batchGroupsMax, body.count < Bounds.batchBytesMax else { break }
      waiting.hand(index, WaitingGroups.Handed(epoch: epoch.id, view: view, sequence: nil, at: now))
      waiting.all[index].group.put(into: &body)
      groups += 1
    }
    return body
  }

  mutating func prepare(_ kind: LogEntry.Kind, body: [UInt8], isTold: Bool = true) {
    precondition(isNormalPrimary)
    let parent = log.headDigest
    let entry = LogEntry(op: log.head + 1, view: view, kind: kind, body: body, parent: parent)
    append(entry)
    primary.hasPrepared = true
    if isTold { broadcast(.prepare(Prepare(view: view, commit: commit, parent: parent, entry: entry))) }
    primary.heartbeatAt = now
    primary.commitTold = commit
  }

  mutating func onPrepareOk(_ ok: PrepareOk, from message: Message) {
    guard isNormalPrimary, ok.view == view, log.digest(at: ok.op) == ok.digest else { return }
    if isMember(message) || !options.holds(.onlyMembersAck) {
      primary.acked[message.from] = max(primary.acked[message.from], ok.op)
    } else {
      primary.learned[message.from] = (ok.op, now)
    }
  }

  /// Through which op `member` is known to hold the log of this view on disk.
  private func acked(_ member: Member) -> Op {
    guard member.server == server else { return primary.acked[member.server] }
    guard options.holds(.ackOnlyWhatIsSynced) else { return log.head }
    // Its own word is none of this view while a crash would take it back to an older one.
    if options.holds(.viewIsSyncedBeforeItsMessages), !outbox.isStateSynced { return 0 }
    return outbox.durableOp
  }

  private func isDecided(_ op: Op) -> Bool {
    let configuration =
      options.holds(.evictionIsAStopSign) ? epoch.configuration : configurationWithoutTheGone
    guard configuration.weight(where: { acked($0) >= op }) >= configuration.quorum else { return false }
    guard configuration.hasSoleQuorum, options.holds(.soleQuorumWaitsForUnsuspected) else { return true }
    // One that is heard and does not hear would be waited for without end.
    return configuration.members.allSatisfy { acked($0) >= op || isSuspected($0) || !isInContact($0) }
  }

  /// The first record of a born epoch is acknowledged by all who may still act in it before anything is. Who has
  /// spoken as a member of the epoch has it on disk, in whatever view that was.
  private var isBirthAcked: Bool {
    guard epoch.isBorn, commit < epoch.startOp, options.holds(.birthIsAckedByAll) else { return true }
    return epoch.configuration.members.allSatisfy {
      acked($0) >= epoch.startOp || formation.entered.contains($0.server) || isDead($0)
    }
  }

  mutating func advanceCommit() {
    guard isNormalPrimary, log.head > commit, isBirthAcked else { return }
    var decided = commit
    while decided < log.head, isDecided(decided + 1) { decided += 1 }
    guard decided > commit else { return }
    tellCommit(of: decided)
  }

  /// Raises the commit number and tells those who wait for it: the servers whose clients wrote or may wait to
  /// read, unless a prepare is about to tell all; everybody of a stop-sign, since the epoch ends with it.
  private mutating func tellCommit(of decided: Op) {
    let before = commit
    let endsEpoch = log.entries(in: before + 1...decided).contains { $0.kind == .stopSign }
    var waiters = serversWaiting(for: before + 1...decided)
    // Who handed writes to an earlier primary waits for the first op of the view.
    let decidesForwards = before <= primary.startOp && decided > primary.startOp
    waiters.bits |= primary.readers.bits
    primary.readers = ServerMask()
    if endsEpoch {
      broadcast(.commit(Commit(view: view, commit: decided, head: log.head)))
      return raiseCommit(to: decided)
    }
    raiseCommit(to: decided)
    prepareWaiting()
    guard primary.commitTold < commit else { return }
    for other in others where decidesForwards || waiters.contains(other) {
      send(.commit(Commit(view: view, commit: commit, head: log.head)), to: other)
    }
  }

  private func serversWaiting(for range: ClosedRange<Op>) -> ServerMask {
    var servers = ServerMask()
    for entry in log.entries(in: range) {
      entry.forEachGroup { group in
        guard group.session != session else { return }
        for other in others where peers[other].session == group.session { servers.insert(other) }
      }
    }
    return servers
  }

  /// A sign of life, and the commit number, after a while without a prepare.
  mutating func beat() {
    guard isNormalPrimary, !primary.isAbdicating, now >= primary.heartbeatAt + options.heartbeatTicks else {
      return
    }
    broadcast(.commit(Commit(view: view, commit: commit, head: log.head)))
    primary.heartbeatAt = now
    primary.commitTold = commit
  }
}

// MARK: - Backup

extension Replica {
  mutating func onPrepare(_ prepare: Prepare, from message: Message) {
    guard followsPrimary(view: prepare.view, message) else { return acknowledgeAfterVote(prepare, message) }
    raiseCommit(to: prepare.commit)
    if prepare.entry.op == log.head + 1, prepare.parent == log.headDigest {
      append(prepare.entry)
    } else if prepare.entry.op > log.head {
      return requestState(of: message.from)
    }
    acknowledge()
    peers[message.from].commit = prepare.commit
    raiseCommit(to: prepare.commit)
  }

  /// Only where the rule against it is removed: logs and acknowledges what an older view's primary prepared.
  private mutating func acknowledgeAfterVote(_ prepare: Prepare, _ message: Message) {
    guard !options.holds(.noAckAfterVote), isMember, status == .viewChange, prepare.view == logView,
      prepare.view < view, prepare.parent == log.headDigest
    else { return }
    append(prepare.entry)
    let ok = PrepareOk(view: prepare.view, op: log.head, digest: log.headDigest)
    send(.prepareOk(ok), to: message.from, after: outbox.position)
  }

  mutating func onCommit(_ message: Commit, from header: Message) {
    guard followsPrimary(view: message.view, header) else { return }
    if message.head > log.head {
      requestState(of: header.from)
    } else if !isMember || message.commit < message.head {
      acknowledge()
    }
    peers[header.from].commit = message.commit
    raiseCommit(to: message.commit)
  }

  /// Whether this comes from the primary of the view that this replica follows. Of a newer view it asks to be
  /// let in: a view is never entered sideways.
  private mutating func followsPrimary(view theirs: View, _ message: Message) -> Bool {
    if theirs > view, !options.holds(.enterViewsOnlyByInvitation), isMember {
      view = theirs
      logView = theirs
      status = .normal
      recordState()
    }
    if theirs > view || (theirs == view && status != .normal) { requestState(of: message.from) }
    guard isNormal, theirs == view, message.from == primaryOfView, isMember(message) else { return false }
    change.primaryHeardAt = now
    change.isPrimarySuspected = false
    return true
  }

  /// The whole log is on disk, or will be when this leaves. From a learner it only says how far that is.
  mutating func acknowledge() {
    guard isNormal, let primaryServer = primaryOfView, primaryServer != server else { return }
    let ok = PrepareOk(view: view, op: log.head, digest: log.headDigest)
    send(.prepareOk(ok), to: primaryServer, after: options.holds(.ackOnlyWhatIsSynced) ? outbox.position : 0)
  }
}
