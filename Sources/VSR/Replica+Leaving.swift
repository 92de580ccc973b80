// A process that is about to end leaves behind who can go on without it. Where its absence takes the quorum from the
// others, those who do not count any more give up their votes first, and one of those who stay becomes the heavy one:
// stop-signs, as ever, so that what is acknowledged stays acknowledged down to the last server.

/// What a process knows of its own end.
struct LeavingState: Sendable {
  /// When it was told to end, and the last nonce that it had sent by then.
  var since: Tick?
  var nonce: UInt64 = 0
  /// When the others were told so last.
  var toldAt: Tick?
}

// MARK: - Who leaves, who stays

extension Replica {
  /// Whether this process was told to end, and not so long ago that it has given up to leave well.
  package var isLeaving: Bool { leaving.since.map { now < $0 + options.leaveTicks } ?? false }

  /// Whether the others could not go on if this process ended now, as far as it knows, and may soon be able to.
  package var mustLeave: Bool {
    isLeaving && isBorn && !isFrozen && isMember && !isRestAQuorum
      && epoch.configuration.members.contains { seemsToStay($0) }
  }

  /// Whether a member is there, and does not say that it is about to end. One that leaves has no time to suspect
  /// anybody: it believes only in those who answered after it was told to.
  private func stays(_ member: Member) -> Bool {
    if member.server == server { return !isLeaving }
    let isFresh =
      !isLeaving || !options.holds(.leaverBelievesAnswers)
      || peers[member.server].answeredNonce > leaving.nonce
    return isFresh && seemsToStay(member)
  }

  private func seemsToStay(_ member: Member) -> Bool {
    member.server != server && !isSuspected(member) && isInContact(member) && !isLeaving(member.server)
  }

  /// It says so again and again, until it is gone or has given up.
  func isLeaving(_ other: ServerIndex) -> Bool {
    peers[other].leavingAt.map { now < $0 + 4 * options.voteTicks } ?? false
  }

  /// Whether this server, or one that told it so, is about to end.
  package var isSomebodyLeaving: Bool { isLeaving || others.contains { isLeaving($0) } }

  /// Whether those who stay decide.
  private var isRestAQuorum: Bool {
    guard options.holds(.leaverLeavesAQuorum) else { return true }
    return epoch.configuration.weight(where: stays) >= epoch.configuration.quorum
  }

  /// Who is to be primary when those who leave have gone: this server, if it stays; else who holds most of the log.
  private var heir: ServerIndex? {
    var best: ServerIndex?
    for member in epoch.configuration.members where stays(member) {
      if member.server == server { return server }
      if best == nil || primary.acked[member.server] > primary.acked[best!] { best = member.server }
    }
    return best
  }
}

// MARK: - Leaving

extension Replica {
  mutating func onHandOver() {
    guard options.leaveTicks > 0 else {
      if isNormalPrimary, epoch.configuration.members.count > 1 { abdicate() }
      return
    }
    if !isLeaving {
      leaving = LeavingState(since: now, nonce: noncesSent)
      for other in others { ping(other) }
    }
    tickLeaving()
  }

  mutating func onLeave(from message: Message) {
    peers[message.from].leavingAt = now
    makeRoomForLeavers()
  }

  /// On every tick: says again that this process is about to end; the primary acts on it.
  mutating func tickLeaving() {
    guard isBorn, !isFrozen, isMember else { return }
    if isLeaving, leaving.toldAt.map({ now >= $0 + options.voteTicks }) ?? true {
      leaving.toldAt = now
      sendToMembers(.leave)
    }
    makeRoomForLeavers()
  }

  /// Primary: one change after another until those who stay are a quorum; then it makes way itself, if it leaves.
  mutating func makeRoomForLeavers() {
    guard isNormalPrimary, !primary.isAbdicating, isSomebodyLeaving, let heir else { return }
    if isRestAQuorum {
      if isLeaving { abdicate() }
    } else if mayChangeConfiguration, let next = configurationForTheRest(heir) {
      prepareStopSign(next, firstPrimary: heir)
    }
  }

  /// Where another heavy member is enough, nobody loses a vote: who comes back soon is a member still. Otherwise the
  /// votes of the gone go first, one at a time, and those of the leaving next.
  private func configurationForTheRest(_ heir: ServerIndex) -> Configuration? {
    let members = epoch.configuration.members
    // Whose answer is still on its way is not gone.
    let areAnswersIn = members.allSatisfy { stays($0) || !seemsToStay($0) }
    guard isQuorumPresent, areAnswersIn || !options.holds(.lateIsNotGone) else { return nil }
    let reweighed = epoch.configuration.withHeavy(heir)
    if reweighed.weight(where: stays) >= reweighed.quorum { return reweighed }
    let gone = members.first { $0.server != server && !stays($0) && !isLeaving($0.server) }
    let absent = gone ?? members.first { !stays($0) }
    return absent.map { epoch.configuration.removing($0.server, heavy: heir) }
  }
}
