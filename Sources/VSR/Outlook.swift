/// What a server sees of its configuration and can say about going on: for people, and no ground for any decision.
package struct Outlook: Hashable, Sendable {
  /// A server of servers.txt that does not take part now.
  package struct Absence: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
      /// No contact both ways, for so many ticks.
      case missing(Tick)
      /// No contact yet since this server started, so many ticks ago.
      case neverReached(Tick)
      /// It is there, in another life than the member's, and is being brought up to date.
      case replaced
      /// It is there, is no member, and is being brought up to date.
      case learning
    }

    package var server: ServerIndex
    package var kind: Kind
    /// What its word counts for, 0 for a server that is no member.
    package var weight: Int
    /// The member's life is over for certain, and with it what only that life knew.
    package var isOver: Bool

    package init(_ server: ServerIndex, _ kind: Kind, weight: Int, isOver: Bool = false) {
      (self.server, self.kind, self.weight, self.isOver) = (server, kind, weight, isOver)
    }

    package var isReached: Bool {
      switch kind {
      case .missing, .neverReached: false
      case .replaced, .learning: true
      }
    }
  }

  package var standing: Replica.Standing
  package var isServing: Bool
  package var isMember: Bool
  /// It has agreed to a formation and waits for all.
  package var isFrozen: Bool
  package var configuration: Configuration
  /// Members in contact both ways, this server counted if it is one.
  package var present: ServerMask
  /// Sorted by server.
  package var absences: [Absence]
  /// Nil without a quorum, and while the members are changing: a new configuration claims to survive a failure only
  /// once it has committed an op of its own.
  package var prospect: Prospect?
  package var executed: Op
  /// The last op that is known to be committed anywhere.
  package var target: Op

  package init(
    standing: Replica.Standing, isServing: Bool, isMember: Bool, isFrozen: Bool = false,
    configuration: Configuration, present: ServerMask, absences: [Absence], prospect: Prospect?,
    executed: Op = 0, target: Op = 0
  ) {
    (self.standing, self.isServing, self.isMember) = (standing, isServing, isMember)
    (self.isFrozen, self.configuration, self.present) = (isFrozen, configuration, present)
    (self.absences, self.prospect, self.executed, self.target) = (absences, prospect, executed, target)
  }

  /// The weight that would still have to come back for a quorum; 0 where there is one.
  package var weightLacking: Int { max(0, configuration.quorum - configuration.weight(of: present)) }

  /// Absent members that can still come back as who they were.
  package var awaited: [Absence] { absences.filter { $0.weight > 0 && !$0.isOver } }

  /// Whether no quorum can ever come back: too many of the members' lives are over.
  package var isBeyondReturn: Bool {
    weightLacking > awaited.reduce(0) { $0 + $1.weight }
  }
}

extension Replica {
  package var outlook: Outlook {
    let configuration = epoch.configuration
    let present = ServerMask(configuration.members.filter { isInContact($0) }.map(\.server))
    let isChanging = isStopSignPending || !isLastChangeFinished
    return Outlook(
      standing: standing, isServing: isServing, isMember: isMember, isFrozen: isFrozen,
      configuration: configuration, present: present, absences: others.compactMap { absence(of: $0) },
      prospect: isChanging
        ? nil : Prospect(configuration, present: present, isShrinking: options.evictTicks > 0),
      executed: executed, target: peers.reduce(commit) { max($0, $1.commit) })
  }

  /// Nil for one that takes part, and for one that an operator has given up.
  private func absence(of other: ServerIndex) -> Outlook.Absence? {
    guard !formation.excluded.contains(other) else { return nil }
    let member = epoch.configuration.member(at: other)
    if let member, isInContact(member) { return nil }
    let kind: Outlook.Absence.Kind =
      if isInContact(other) {
        member == nil ? .learning : .replaced
      } else if let answeredAt = peers[other].answeredAt {
        .missing(now - min(now, answeredAt))
      } else {
        .neverReached(now)
      }
    return Outlook.Absence(
      other, kind, weight: member?.weight ?? 0, isOver: member.map { isDead($0) } ?? false)
  }
}
