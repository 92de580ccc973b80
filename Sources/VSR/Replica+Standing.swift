// What a server can say of itself, and of the others as it sees them: for status, metrics and labels. Hints, but for
// `servesAlone`.
extension Replica {
  package enum Standing: UInt8, Sendable {
    case normal
    /// Between views; also a primary that makes way.
    case viewChange
    /// A learner, or one that looks for its view after a start.
    case catchingUp
    /// Too few members are in contact for anything to be decided.
    case quorumLost
    /// No epoch yet, or its first record is not yet known to all who must have it.
    case unborn
  }

  package var standing: Standing {
    guard isBorn else { return .unborn }
    guard !isFrozen, hasQuorumContact else { return .quorumLost }
    guard commit >= epoch.startOp else { return .unborn }
    guard isMember else { return .catchingUp }
    switch status {
    case .normal: return isNormalPrimary && primary.isAbdicating ? .viewChange : .normal
    case .viewChange: return logView == view ? .catchingUp : .viewChange
    }
  }

  /// Whether linearizable replies can be expected now.
  package var isServing: Bool {
    let standing = self.standing
    return standing == .normal || (standing == .catchingUp && status == .normal)
  }

  /// Whether the executed state is linearizable without a question to anybody: the only member decides alone, has
  /// executed all that it acknowledged, and is the first to execute what ends its epoch. After a start what it
  /// acknowledged before may still wait to be executed: the view must first have committed what it began with.
  package var servesAlone: Bool {
    epoch.configuration.members.count == 1 && isNormalPrimary && primary.hasPrepared
      && commit >= primary.startOp
  }

  /// Whether the process may end without anybody waiting for it: it is not primary, knows the view of whoever is, owes
  /// no answer, and the others can go on: what was changed for that is finished, or the last who knows of it would
  /// take that with it. Never so where nobody else can be primary: whoever waits for it needs a limit.
  package var isHandedOver: Bool {
    guard !waiting.isAwaited, reads.count == 0 else { return false }
    guard isBorn, !isFrozen else { return true }
    guard status == .normal, !isNormalPrimary, !mustLeave else { return false }
    return isLastChangeFinished || !options.holds(.leaverWaitsForTheRest)
  }

  /// When a quorum last confirmed that this server's state was the current one; nil: not since it started. For the
  /// age of an answer that proves nothing.
  package var confirmedAt: Tick? { confirmed }

  /// Whether members of a quorum, this server counted if it is one, are in two-way contact with it.
  package var hasQuorumContact: Bool {
    guard !epoch.configuration.members.isEmpty else { return false }
    let weight = epoch.configuration.weight { isInContact($0) }
    return weight >= epoch.configuration.quorum
  }

  /// Whether a primary may expect that what it prepares is acknowledged.
  var hasQuorumInSight: Bool {
    guard options.holds(.noLogWithoutQuorumInSight) else { return true }
    let weight = epoch.configuration.weight { isInContact($0) && !isSuspected($0.server) }
    return weight >= epoch.configuration.quorum
  }

  func isInContact(_ member: Member) -> Bool {
    guard member.server != server else { return member.incarnation == incarnation }
    return peers[member.server].incarnation == member.incarnation && isInContact(member.server)
  }

  /// Whether contact with the process at `other`, whatever its incarnation, went both ways of late.
  package func isInContact(_ other: ServerIndex) -> Bool {
    guard other != server else { return true }
    guard let answeredAt = peers[other].answeredAt, !peers[other].isReset else { return false }
    return now <= answeredAt + silenceTicks(of: other) + options.pingTicks
  }

  /// Whether the process at `other`, whatever its incarnation, is held for gone: silent, or its connection reset.
  package func isSuspected(_ other: ServerIndex) -> Bool {
    guard other != server else { return false }
    guard !peers[other].isReset, let heardAt = peers[other].heardAt else { return true }
    return now > heardAt + silenceTicks(of: other)
  }

  /// After how many ticks of silence `other` is suspected.
  package func silenceTicks(of other: ServerIndex) -> Tick { peers[other].silence.ticks(options) }

  /// Through which op `other` holds the log, as far as is known here: at the primary what it acknowledged in this
  /// view, elsewhere how far it last said to have committed.
  package func ackedOp(of other: ServerIndex) -> Op {
    guard other != server else { return log.head }
    guard isNormalPrimary else { return peers[other].commit }
    let isVoting = epoch.configuration.member(at: other).map { isMemberAlive($0) } ?? false
    return isVoting ? primary.acked[other] : primary.learned[other]?.op ?? 0
  }

  private func isMemberAlive(_ member: Member) -> Bool {
    peers[member.server].incarnation == member.incarnation
  }

  /// How many ops `other` is behind this server, as far as is known here.
  package func lag(of other: ServerIndex) -> Op {
    let mine = isNormalPrimary ? log.head : commit
    return mine - min(mine, ackedOp(of: other))
  }

  /// On every tick.
  mutating func noteConfirmation() {
    guard isNormal, isMember, hasQuorumContact, commit >= epoch.startOp else { return }
    if isNormalPrimary {
      let weight = epoch.configuration.weight {
        $0.server == server || (isInContact($0) && peers[$0.server].view == view)
      }
      if weight >= epoch.configuration.quorum, !primary.isAbdicating { confirmed = now }
    } else if now <= change.primaryHeardAt + 2 * options.heartbeatTicks {
      confirmed = now
    }
  }
}
