import Bytes

// Birth and rebirth are one procedure, for all servers of servers.txt. Each agrees to a vector of verified
// incarnations and stops acting; the log goes on from the greatest report; nothing is acknowledged before all
// who entered have its first record. A server with state agrees only where its configuration can never act again.
extension Replica {
  /// Whether this server may agree: its own configuration, if it has one, has lost too much.
  private var mayAgree: Bool {
    guard isBorn else { return true }
    guard options.holds(.formationOnlyBelowQuorum) else { return true }
    return epoch.configuration.weight { !isDead($0) } < epoch.configuration.quorum
  }

  /// The lowest-indexed server that is not excluded leads.
  private var formationCoordinator: ServerIndex {
    (0..<serverCount).first { !formation.excluded.contains($0) } ?? 0
  }

  mutating func onRecover(without servers: ServerMask) {
    guard !servers.contains(server), servers.bits >> UInt8(serverCount) == 0 else { return }
    formation.excluded = servers
  }

  mutating func tickFormation() {
    announceBirthAgain()
    guard formationCoordinator == server, mayAgree, now >= formation.proposedAt + options.formationTicks
    else {
      return
    }
    if let announcement = formation.announcement, isStanding(announcement.start.vector) {
      formation.proposedAt = now
      return broadcast(.announce(announcement))
    }
    guard let vector = verifiedVector() else { return }
    formation.proposedAt = now
    agree(to: vector)
    formation.reports[server] = report(for: vector)
    broadcast(.propose(Propose(vector: vector)))
    announceIfAgreed()
  }

  /// Whether nobody whom the vector names is proven over: what a life reported ends with it, and those who held
  /// the log may all be gone.
  private func isStanding(_ vector: [Incarnation]) -> Bool {
    vector.indices.allSatisfy { $0 == server || !peers[$0].isDead(vector[$0]) }
  }

  /// Every server's incarnation, if all are known by an answer to a nonce.
  private func verifiedVector() -> [Incarnation]? {
    var vector: [Incarnation] = []
    for index in 0..<serverCount {
      if formation.excluded.contains(index) {
        vector.append(0)
      } else if index == server {
        vector.append(incarnation)
      } else {
        guard let other = peers[index].incarnation, !peers[index].isDead(other) else { return nil }
        vector.append(other)
      }
    }
    return vector
  }

  private mutating func agree(to vector: [Incarnation]) {
    guard formation.agreed != vector else { return }
    formation.agree(to: vector)
    if options.holds(.noAckAfterVote) { outbox.dropHeld() }
    recordState()
  }

  private func report(for vector: [Incarnation]) -> Report {
    let op = log.last?.kind == .stopSign && log.head > commit ? log.head - 1 : log.head
    let isBlank = !isBorn && formation.epochHeard == 0
    let isFirst = !options.holds(.secondBirthIsNotBlank) && !isBorn
    return Report(
      rank: LogRank(epoch: epoch.id.number, logView: logView, op: op), digest: log.digest(at: op) ?? .zero,
      epochHeard: isFirst ? 0 : formation.epochHeard,
      isBlank: isBlank || isFirst)
  }

  mutating func onPropose(_ propose: Propose, from message: Message) {
    let vector = propose.vector
    guard vector.count == serverCount, vector[server] == incarnation,
      vector[message.from] == message.incarnation,
      vector.firstIndex(where: { $0 != 0 }) == message.from
    else { return }
    for index in 0..<serverCount {
      if vector[index] == 0 {
        formation.excluded.insert(index)
      } else if index != server, peers[index].isDead(vector[index]) {
        return
      }
    }
    guard mayAgree else { return tellMoved(message.from) }
    agree(to: vector)
    send(.agree(Agree(vector: vector, report: report(for: vector))), to: message.from)
  }

  mutating func onAgree(_ agree: Agree, from message: Message) {
    guard formation.agreed == agree.vector, agree.vector[message.from] == message.incarnation,
      formationCoordinator == server
    else { return }
    formation.reports[message.from] = agree.report
    announceIfAgreed()
  }

  /// All have agreed: the vector and the reports alone decide how it goes on.
  private mutating func announceIfAgreed() {
    guard let vector = formation.agreed, formation.announcement == nil, isStanding(vector) else { return }
    var reports: [(server: ServerIndex, report: Report)] = []
    for index in 0..<serverCount where vector[index] != 0 {
      guard let report = formation.reports[index] else { return }
      reports.append((index, report))
    }
    let announcement = Replica.announcement(of: vector, reports: reports)
    formation.announcement = announcement
    broadcast(.announce(announcement))
    enterBorn(announcement)
  }

  /// The greatest log goes on; those who hold it are the first members, the rest learn.
  package static func announcement(
    of vector: [Incarnation], reports: [(server: ServerIndex, report: Report)]
  ) -> Announce {
    let best = reports.map(\.report.rank).max()!
    let holders = reports.filter { $0.report.rank == best }
    let isFresh = reports.allSatisfy(\.report.isBlank)
    let configuration = Configuration(
      incarnations: holders.map { ($0.server, vector[$0.server]) }, heavy: holders[0].server)
    // Where state was lost there may be an epoch that none of these has heard of: the number leaps over it.
    let number = reports.map(\.report.epochHeard).max()! + (isFresh ? 1 : Bounds.rebirthLeap)
    let start = EpochStart(
      number: number, configuration: configuration, firstPrimary: holders[0].server,
      lineage: lineage(of: vector, epoch: number), isLossPossible: !isFresh, vector: vector)
    return Announce(start: start, op: best.op, digest: holders[0].report.digest)
  }

  /// Names a history: greater than any before it that was heard of, and with hardly a chance that two share a
  /// name, since incarnations are random.
  private static func lineage(of vector: [Incarnation], epoch number: UInt64) -> UInt64 {
    var sip = SipHash(isWide: false)
    for incarnation in vector { sip.update(incarnation) }
    return number << 16 | sip.hash() >> 48
  }

  mutating func onAnnounce(_ announcement: Announce, from message: Message) {
    let start = announcement.start
    guard start.vector.count == serverCount else { return }
    if message.epoch.number == start.number, hasLost(to: start, enteredBy: message) {
      formation.agreed = start.vector
    }
    enterBorn(announcement)
  }

  /// Whether the vector agreed to last can never be entered, because the announcer has entered another and will
  /// not agree to it: that needs a quorum of the announced members proven dead, and the vector names one alive.
  private func hasLost(to start: EpochStart, enteredBy message: Message) -> Bool {
    guard let agreed = formation.agreed, agreed != start.vector, agreed[message.from] == message.incarnation,
      start.configuration.contains(message.from, message.incarnation),
      start.vector[server] == incarnation
    else { return false }
    return start.configuration.weight { agreed[$0.server] == $0.incarnation } >= start.configuration.quorum
  }

  /// Enters the epoch if it is the one agreed to last; a server that does not hold its log learns it later.
  private mutating func enterBorn(_ announcement: Announce) {
    let start = announcement.start
    guard let agreed = formation.agreed, agreed == start.vector, start.number > epoch.id.number,
      start.configuration.contains(server, incarnation)
    else { return }
    let entry = LogEntry(
      op: announcement.op + 1, view: 0, kind: .birth, body: start.body, parent: announcement.digest)
    guard log.digest(at: announcement.op) == announcement.digest, let born = entry.epochStarted else {
      return
    }
    epoch = born
    view = 0
    logView = 0
    counters.epochs += 1
    formation.enter(born)
    status = .normal
    leaveView()
    learnOfMembers()
    install([entry], after: announcement.op)
    guard isNormalPrimary else { return acknowledge() }
    becomePrimary()
    prepareFirst()
  }

  /// Whoever has entered a born epoch announces it until its first record is committed.
  private mutating func announceBirthAgain() {
    guard isBorn, epoch.isBorn, commit < epoch.startOp, isMember, !isFrozen,
      now >= formation.announcedAt + options.formationTicks, let entry = log[epoch.startOp],
      let digest = log.digest(at: epoch.startOp - 1)
    else { return }
    formation.announcedAt = now
    let announcement = Announce(start: epoch.start, op: entry.op - 1, digest: digest)
    for member in epoch.configuration.members where member.server != server {
      send(.announce(announcement), to: member.server)
    }
  }
}
