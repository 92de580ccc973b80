import Bytes

// Epochs. A configuration change is one op, a stop-sign, committed by the old quorum; nothing follows it in its
// epoch, and the new epoch starts from it in view 0. Views never carry over.
extension Replica {
  /// Enters the epoch that starts with an op just executed, or with the snapshot just adopted.
  mutating func enterEpoch(_ next: Epoch) {
    let carriesOver = !options.holds(.viewsNeverCarryOver)
    tenures.change(from: epoch.configuration, to: next.configuration, at: now, options)
    epoch = next
    view = carriesOver ? view + 1 : 0
    logView = carriesOver ? view : 0
    counters.epochs += 1
    formation.enter(next)
    status = isMember ? .normal : .viewChange
    leaveView()
    learnOfMembers()
    recordState()
    guard isNormalPrimary else { return acknowledge() }
    becomePrimary()
    prepareFirst()
  }

  /// Primary, now and then: changes the configuration where there is reason to. One change at a time, and only once
  /// the last one is finished.
  mutating func tickConfiguration() {
    guard isNormalPrimary, now >= primary.headSeenAt + options.heartbeatTicks else { return }
    defer {
      primary.headSeen = log.head
      primary.headSeenAt = now
    }
    guard mayChangeConfiguration else { return }
    if formation.lossAcknowledged == epoch.start.lineage, epoch.start.isLossPossible {
      return prepareStopSign(epoch.configuration, firstPrimary: server, isLossPossible: false)
    }
    if let next = nextConfiguration() { prepareStopSign(next, firstPrimary: server) }
  }

  /// One change at a time, and only once the last one is finished.
  var mayChangeConfiguration: Bool {
    isNormalPrimary && isLastChangeFinished && !isStopSignPending && !primary.isAbdicating
  }

  /// What is to come next, in order of preference: a life that ended gives its place to the next one of its server;
  /// who is gone leaves; who is back returns. A vote that nobody can cast is worth less than none, so the gone
  /// leave before others return.
  private func nextConfiguration() -> Configuration? {
    for member in epoch.configuration.members where isDead(member) {
      guard let next = incarnationToAdd(at: member.server), hasCaughtUp(member.server) else { continue }
      return epoch.configuration.replacing(member.server, by: next, heavy: server)
    }
    return configurationAfterEviction() ?? configurationAfterReturn() ?? configurationWithThisHeavy()
  }

  /// `firstPrimary`: of the epoch to come; this server unless it leaves.
  mutating func prepareStopSign(_ configuration: Configuration, firstPrimary: ServerIndex) {
    let isLossPossible = epoch.start.isLossPossible && options.holds(.lossStaysTold)
    prepareStopSign(configuration, firstPrimary: firstPrimary, isLossPossible: isLossPossible)
  }

  private mutating func prepareStopSign(
    _ configuration: Configuration, firstPrimary: ServerIndex, isLossPossible: Bool
  ) {
    let start = EpochStart(
      number: epoch.id.number + 1, configuration: configuration, firstPrimary: firstPrimary,
      lineage: epoch.start.lineage, isLossPossible: isLossPossible)
    prepare(.stopSign, body: start.body)
    if !options.holds(.enterEpochOnlyWhenCommitted) { raiseCommit(to: log.head) }
  }

  /// An operator has acknowledged, here or at another server, that this lineage may lack something. The word is
  /// passed on until the primary has committed an epoch that says so.
  mutating func acknowledgeLoss(of lineage: UInt64) {
    guard isBorn, epoch.start.isLossPossible, epoch.start.lineage == lineage else { return }
    formation.lossAcknowledged = lineage
  }

  /// The epoch claims to survive a failure only once an op of its own has committed.
  var isLastChangeFinished: Bool {
    commit > epoch.startOp || (epoch.isBorn && commit == epoch.startOp)
  }

  private func incarnationToAdd(at other: ServerIndex) -> Incarnation? {
    guard let current = peers[other].incarnation, !peers[other].isDead(current) else { return nil }
    guard let member = epoch.configuration.member(at: other) else { return current }
    return member.incarnation != current && isDead(member) ? current : nil
  }

  private func hasCaughtUp(_ other: ServerIndex) -> Bool {
    guard let learned = primary.learned[other], !isSuspected(other), !isLeaving(other) else { return false }
    return now <= learned.at + 2 * options.heartbeatTicks && learned.op >= primary.headSeen
  }
}

// MARK: - Growing

extension Replica {
  /// With one server more that is no member, is in contact and has caught up. Two at once could take the quorum away
  /// from those who had it, should both go again.
  private func configurationAfterReturn() -> Configuration? {
    var next: Configuration?
    for other in others where epoch.configuration.member(at: other) == nil {
      guard let life = incarnationToAdd(at: other), hasCaughtUp(other), mayReturn(other) else { continue }
      next = (next ?? epoch.configuration).replacing(other, by: life, heavy: server)
      if options.holds(.oneChangeAtATime) { return next }
    }
    return next
  }

  private func mayReturn(_ other: ServerIndex) -> Bool {
    tenures.mayReturn(other, at: now) || !options.holds(.returnsAreDelayed)
  }
}

// MARK: - Shrinking

extension Replica {
  /// On every tick: since when each server has been suspected. One that lacks contact with a quorum learns nothing of
  /// the others: it may be the one that is cut off.
  mutating func noteSuspicions() {
    let isBlind = !hasQuorumContact && options.holds(.evictionIsAStopSign)
    for other in others {
      let member = epoch.configuration.member(at: other)
      let isSilent = if let member { isSuspected(member) } else { isSuspected(other) }
      peers[other].note(isSuspected: isSilent, isAnew: isBlind, at: now)
    }
  }

  private func isGone(_ member: Member) -> Bool {
    guard options.evictTicks > 0, member.server != server else { return false }
    guard let since = peers[member.server].suspectedSince else { return false }
    return isSuspected(member) && now >= since + options.evictTicks
  }

  /// Without one member that is gone, where the members in contact, which it is not, have the quorum.
  private func configurationAfterEviction() -> Configuration? {
    guard let gone = epoch.configuration.members.first(where: { isGone($0) }), hasQuorumContact else {
      return nil
    }
    guard isQuorumPresent else { return nil }
    return epoch.configuration.removing(gone.server, heavy: server)
  }

  /// Whether what this primary proposes now will be committed, as far as it can tell.
  var isQuorumPresent: Bool {
    let weight = epoch.configuration.weight { !isSuspected($0) && isInContact($0) }
    return weight >= epoch.configuration.quorum
  }

  /// A primary that has lasted weighs 2 where the number is even: of two it outlives the other, and that one's end
  /// costs it no view change.
  private func configurationWithThisHeavy() -> Configuration? {
    let next = epoch.configuration.withHeavy(server)
    guard next != epoch.configuration, now >= change.since + options.returnTicks, isQuorumPresent,
      options.holds(.primaryBecomesHeavy)
    else { return nil }
    return next
  }

  /// Only where the rule against it is removed: what would decide if those who are gone did not count.
  var configurationWithoutTheGone: Configuration {
    let lives = epoch.configuration.members.filter { !isGone($0) }.map { ($0.server, $0.incarnation) }
    return Configuration(incarnations: lives, heavy: server)
  }
}
