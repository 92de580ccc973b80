import Bytes

// Snapshots hold executed, hence committed, state and configuration only. The log is recycled behind them, and
// whoever needs what is no longer in a log gets a snapshot in parts.
extension Replica {
  /// Asks for a snapshot once enough of the log is behind the last, or where a lineage has none.
  mutating func takeSnapshot() {
    // Before its log is on disk, a crash would join the snapshot to the log of an older view.
    guard snapshots.pending == nil, mayReplaceJournal, outbox.isStateSynced, isSnapshotDue,
      let digest = log.digest(at: executed)
    else { return }
    let holdsExecuted = options.holds(.snapshotHoldsExecutedEpoch)
    let state = SnapshotState(
      op: executed, digest: digest, epoch: holdsExecuted ? execution.epoch : pendingEpoch,
      store: execution.store)
    snapshots.pending = (state, false)
    out.snapshot = state
  }

  private var isSnapshotDue: Bool {
    let behind = executed - min(executed, snapshots.saved?.op ?? 0)
    return behind >= options.snapshotOps || (behind > 0 && log.bytes >= options.snapshotBytes)
      || lacksSnapshotOfLineage
  }

  /// Whoever executed more of the lineage before than this one went on from has nothing in common with this log, and
  /// no snapshot of that lineage is news to it.
  private var lacksSnapshotOfLineage: Bool {
    let start = execution.epoch.start
    return start.isLossPossible && snapshots.saved?.epoch.start.lineage != start.lineage
  }

  /// The epoch of the last stop-sign, committed or not.
  private var pendingEpoch: Epoch {
    log.last?.epochStarted ?? execution.epoch
  }

  mutating func onSnapshotSaved(_ op: Op) {
    guard let pending = snapshots.pending, pending.state.op == op else { return }
    snapshots.save()
    if pending.isReceived { adopt(pending.state) }
    let retained = log.bytes < options.snapshotBytes ? options.retainedOps : 0
    log.recycle(through: op - min(op, retained))
    out.recycleThrough = log.base
  }

  /// What the start found kept beside the log has been recorded anew: the records before may be recycled.
  private var mayReplaceJournal: Bool { outbox.synced >= below.recordedAt }

  mutating func saveReceived() {
    guard snapshots.isSaveDue, mayReplaceJournal else { return }
    snapshots.isSaveDue = false
    out.snapshot = snapshots.pending?.state
  }

  /// Whether a snapshot says more than the own state, or comes of a lineage that has replaced the own.
  private func isNews(_ state: SnapshotState) -> Bool {
    let lineage = state.epoch.start.lineage
    let isOther = lineage > execution.epoch.start.lineage && log.digest(at: state.op) != state.digest
    guard state.op > commit || isOther else { return false }
    return lineage <= epoch.start.lineage || mayLeaveLineage
  }

  /// A lineage that goes on without this server is none that it gives its state up for: an operator may have given up
  /// servers that live. Its own is over where too few are left in it, or nobody else.
  private var mayLeaveLineage: Bool {
    guard isMember, !isFrozen else { return true }
    let staying = epoch.configuration.members.filter { !isDead($0) && !hasLeftLineage($0) }
    let weight = staying.reduce(0) { $0 + $1.weight }
    return weight < epoch.configuration.quorum || staying.count <= 1
  }

  private func hasLeftLineage(_ member: Member) -> Bool {
    let peer = peers[member.server]
    guard member.server != server, peer.incarnation == member.incarnation else { return false }
    return peer.epochNumber >= epoch.id.number + Bounds.rebirthLeap
  }

  /// A snapshot from another server, now on disk, takes the place of the log through its op.
  private mutating func adopt(_ state: SnapshotState) {
    guard isNews(state) else { return }
    counters.snapshotsInstalled += 1
    let isSameLog = log.digest(at: state.op) == state.digest && state.epoch.id.number <= epoch.id.number
    let tail = isSameLog && log.head > state.op ? Array(log.entries(in: state.op + 1...log.head)) : []
    // A primary has all that its own view committed: more than that, too, is a later view's.
    let isOverruled = log.digest(at: state.op) != nil || isNormalPrimary
    if !isSameLog, state.epoch.id == epoch.id, isOverruled { leaveOverruledView() }
    log = Log(base: state.op, digest: state.digest)
    commit = state.op
    snapshots.retire(execution.store)
    execution.adopt(state)
    install(tail, after: state.op)
    outbox.recordSnapshot(of: state.op)
    settleWaitingAfterSnapshot()
    endDecidedKept()
    if state.epoch.id.number > epoch.id.number { enterEpoch(state.epoch) }
    requestStateOfAny()
  }
}

extension Replica {
  /// Own ops, acknowledged perhaps, give way to committed ones, which are thus of a later view. Which one a snapshot
  /// does not say: the next is claimed, since every quorum has a member that knows better.
  private mutating func leaveOverruledView() {
    guard options.holds(.overruledViewIsLeft) else { return }
    logView += 1
    guard status == .normal || logView > view else { return }
    view = max(view, logView)
    status = .viewChange
    leaveView()
  }
}

// MARK: - Transfer

extension Replica {
  mutating func sendSnapshotPart(to other: ServerIndex, offset: UInt64) {
    guard let saved = snapshots.saved, let part = snapshots.part(at: offset, for: other) else { return }
    let chunk = SnapshotChunk(
      op: saved.op, digest: saved.digest, offset: offset, isLast: part.isLast, bytes: part.bytes)
    send(.snapshotChunk(chunk), to: other)
  }

  mutating func onGetSnapshot(_ request: GetSnapshot, from message: Message) {
    guard let saved = snapshots.saved else { return }
    let isSame = saved.op == request.op && saved.digest == request.digest
    sendSnapshotPart(to: message.from, offset: isSame ? request.offset : 0)
  }

  /// A bounded piece of what can wait: parts of a snapshot that others asked for, memory that is to be freed.
  mutating func workASlice() {
    snapshots.workASlice()
    for (server, offset) in snapshots.takeReady() { sendSnapshotPart(to: server, offset: offset) }
  }

  mutating func requestSnapshotPart() {
    guard let incoming = transfer.incoming else { return }
    // One that does not answer makes place for another, which begins anew.
    if now >= incoming.at + 8 * options.transferTicks {
      abandonIncoming()
      return requestStateOfAny()
    }
    let request = GetSnapshot(op: incoming.op, digest: incoming.digest, offset: incoming.offset)
    transfer.incoming?.askedAt = now
    send(.getSnapshot(request), to: incoming.from)
  }

  mutating func abandonIncoming() {
    guard let incoming = transfer.incoming else { return }
    transfer.incoming = nil
    snapshots.retire(incoming.decoder.partialStore)
  }

  mutating func onSnapshotChunk(_ chunk: SnapshotChunk, from message: Message) {
    guard !isFrozen || message.epoch.number > epoch.id.number, snapshots.pending?.isReceived != true else {
      return
    }
    guard chunk.op > commit || message.epoch.number > epoch.id.number else { return }
    if chunk.offset == 0, mayBegin(chunk, from: message.from) {
      abandonIncoming()
      transfer.incoming = TransferState.Incoming(
        op: chunk.op, digest: chunk.digest, from: message.from, at: now, hashKey: hashKey)
    }
    guard transfer.incoming?.awaits(chunk) == true else { return }
    guard transfer.incoming?.take(chunk, at: now) == true else { return abandonIncoming() }
    if chunk.isLast { finishIncoming() } else { requestSnapshotPart() }
  }

  /// A snapshot under way gives place only to a newer one of the server that sends it, or when that is silent:
  /// others offer theirs as well, again and again, and none of several would ever be whole.
  private func mayBegin(_ chunk: SnapshotChunk, from other: ServerIndex) -> Bool {
    guard let incoming = transfer.incoming else { return true }
    guard incoming.digest != chunk.digest else { return false }
    return incoming.from == other || now >= incoming.at + 8 * options.transferTicks
  }

  /// Whether an epoch that another server names could be one of these servers'.
  private func isPossible(_ epoch: Epoch) -> Bool {
    let members = epoch.configuration.members
    return !members.isEmpty && members.allSatisfy { $0.server < serverCount }
  }

  /// All parts are here: once on disk it is adopted. What does not decode is dropped and asked for anew.
  private mutating func finishIncoming() {
    guard let incoming = transfer.incoming else { return }
    guard snapshots.pending == nil, let state = try? incoming.decoder.finish(), state.op == incoming.op,
      state.digest == incoming.digest, isPossible(state.epoch), isNews(state)
    else {
      return abandonIncoming()
    }
    transfer.incoming = nil
    snapshots.pending = (state, true)
    snapshots.isSaveDue = true
    saveReceived()
  }
}
