import Bytes
import KVStore

// One hop to a server that can answer. A write is relayed once: whether it was executed is then its answer to tell, or
// nobody's. A read may be asked for again.

// MARK: - Asking

extension Replica {
  mutating func relayReads(to other: ServerIndex, isWhole: Bool) {
    let taken = reads.take { reads, index in
      reads.ticket(at: index) < Relays.first && !reads.isWhole(at: index)
        && (isWhole || !reads.isStrict(at: index))
    }
    for mayDegrade in [true, false] {
      for item in taken {
        var part = Reads()
        for index in 0..<item.reads.count where item.reads.isStrict(at: index) != mayDegrade {
          part.append(item.reads, at: index)
          if part.count == Bounds.relayMax {
            send(part, arrived: item.arrived, mayDegrade: mayDegrade, to: other)
            part = Reads()
          }
        }
        if !part.isEmpty { send(part, arrived: item.arrived, mayDegrade: mayDegrade, to: other) }
      }
    }
  }

  private mutating func send(_ reads: Reads, arrived: Tick, mayDegrade: Bool, to other: ServerIndex) {
    let id = relays.nextID()
    relays.sent.append(Relays.Sent(id: id, to: other, arrived: arrived, at: now, reads: reads))
    let keys = (0..<reads.count).map { reads.withKey(at: $0) { Array($0) } }
    send(.relayReads(RelayReads(id: id, mayDegrade: mayDegrade, keys: keys)), to: other)
  }

  mutating func relayWrites(to other: ServerIndex, isWhole: Bool) {
    waiting.split(atMost: Bounds.relayMax) { item in
      if case .clients = item.source { item.handed == nil && (isWhole || item.mayDegrade) } else { false }
    }
    for index in waiting.all.indices {
      let item = waiting.all[index]
      guard case .clients = item.source, item.handed == nil, isWhole || item.mayDegrade else { continue }
      let id = relays.nextID()
      var handed = WaitingGroups.Handed(epoch: epoch.id, view: view, sequence: nil, at: now)
      handed.relayed = (other, id)
      waiting.hand(index, handed)
      send(.relayWrites(RelayWrites(id: id, mayDegrade: item.mayDegrade, group: item.group)), to: other)
    }
  }

  mutating func onRelayed(_ relayed: Relayed, from other: ServerIndex) {
    if relayed.answer == nil { below.refusedAt[other] = now }
    if relayed.isOfWrites { hearWrites(relayed, from: other) } else { hearReads(relayed, from: other) }
  }

  private mutating func hearReads(_ relayed: Relayed, from other: ServerIndex) {
    guard let index = relays.sent.firstIndex(where: { $0.id == relayed.request && $0.to == other }) else {
      return
    }
    let sent = relays.sent.remove(at: index)
    guard let answer = relayed.answer else { return reads.pending.append((sent.arrived, sent.reads)) }
    var outcomes = ReadOutcomes()
    guard (try? answer.takeReads(sent.reads, into: &outcomes)) != nil else { return refuse(sent.reads) }
    var answers = OtherAnswers(age: answer.age, lineage: answer.lineage)
    answers.reads = outcomes
    out.others.append(answers)
  }

  private mutating func hearWrites(_ relayed: Relayed, from other: ServerIndex) {
    guard
      let index = waiting.all.firstIndex(where: {
        $0.handed?.relayed.map { $0 == (other, relayed.request) } ?? false
      })
    else { return }
    guard let answer = relayed.answer else { return waiting.hand(index, nil) }
    guard let item = waiting.take(first: waiting.all[index].group.first), !item.isGivenUp else { return }
    var outcomes = Outcomes()
    var failures: [(number: UInt64, failure: Failure)] = []
    guard
      (try? answer.takeWrites(
        from: item.group.first, count: item.group.count, into: &outcomes, &failures)) != nil
    else { return fail(item.group, .unknown) }
    out.writeFailures += failures
    var answers = OtherAnswers(age: answer.age, lineage: answer.lineage)
    answers.writes = outcomes
    out.others.append(answers)
  }

  /// Reads that were not answered in time are asked for elsewhere.
  mutating func expireRelays() {
    guard !relays.sent.isEmpty else { return }
    guard now >= options.relayTicks else { return }
    let sentUntil = now - options.relayTicks
    for item in relays.sent where item.at <= sentUntil {
      below.refusedAt[item.to] = now
      reads.pending.append((item.arrived, item.reads))
    }
    relays.sent.removeAll { $0.at <= sentUntil }
  }
}

// MARK: - Answering

extension Replica {
  mutating func onRelayReads(_ relay: RelayReads, from other: ServerIndex) {
    guard relay.keys.count <= Bounds.relayMax, !relay.keys.isEmpty,
      reads.count + relay.keys.count <= Bounds.waitingReadsMax
    else {
      return send(.relayed(Relayed(request: relay.id, isOfWrites: false, answer: nil)), to: other)
    }
    reads.pending.append((now, relays.receive(relay, from: other)))
  }

  mutating func onRelayWrites(_ relay: RelayWrites, from other: ServerIndex) {
    guard relay.group.session == peers[other].session else { return }
    // One that comes again has been executed, perhaps.
    guard relays.accepts(relay, from: other) || !options.holds(.relayedWritesAreTakenOnce) else { return }
    guard waiting.count < Bounds.waitingGroupsMax else {
      return send(.relayed(Relayed(request: relay.id, isOfWrites: true, answer: nil)), to: other)
    }
    let relayer = WaitingGroups.Relayer(
      server: other, session: relay.group.session, first: relay.group.first, id: relay.id,
      mayDegrade: relay.mayDegrade)
    var group = relay.group
    group.session = session
    group.first = relays.number(of: group.count)
    waiting.add(group, from: .relayed(relayer), at: now)
  }

  /// Under which number of its own this server would hand another's group to the log; nil: it does not have it.
  package func number(ofRelayed group: Group) -> UInt64? {
    waiting.all.first { item in
      guard case .relayed(let relayer) = item.source else { return false }
      return relayer.session == group.session && relayer.first == group.first
    }?.group.first
  }

  /// Answers to other servers' clients leave in messages.
  mutating func sendRelayed() {
    guard !relays.received.isEmpty else { return }
    for record in out.readOutcomes.takeRelayed() { take(record, out.readOutcomes.values, age: nil) }
    for index in out.others.indices {
      for record in out.others[index].reads.takeRelayed() {
        take(record, out.others[index].reads.values, age: out.others[index].age)
      }
    }
    let refused = out.readFailures.filter { $0.ticket >= Relays.first }
    guard !refused.isEmpty else { return }
    out.readFailures.removeAll { $0.ticket >= Relays.first }
    for (ticket, _) in refused {
      guard let received = relays.refuse(ticket) else { continue }
      send(.relayed(Relayed(request: received.id, isOfWrites: false, answer: nil)), to: received.from)
    }
  }

  private mutating func take(_ record: ReadOutcomes.Record, _ values: [UInt8], age: Tick?) {
    guard let whole = relays.answer(record, values, age: age) else { return }
    let bytes = whole.answers.flatMap { $0 ?? [] }
    let answer = RelayedAnswer(age: whole.age, lineage: whole.lineage, bytes: bytes)
    send(.relayed(Relayed(request: whole.id, isOfWrites: false, answer: answer)), to: whole.from)
  }

  /// This server can see to nothing of others: they are told at once.
  mutating func refuseRelayed() {
    for item in reads.take(where: { reads, index in reads.ticket(at: index) >= Relays.first }) {
      for ticket in item.reads.tickets { out.readFailures.append((ticket, .unavailable)) }
    }
    let refused = waiting.removeAll {
      if case .relayed = $0.source { $0.handed == nil } else { false }
    }
    for item in refused { fail(item, .unavailable) }
  }

  /// Tells whoever waits for the group that it failed.
  mutating func fail(_ item: WaitingGroups.Waiting, _ failure: Failure) {
    switch item.source {
    case .clients: fail(item.group, failure)
    case .overlay: break
    case .relayed(let relayer):
      let group = item.group
      let answer =
        failure == .unknown
        ? RelayedAnswer(
          Outcomes(), [], from: group.first, count: group.count, age: nil, lineage: execution.store.lineage)
        : nil
      send(.relayed(Relayed(request: relayer.id, isOfWrites: true, answer: answer)), to: relayer.server)
    }
  }
}
