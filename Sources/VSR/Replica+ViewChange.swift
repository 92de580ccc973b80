import Bytes

// View change (section 4.2), with votes before the view moves, and a next primary that reaches a quorum (after
// Omni-Paxos, EuroSys 2023).

// MARK: - Suspicion and votes

extension Replica {
  func isSuspected(_ member: Member) -> Bool {
    guard member.server != server else { return false }
    return isDead(member) || isSuspected(member.server)
  }

  /// The servers with which contact went both ways of late, this one included.
  var reach: ServerMask {
    var mask = ServerMask([server])
    for other in 0..<serverCount where isInContact(other) { mask.insert(other) }
    return mask
  }

  /// Whether this member would rather have another view.
  private var wantsViewChange: Bool {
    switch status {
    case .viewChange:
      // After a start there is a view to find again. If nobody is in it, none will come.
      let limit = logView == view ? options.voteTicks : options.viewChangeTicks
      return now >= change.since + limit || epoch.configuration.members.count == 1
    case .normal:
      return isNormalPrimary ? primary.isAbdicating : isPrimaryDoubted
    }
  }

  /// Whether another server, the primary of the view, seems to be gone, or makes way.
  var isPrimaryDoubted: Bool {
    guard let primaryServer = primaryOfView, let member = epoch.configuration.member(at: primaryServer)
    else {
      return false
    }
    return change.isPrimarySuspected || isDead(member)
      || now > change.primaryHeardAt + silenceTicks(of: primaryServer)
  }

  /// Whether its word counts in a view change.
  private var hasVote: Bool { isBorn && !isFrozen && (isMember || !options.holds(.onlyMembersVote)) }

  /// On every tick: votes while there is reason to; repeats what a lost message may have hidden.
  mutating func tickViewChange() {
    guard hasVote else { return }
    if wantsViewChange {
      if now >= (change.votedAt ?? 0) + options.voteTicks || change.votedAt == nil {
        vote()
      } else if change.decidedAt != nil {
        countVotes()
      }
    } else {
      change.votes[server] = nil
    }
    if status == .viewChange, now >= change.toldAt + options.voteTicks { tellViewChange() }
  }

  mutating func vote() {
    guard hasVote else { return }
    change.votedAt = now
    change.votes[server] = ViewChangeState.Vote(view: view, reach: reach, at: now)
    sendToMembers(.startViewChange(StartViewChange(view: view, isVote: true, reach: reach)))
    countVotes()
  }

  mutating func onStartViewChange(_ change: StartViewChange, from message: Message) {
    guard !isFrozen, isMember(message) || !options.holds(.onlyMembersVote) else { return }
    if change.view > view { return follow(to: change.view) }
    guard change.view == view else {
      if change.isVote || isNormal { tellMoved(message.from) }
      return
    }
    guard change.isVote else {
      if isNormalPrimary { sendStartView(to: message.from) }
      return
    }
    self.change.votes[message.from] = ViewChangeState.Vote(view: view, reach: change.reach, at: now)
    if message.from == primaryOfView, status == .normal {
      self.change.isPrimarySuspected = true
      if isMember, self.change.votes[server] == nil { return vote() }
    }
    countVotes()
  }

  /// Only votes of a quorum, all of late, move the view.
  private mutating func countVotes() {
    guard isMember else { return }
    let window = 3 * options.voteTicks
    let voters = ServerMask(
      (0..<serverCount).filter { change.votes[$0].map { $0.view == view && now <= $0.at + window } ?? false })
    let needed = options.holds(.oneVoteMovesNoView) ? epoch.configuration.quorum : 1
    var weight = epoch.configuration.weight(of: voters)
    if !options.holds(.onlyMembersVote) { weight = voters.count }
    guard weight >= needed else { return }
    if change.decidedAt == nil { change.decidedAt = now }
    if let next = nextView(among: voters) { transitionToViewChange(next) }
  }

  /// The next view whose owner, one of the voters, reaches a quorum; failing that, the next. An owner whose vote may be
  /// on its way is waited for until the next tick: those who have it already choose its view, and two views would be
  /// begun at once.
  private func nextView(among voters: ServerMask) -> View? {
    for step in 1...UInt64(epoch.configuration.members.count) {
      let owner = epoch.primary(of: view + step)
      guard owner != primaryOfView || epoch.configuration.members.count == 1 else { continue }
      if voters.contains(owner) {
        if let vote = change.votes[owner], epoch.configuration.isQuorum(vote.reach) { return view + step }
      } else if change.decidedAt == now, isInContact(owner), !isSuspected(owner) {
        return nil
      }
    }
    return view + 1
  }

  /// A member has raised the view, so a quorum voted for it: go with it. A primary that works stands for the
  /// next view that it owns, or the one that raised its view alone would be refused for ever. One that has only
  /// just been elected does not: two would outbid each other without end.
  private mutating func follow(to theirs: View) {
    var target = theirs
    if isNormalPrimary, !primary.isAbdicating, now >= change.since + options.voteTicks {
      while epoch.primary(of: target) != server { target += 1 }
    }
    transitionToViewChange(target)
  }
}

// MARK: - From view to view

extension Replica {
  mutating func transitionToViewChange(_ next: View) {
    precondition(next > view && isBorn)
    view = next
    status = .viewChange
    counters.viewChanges += 1
    leaveView()
    recordState()
    tellViewChange()
  }

  /// What belonged to the view or epoch that this replica leaves.
  mutating func leaveView() {
    if options.holds(.noAckAfterVote) { outbox.dropHeld() }
    primary.queue.removeAll()
    if !options.holds(.forwardOnceUntilDecided) { waiting.release { _ in true } }
    change = ViewChangeState()
    change.since = now
    change.primaryHeardAt = now
  }

  /// Tells the members that this replica waits for the view, and its primary what it brings.
  private mutating func tellViewChange() {
    guard hasVote else { return }
    change.toldAt = now
    // After a restart there is a view to find again, and nothing to bring.
    guard logView < view else { return requestStateOfAny() }
    sendToMembers(.startViewChange(StartViewChange(view: view, isVote: false, reach: reach)))
    guard let suffix = log.segment(after: commit, through: log.head), let owner = primaryOfView else {
      return
    }
    let message = DoViewChange(view: view, logView: logView, commit: commit, suffix: suffix)
    if owner == server {
      change.doViewChanges[server] = message
      startViewIfDecided()
    } else {
      send(.doViewChange(message), to: owner, after: outbox.position)
    }
  }

  mutating func onDoViewChange(_ message: DoViewChange, from header: Message) {
    guard !isFrozen, isMember, isMember(header) || !options.holds(.onlyMembersVote) else { return }
    if message.view > view { follow(to: message.view) }
    guard message.view == view, primaryOfView == server else { return }
    if status == .normal { return sendStartView(to: header.from) }
    guard logView < view else { return }
    change.doViewChanges[header.from] = message
    startViewIfDecided()
  }

  /// With word from a quorum the best log becomes the view's, once every body of it is in hand.
  mutating func startViewIfDecided() {
    guard status == .viewChange, primaryOfView == server, isMember, logView < view,
      let mine = log.segment(after: commit, through: log.head)
    else { return }
    change.doViewChanges[server] = DoViewChange(view: view, logView: logView, commit: commit, suffix: mine)
    let told = ServerMask((0..<serverCount).filter { change.doViewChanges[$0] != nil })
    guard epoch.configuration.isQuorum(told), let best = bestLog() else { return }
    let suffix = change.doViewChanges[best]!.suffix
    guard log.connects(to: suffix) || !options.holds(.installOnlyWhatConnects) else {
      return requestState(of: best)
    }
    let id = epoch.id
    let greatest = change.doViewChanges.compactMap { $0?.commit }.max() ?? commit
    replaceLog(with: suffix, logView: view)
    raiseCommit(to: greatest)
    guard epoch.id == id else { return }
    startView()
  }

  /// The server whose log is the greatest by (log view, op); this one where it is among them.
  private func bestLog() -> ServerIndex? {
    var best: (server: ServerIndex, rank: LogRank)?
    for step in -1..<serverCount {
      let candidate = step < 0 ? server : step
      guard let told = change.doViewChanges[candidate] else { continue }
      let logView = options.holds(.compareLogsByViewFirst) ? told.logView : 0
      let rank = LogRank(epoch: epoch.id.number, logView: logView, op: told.suffix.head)
      if best == nil || rank > best!.rank { best = (candidate, rank) }
    }
    return best?.server
  }

  private mutating func startView() {
    status = .normal
    change.primaryHeardAt = now
    becomePrimary()
    prepareFirst(isTold: false)
    for other in others { sendStartView(to: other) }
  }

  /// Only what is on disk may start a view.
  private mutating func sendStartView(to other: ServerIndex) {
    guard let suffix = log.segment(after: commit, through: log.head) else { return }
    send(
      .startView(StartView(view: view, commit: commit, suffix: suffix)), to: other,
      after: outbox.statePosition)
  }

  mutating func onStartView(_ message: StartView, from header: Message) {
    guard !isFrozen, header.from == epoch.primary(of: message.view), isMember(header) else { return }
    enter(message.view, log: message.suffix, commit: message.commit, from: header.from)
  }

  /// Enters `next` as its primary's backup with the log that the segment ends, if it connects; otherwise asks.
  /// A view that this log is already of is only gone on with: nothing of it is cut.
  mutating func enter(_ next: View, log segment: LogSegment, commit theirs: Op, from sender: ServerIndex) {
    let owner = epoch.primary(of: next)
    guard next > view || (next == view && status == .viewChange), owner != server else { return }
    if let member = epoch.configuration.member(at: owner), isDead(member),
      options.holds(.deadPrimarysViewIsNotEntered)
    {
      return
    }
    guard log.connects(to: segment) || !options.holds(.installOnlyWhatConnects) else {
      return requestState(of: sender)
    }
    let isResumed = logView == next && options.holds(.repeatedStartViewExtendsOnly)
    guard !isResumed || isSameLog(segment) else { return }
    view = next
    status = .normal
    leaveView()
    if isResumed {
      extend(with: segment)
      recordState()
    } else {
      replaceLog(with: segment, logView: next)
    }
    acknowledge()
    raiseCommit(to: theirs)
  }

  /// The log becomes the segment's, from where the two part; log and log view change together.
  mutating func replaceLog(with segment: LogSegment, logView next: View) {
    logView = next
    let kept = log.agreement(with: segment)
    install(segment.entries.filter { $0.op > kept }, after: kept)
  }

  /// Whether the segment and the log agree as far as both go.
  func isSameLog(_ segment: LogSegment) -> Bool {
    log.agreement(with: segment) >= min(log.head, segment.head)
  }

  /// Appends what the segment has beyond the head, if it is the same log.
  mutating func extend(with segment: LogSegment) {
    guard isSameLog(segment) else { return }
    for entry in segment.entries where entry.op == log.head + 1 { append(entry) }
  }
}

// MARK: - Abdication

extension Replica {
  /// A primary that cannot commit, or has lost sight of a quorum, makes way.
  mutating func tickPrimary() {
    guard isNormalPrimary, options.holds(.primaryThatCannotCommitAbdicates) else { return }
    if commit == log.head || commit != primary.progress { primary.progressAt = now }
    if epoch.configuration.isQuorum(reach) { primary.contactAt = now }
    primary.progress = commit
    // Commit may wait for a member until that is suspected, and one that is a quorum gains nothing by making way.
    let patience = max(options.stuckTicks, options.silenceTicksMax + options.voteTicks)
    let isStuck = now >= primary.progressAt + patience && !epoch.configuration.isQuorum(ServerMask([server]))
    if isStuck || now >= primary.contactAt + options.voteTicks, !primary.isAbdicating {
      abdicate()
    }
  }

  /// Votes against itself, so that the others need not wait for silence.
  mutating func abdicate() {
    primary.isAbdicating = true
    vote()
  }
}
