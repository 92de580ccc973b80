import Bytes

// Epochs. A configuration change is one op, a stop-sign, committed by the old quorum; nothing follows it in its
// epoch, and the new epoch starts from it in view 0. Views never carry over.
extension Replica {
  /// Enters the epoch that starts with an op just executed, or with the snapshot just adopted.
  mutating func enterEpoch(_ next: Epoch) {
    let carriesOver = !options.holds(.viewsNeverCarryOver)
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

  /// Primary, now and then: takes in one server whose current life is not a member, if the place it is to take
  /// is proven free and it has caught up. One at a time, and only once the last change is finished.
  mutating func tickConfiguration() {
    guard isNormalPrimary, now >= primary.headSeenAt + options.heartbeatTicks else { return }
    defer {
      primary.headSeen = log.head
      primary.headSeenAt = now
    }
    guard isLastChangeFinished, !isStopSignPending, !primary.isAbdicating else { return }
    if formation.lossAcknowledged == epoch.start.lineage, epoch.start.isLossPossible {
      return prepareStopSign(epoch.configuration, isLossPossible: false)
    }
    for other in others {
      guard let next = incarnationToAdd(at: other), hasCaughtUp(other) else { continue }
      let configuration = epoch.configuration.replacing(other, by: next, heavy: server)
      let isLossPossible = epoch.start.isLossPossible && options.holds(.lossStaysTold)
      return prepareStopSign(configuration, isLossPossible: isLossPossible)
    }
  }

  private mutating func prepareStopSign(_ configuration: Configuration, isLossPossible: Bool) {
    let start = EpochStart(
      number: epoch.id.number + 1, configuration: configuration, firstPrimary: server,
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
  private var isLastChangeFinished: Bool {
    commit > epoch.startOp || (epoch.isBorn && commit == epoch.startOp)
  }

  private func incarnationToAdd(at other: ServerIndex) -> Incarnation? {
    guard let current = peers[other].incarnation, !peers[other].isDead(current) else { return nil }
    guard let member = epoch.configuration.member(at: other) else { return current }
    return member.incarnation != current && isDead(member) ? current : nil
  }

  private func hasCaughtUp(_ other: ServerIndex) -> Bool {
    guard let learned = primary.learned[other] else { return false }
    return now <= learned.at + 2 * options.heartbeatTicks && learned.op >= primary.headSeen
  }
}
