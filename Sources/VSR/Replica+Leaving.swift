// A process that is about to end leaves behind who can go on without it. Where its absence takes the quorum from the
// others, those who do not count any more give up their votes first, and one of those who stay becomes the heavy one:
// stop-signs, as ever, so that what is acknowledged stays acknowledged down to the last server.

/// What a process knows of its own end.
struct LeavingState: Sendable {
  /// When it was told to end.
  var since: Tick?
  /// When the others were told so last.
  var toldAt: Tick?
}

// MARK: - Who leaves, who stays

extension Replica {
  /// Whether this process was told to end, and not so long ago that it has given up to leave well.
  package var isLeaving: Bool { leaving.since.map { now < $0 + options.leaveTicks } ?? false }

  /// Whether the others could not go on if this process ended now, and may soon be able to.
  package var mustLeave: Bool {
    isLeaving && isBorn && !isFrozen && isMember && heir != nil && !isRestAQuorum
  }

  /// Whether a member is there, and does not say that it is about to end.
  private func stays(_ member: Member) -> Bool {
    if member.server == server { return !isLeaving }
    return !isSuspected(member) && isInContact(member) && !isLeaving(member.server)
  }

  func isLeaving(_ other: ServerIndex) -> Bool {
    peers[other].leavingAt.map { now < $0 + options.leaveTicks } ?? false
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
    if !isLeaving { leaving = LeavingState(since: now) }
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
  private mutating func makeRoomForLeavers() {
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
    guard isQuorumPresent else { return nil }
    let reweighed = epoch.configuration.withHeavy(heir)
    if reweighed.weight(where: stays) >= reweighed.quorum { return reweighed }
    let absent = epoch.configuration.members.filter { !stays($0) }
    let gone = absent.first { $0.server != server && !isLeaving($0.server) } ?? absent.first
    return gone.map { epoch.configuration.removing($0.server, heavy: heir) }
  }
}
