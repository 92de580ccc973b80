import Bytes

// State transfer (section 5.2), corrected: nothing is cut and no view adopted before the replacement is in hand.
//
// What is committed may be learned from any server in any status: it extends the own commit number, whose digest
// both sides know. A view is entered only with its whole log from a server that is normal in it.

// MARK: - Asking

extension Replica {
  /// Asks `other`, at most once in a while.
  mutating func requestState(of other: ServerIndex) {
    guard other != server else { return }
    if let askedAt = peers[other].askedAt, now < askedAt + options.transferTicks { return }
    peers[other].askedAt = now
    let request = GetState(
      view: view, isNormal: isNormal, head: log.head, headDigest: log.headDigest,
      commit: commit, commitDigest: log.digest(at: commit) ?? .zero)
    send(.getState(request), to: other)
  }

  /// Asks one server after another.
  mutating func requestStateOfAny() {
    if let askedAt = transfer.askedAnyAt, now < askedAt + options.transferTicks { return }
    transfer.askedAnyAt = now
    for step in 1..<max(serverCount, 2) {
      let other = (transfer.lastAsked + step) % serverCount
      guard other != server, peers[other].incarnation != nil else { continue }
      transfer.lastAsked = other
      return requestState(of: other)
    }
  }

  /// A replica that is not in normal operation looks for somebody who is.
  mutating func tickTransfer() {
    if isBorn, status == .viewChange, !isMember || logView == view { requestStateOfAny() }
    guard let incoming = transfer.incoming, now >= incoming.askedAt + options.transferTicks else { return }
    if incoming.op <= commit { abandonIncoming() } else { requestSnapshotPart() }
  }

  /// Somebody speaks of a newer epoch, or of any while this replica knows none.
  mutating func hearOfEpoch(_ id: EpochID, from other: ServerIndex) {
    if id.number > formation.epochHeard {
      formation.epochHeard = id.number
      recordState()
    }
    if id.number > epoch.id.number { requestState(of: other) }
  }

  mutating func tellMoved(_ other: ServerIndex) {
    if let movedAt = peers[other].movedAt, now < movedAt + options.transferTicks { return }
    peers[other].movedAt = now
    send(.moved, to: other)
  }
}

// MARK: - Answering

extension Replica {
  mutating func onGetState(_ request: GetState, from message: Message) {
    if !options.holds(.transferInAnyStatus), !isNormal { return }
    let other = message.from
    let isOfView = isNormal && message.epoch == epoch.id && request.view == view
    if isOfView, request.isNormal, log.digest(at: request.head) == request.headDigest {
      return sendState(after: request.head, through: log.head, isOfView: true, to: other)
    }
    guard log.digest(at: request.commit) == request.commitDigest else {
      return sendSnapshotPart(to: other, offset: 0)
    }
    let canEnter = isNormal && log.head - min(log.head, request.commit) <= 2 * Bounds.pipelineMax
    let last = canEnter ? log.head : commit
    if last > request.commit || canEnter {
      sendState(after: request.commit, through: last, isOfView: false, to: other)
    }
  }

  /// Sends as much as fits a message, or the whole tail that may be uncommitted.
  private mutating func sendState(after op: Op, through last: Op, isOfView: Bool, to other: ServerIndex) {
    var bytes = 0
    var through = op
    for entry in log.entries(in: op + 1...max(last, op + 1)) where entry.op <= last {
      bytes += entry.weightInBytes
      let isTail = entry.op > commit
      guard isTail || (bytes <= Bounds.transferBytesMax && entry.op - op <= Bounds.transferOpsMax) else {
        break
      }
      through = entry.op
    }
    guard let segment = log.segment(after: op, through: through) else { return }
    let isWhole = isNormal && through == log.head
    let state = NewState(
      view: view, isWhole: isWhole, isOfView: isOfView, commit: min(commit, through), segment: segment)
    send(.newState(state), to: other)
  }
}

// MARK: - Taking in

extension Replica {
  mutating func onNewState(_ state: NewState, from message: Message) {
    guard !isFrozen || message.epoch.number > epoch.id.number else { return }
    guard options.holds(.transferCutsNothing) else { return takeStateCarelessly(state, from: message) }
    guard log.connects(to: state.segment) else { return }
    let before = (commit: commit, head: log.head)
    let isSameView = message.epoch == epoch.id && state.view == view && isNormal
    if state.isOfView, isSameView, !isNormalPrimary {
      extend(with: state.segment)
      acknowledge()
      raiseCommit(to: state.commit)
    } else {
      takeCommitted(state.segment, through: min(state.commit, state.segment.head))
      if state.isWhole, message.epoch == epoch.id, log.connects(to: state.segment) {
        enter(state.view, log: state.segment, commit: state.commit, from: message.from)
      }
    }
    // Where this brought something and there is more, the rest is asked for at once.
    let isMore = !state.isWhole || status != .normal || message.epoch.number > epoch.id.number
    if isMore, (commit, log.head) != before {
      peers[message.from].askedAt = nil
      requestState(of: message.from)
    }
  }

  /// The paper's state transfer: the log is cut to the commit number, and the view taken over, at once.
  private mutating func takeStateCarelessly(_ state: NewState, from message: Message) {
    guard message.epoch == epoch.id, state.view > view else { return }
    install([], after: commit)
    view = state.view
    logView = state.view
    status = .normal
    leaveView()
    recordState()
    if log.connects(to: state.segment) { extend(with: state.segment) }
    raiseCommit(to: state.commit)
  }

  /// Takes what is committed, one epoch after another.
  mutating func takeCommitted(_ segment: LogSegment, through last: Op) {
    guard last > commit else { return }
    var after = segment.after
    var digest = segment.digest
    var run: [LogEntry] = []
    for entry in segment.entries where entry.op <= last {
      run.append(entry)
      guard entry.epochStarted != nil || entry.op == last else { continue }
      takeRun(LogSegment(after: after, digest: digest, entries: run))
      (after, digest, run) = (entry.op, entry.digest, [])
    }
  }

  /// A run of committed entries, all prepared in this replica's epoch but perhaps a birth at its end. If they are
  /// of a later view than the own log, then the own log becomes that view's, as far as they go.
  private mutating func takeRun(_ run: LogSegment) {
    guard run.head > commit, log.connects(to: run), let last = run.entries.last else { return }
    let kept = log.agreement(with: run)
    if kept < run.head {
      // Of another lineage: a snapshot will replace this one.
      guard kept >= commit else { return }
      giveWay(to: last, isOverruled: kept < log.head)
      install(run.entries.filter { $0.op > kept }, after: kept)
    }
    raiseCommit(to: run.head)
  }

  /// Committed entries, the last of them `last`, take the place of own ones, or follow them. Of a later view: the
  /// log becomes that view's. Where own ones are overruled, their view is over, and this replica not normal in it.
  private mutating func giveWay(to last: LogEntry, isOverruled: Bool) {
    let isLater = last.kind != .birth && last.op > epoch.startOp && last.view > logView
    let leaves = status == .normal ? isLater || isOverruled : isLater && last.view > view
    if isLater {
      logView = last.view
      view = max(view, last.view)
    }
    guard leaves else { return }
    status = .viewChange
    leaveView()
  }
}
