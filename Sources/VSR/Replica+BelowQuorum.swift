import Bytes
import KVStore

// Below a quorum. A server that has lacked one for a while sends its clients' requests to a server that has one, if it
// reaches such a server. Otherwise it answers them without, labelled so, or lets that server of those cut off with it do
// so that has the lowest index: together they act as one. What is written then is kept beside the log.
extension Replica {
  /// Whether this server has lacked a quorum for so long that nobody is to wait for one.
  package var isCutOff: Bool {
    options.degradeTicks > 0 && now >= below.contactAt + options.degradeTicks
      && (!hasQuorumContact || isFrozen)
  }

  /// Writes kept without a quorum that the log has not decided about.
  package var overlayCount: Int { overlay.count }

  private enum Route {
    case own
    /// `isWhole`: it reaches a quorum, so also requests that are not to be answered without one.
    case other(ServerIndex, isWhole: Bool)
    case nowhere
  }

  private var route: Route {
    var keeper = options.answersDegraded ? server : serversMax
    for other in others where isInContact(other) && !hasRefused(other) {
      guard lacksQuorum(other) else { return .other(other, isWhole: true) }
      keeper = min(keeper, other)
    }
    guard options.answersDegraded else { return .nowhere }
    return keeper == server ? .own : .other(keeper, isWhole: false)
  }

  private func lacksQuorum(_ other: ServerIndex) -> Bool {
    below.lackAt[other].map { now <= $0 + 3 * options.pingTicks } ?? false
  }

  private func hasRefused(_ other: ServerIndex) -> Bool {
    below.refusedAt[other].map { now <= $0 + options.degradeTicks } ?? false
  }

  /// On every tick.
  mutating func tickBelowQuorum() {
    if hasQuorumContact, !isFrozen { below.contactAt = now }
    guard isCutOff else { return }
    if now % options.pingTicks == UInt64(server) % options.pingTicks {
      for other in others where isInContact(other) { sendUnheld(.belowQuorum, to: other) }
    }
  }

  mutating func onBelowQuorum(from other: ServerIndex) { below.lackAt[other] = now }

  /// Requests that wait go where they can be answered. What was relayed to this server goes no further.
  mutating func serveBelowQuorum() {
    guard isCutOff else {
      // On every step of a well server: nothing is to be released there.
      if below.fork != nil { below.fork = nil }
      return
    }
    guard reads.count > 0 || waiting.all.contains(where: { $0.handed == nil && !$0.isOverlays }) else {
      return
    }
    switch route {
    case .own:
      refreshFork()
      serveReads()
      serveWrites()
    case .other(let other, let isWhole):
      relayReads(to: other, isWhole: isWhole)
      relayWrites(to: other, isWhole: isWhole)
      refuseRelayed()
    case .nowhere:
      refuseRelayed()
    }
  }

  mutating func releaseDegraded() {
    while let first = below.held.first, first.position <= outbox.synced {
      out.others.append(first.answers)
      below.held.removeFirst()
    }
  }

  private mutating func hold(_ answers: OtherAnswers) {
    below.held.append((below.keptAt, answers))
    releaseDegraded()
  }

  private var age: Tick { now - (confirmed ?? 0) }

  private mutating func refreshFork() {
    if let fork = below.fork, fork.isCurrent(execution, log) { return }
    below.fork = Fork(execution, log, overlay)
  }
}

// MARK: - Answering

extension Replica {
  private mutating func serveReads() {
    var answers = OtherAnswers(age: age, lineage: execution.store.lineage)
    let taken = reads.take { reads, index in !reads.isStrict(at: index) }
    for item in taken {
      for index in 0..<item.reads.count {
        let ticket = item.reads.ticket(at: index)
        item.reads.withKey(at: index) {
          answers.reads.append(ticket: ticket, key: $0, from: below.fork!.store)
        }
      }
    }
    if !answers.reads.records.isEmpty { hold(answers) }
  }

  private mutating func serveWrites() {
    for item in waiting.removeAll(where: { $0.handed == nil && $0.mayDegrade }) {
      var answers = OtherAnswers(age: age, lineage: execution.store.lineage)
      var failures: [(number: UInt64, failure: Failure)] = []
      keep(item, into: &answers, &failures)
      if case .relayed(let relayer) = item.source {
        let answer = RelayedAnswer(
          answers.writes, failures, from: item.group.first, count: item.group.count, age: answers.age,
          lineage: execution.store.lineage)
        let relayed = Relayed(request: relayer.id, isOfWrites: true, answer: answer)
        send(.relayed(relayed), to: relayer.server, after: below.keptAt)
      } else {
        out.writeFailures += failures
        if !answers.writes.records.isEmpty { hold(answers) }
      }
    }
  }

  private mutating func keep(
    _ item: WaitingGroups.Waiting, into answers: inout OtherAnswers,
    _ failures: inout [(number: UInt64, failure: Failure)]
  ) {
    var origin = (session: session, number: item.group.first)
    if case .relayed(let relayer) = item.source { origin = (relayer.session, relayer.first) }
    var number = item.group.first
    item.group.bytes.withUnsafeBytes { raw in
      var reader = WriteReader(raw)
      while let write = try? reader.next() {
        let made = Replica.idempotencyKey(session: origin.session, number: origin.number)
        let failure = made.withUnsafeBytes { keep(write, orNamed: $0, number, into: &answers.writes) }
        if let failure { failures.append((number, failure)) }
        number += 1
        origin.number += 1
      }
    }
  }

  /// Of this server's client's write of that number, where the client gave none.
  package func idempotencyKey(ofNumber number: UInt64) -> [UInt8] {
    Replica.idempotencyKey(session: session, number: number)
  }

  /// Of a write whose client gave none; no client can give one such.
  static func idempotencyKey(session: Session, number: UInt64) -> [UInt8] {
    var name: [UInt8] = [0]
    name.put(session)
    name.put(number)
    return name
  }

  /// Does the write in the fork, and keeps it if it was done. Returns why not, if it was not looked at.
  private mutating func keep(
    _ write: Write, orNamed made: UnsafeRawBufferPointer, _ number: UInt64, into outcomes: inout Outcomes
  ) -> Failure? {
    guard !write.isConditional, overlay.hasRoom else { return .unavailable }
    var named = write
    named.idempotencyKey = write.idempotencyKey ?? made
    let identity = Write.identity(ofIdempotencyKey: named.idempotencyKey!)
    // It is in the log's tail: executed, perhaps.
    if below.fork!.isUndecided(identity), !overlay.contains(identity) { return .unknown }
    let base = self.base(of: write.key)
    below.fork!.store.execute(named, identity: .zero, ticket: number, into: &outcomes)
    guard let outcome = outcomes.records.last, !outcome.isReplayed, case .done = outcome.result else {
      return nil
    }
    record(named, base: base)
    return nil
  }

  /// What a write to the key replaces: the last of this key that is kept, else what the log says.
  private func base(of key: UnsafeRawBufferPointer) -> Digest {
    guard let fork = below.fork else { return .zero }
    if options.holds(.basesAreOfTheirKey) {
      if let last = overlay.last(keyHash: SipHash.hash(key)) { return last }
      return fork.logged.lastWriter(of: key)
    }
    return fork.store.lastWriter(of: key)
  }

  private mutating func record(_ write: Write, base: Digest) {
    let older = overlay.superseded(by: base)
    var bytes: [UInt8] = []
    bytes.put(
      write,
      merge: Write.Merge(
        base: older?.base ?? base, writtenAt: below.wallClock(at: now), server: UInt8(server)))
    guard let entry = Overlay.Entry(bytes) else { preconditionFailure("a merge write is one") }
    out.journal.append(.keep(overlay.keep(entry), bytes))
    outbox.recordBeside()
    if let older { endKept(older.identity) }
    below.keptAt = options.holds(.keptWritesAreSynced) ? outbox.position : 0
  }
}

// MARK: - Merging

extension Replica {
  /// A quorum is back: what was kept becomes ordinary ops, a group at a time, in order.
  mutating func mergeOverlay() {
    waiting.holdsClients = !overlay.isEmpty && options.holds(.keptKeysWaitForTheirMerge)
    guard !overlay.isEmpty, !waiting.hasOverlays, isNormal, commit >= epoch.startOp, !isCutOff else { return }
    let (count, bytes) = overlay.firstGroup()
    let group = Group(session: session, first: below.number(of: count), count: count, bytes: bytes)
    waiting.add(group, from: .overlay, at: now)
  }

  /// The log has decided about the write with this idempotency key, whoever brought it there.
  mutating func decideKept(_ name: UnsafeRawBufferPointer) {
    let identity = Write.identity(ofIdempotencyKey: name)
    if overlay.contains(identity) { endKept(identity) }
  }

  private mutating func endKept(_ identity: Digest) {
    guard overlay.end(identity) else { return }
    out.journal.append(.end(identity))
    outbox.recordBeside()
  }

  /// After a snapshot, or a start: what the client table tells of has been decided.
  mutating func endDecidedKept() {
    guard !overlay.isEmpty else { return }
    for entry in Array(overlay.all) {
      let isDecided = entry.withIdempotencyKey { execution.store.contains(idempotencyKey: $0) }
      if isDecided { endKept(entry.identity) }
    }
  }

  /// At a start: a journal keeps the segments from the first record on that this run has made of what is kept.
  mutating func recordOverlay() {
    guard !overlay.isEmpty else { return }
    for (place, entry) in overlay.all.enumerated() {
      out.journal.append(.keep(UInt64(place), entry.bytes))
      outbox.recordBeside()
    }
    below.recordedAt = outbox.position
  }
}
