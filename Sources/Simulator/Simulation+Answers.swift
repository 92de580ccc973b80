import History
import KVStore
import VSR

extension Simulation {
  /// Every answer of a step: to the ledger, to the checks, to the clients.
  func hear(_ effects: Effects, from server: SimulatedServer) {
    let run = checker.requests.index(of: server.process!.replica.session)
    let lineage = server.process!.replica.store.lineage
    for answers in effects.others where answers.age == nil {
      for outcome in answers.writes.records {
        hear(outcome, answers.writes.values, run: run, lineage: answers.lineage, from: server)
      }
      for record in answers.reads.records { hear(record, answers.reads.values, run: run, from: server) }
    }
    for outcome in effects.writeOutcomes.records {
      hear(outcome, effects.writeOutcomes.values, run: run, lineage: lineage, from: server)
    }
    for record in effects.readOutcomes.records {
      hear(record, effects.readOutcomes.values, run: run, from: server)
    }
    for answers in effects.others where answers.age != nil { hear(answers, run: run, from: server) }
    for outcome in effects.storeOutcomes {
      hear(outcome.store, ticket: outcome.ticket, run: run, from: server)
    }
    for (number, failure) in effects.writeFailures { hear(failure, write: number, run: run, from: server) }
    for (ticket, failure) in effects.readFailures { hear(failure, read: ticket, run: run, from: server) }
  }

  private func failTwice(_ what: String, _ server: SimulatedServer) {
    checker.fail(.answeredOnce, server.index, now, "\(what) is answered, and was not open")
  }

  private func hear(
    _ outcome: Outcome, _ values: [UInt8], run: Int, lineage: UInt64, from server: SimulatedServer
  ) {
    guard let request = checker.requests.answer(write: outcome.ticket, run: run, .done) else {
      return failTwice("write \(outcome.ticket)", server)
    }
    trace?("  write \(outcome.ticket) \(describe(outcome, values))")
    // A repeated write may be answered from the client table without a place in the log of its own.
    if request.op == 0, !outcome.isReplayed, clients.operations[request.operation].idempotencyKey == nil {
      checker.fail(.doneIsCommitted, server.index, now, "write \(outcome.ticket) is done and not committed")
    }
    let index = request.operation
    closeAttempt(index, request.attempt)
    switch outcome.result {
    case .done(let version, let old):
      let value = old.map { clients.history.value(Array(values[$0])) } ?? .absent
      if let version, !outcome.isReplayed {
        let written = clients.history.value(clients.operations[index].value).number
        checkTag(TagName(lineage: lineage, counter: version), clients.operations[index].key, written, server)
      }
      checkCondition(index, replaced: value, server)
      report.writesDone += 1
      settle(index, .done(value), lineage: lineage)
    case .conditionFailed, .storeFull:
      report.refused += 1
      settle(index, .failed, lineage: lineage)
    case .keyReused:
      checker.fail(.answeredOnce, server.index, now, "key of write \(outcome.ticket) is said to be another's")
    case .expired:
      report.refused += 1
      let isFirst = request.attempt == 1 && !clients.operations[index].isUncertain
      settle(index, isFirst ? .failed : .open, lineage: lineage)
    }
  }

  private func checkCondition(_ index: Int, replaced value: RegisterValue, _ server: SimulatedServer) {
    let operation = clients.operations[index]
    if operation.isCreation, value != .absent {
      checker.fail(.conditionHolds, server.index, now, "a creation replaced a value")
    }
    if let condition = operation.ifMatch, condition.value != value.number {
      checker.fail(.conditionHolds, server.index, now, "a write replaced another value than its tag's")
    }
  }

  private func hear(
    _ record: ReadOutcomes.Record, _ values: [UInt8], run: Int, from server: SimulatedServer
  ) {
    guard let request = checker.requests.answer(read: record.ticket, run: run, .done) else {
      return failTwice("read \(record.ticket)", server)
    }
    let index = request.operation
    let key = clients.operations[index].key
    trace?(
      "  read \(record.ticket) of key\(key) gives \(String(decoding: values[record.value], as: UTF8.self))")
    closeAttempt(index, request.attempt)
    var value = RegisterValue.absent
    if let counter = record.counter {
      value = clients.history.value(Array(values[record.value]))
      let tag = TagName(lineage: record.lineage, counter: counter)
      checkTag(tag, key, value.number, server)
      clients.sights[key] = Clients.Sight(tag: tag, value: value.number)
    }
    report.readsDone += 1
    settle(index, .done(value), lineage: record.lineage)
  }

  /// The whole store: the state after the op executed last, which is none that an op committed before the request
  /// is missing from.
  private func hear(_ store: Store, ticket: UInt64, run: Int, from server: SimulatedServer) {
    guard let request = checker.requests.answer(read: ticket, run: run, .done),
      clients.operations[request.operation].kind == .dump
    else {
      return failTwice("dump \(ticket)", server)
    }
    let index = request.operation
    trace?("  dump \(ticket) of op \(server.process!.replica.executed)")
    closeAttempt(index, request.attempt)
    checker.checkDump(store, asked: clients.operations[index].committed, of: server, at: now)
    report.dumpsDone += 1
    let values = clients.keyNames.map { key in
      key.withUnsafeBytes { store.read($0) { $0.map { Array($0.value) } } }
    }.map { $0.map { clients.history.value($0) } ?? .absent }
    settle(dump: index, values, lineage: store.lineage)
  }

  /// A tag stands for one value of one key, whoever gives it.
  private func checkTag(_ tag: TagName, _ key: Int, _ value: Int32, _ server: SimulatedServer) {
    let named = TagValue(key: key, value: value)
    if let known = checker.tags[tag] {
      guard known != named else { return }
      checker.fail(
        .tagsNameValues, server.index, now,
        "tag \(tag.lineage)-\(tag.counter) names two values, \(known.key): \(known.value) and \(key): \(value)"
      )
    } else {
      checker.tags[tag] = named
    }
  }

  private func hear(_ failure: Failure, write number: UInt64, run: Int, from server: SimulatedServer) {
    trace?("  write \(number) \(failure)")
    let isCertain = failure != .unknown
    guard let request = checker.requests.answer(write: number, run: run, isCertain ? .refused : .unknown)
    else {
      return failTwice("write \(number)", server)
    }
    // What another lineage made of it, this one has lost.
    if isCertain, request.op != 0, request.lineage == server.process!.replica.epoch.start.lineage {
      let detail = "write \(number) is refused, and is op \(request.op)"
      return checker.fail(.refusedIsNotExecuted, server.index, now, detail)
    }
    loseAttempt(request.operation, request.attempt, isCertain: isCertain)
  }

  private func hear(_ failure: Failure, read ticket: UInt64, run: Int, from server: SimulatedServer) {
    trace?("  read \(ticket) \(failure)")
    guard let request = checker.requests.answer(read: ticket, run: run, .refused) else {
      return failTwice("read \(ticket)", server)
    }
    loseAttempt(request.operation, request.attempt, isCertain: true)
  }

  private func closeAttempt(_ index: Int, _ attempt: Int) {
    if clients.operations[index].attempts == attempt, clients.operations[index].outstanding > 0 {
      clients.operations[index].outstanding -= 1
    }
  }

  // MARK: - At the end

  /// Configurations of one key's history that are looked at before it is left undecided.
  private static let searchMax = 20_000

  /// Each lineage has its own history: to it, what an earlier one acknowledged may have happened or not.
  func judgeHistory() {
    let numbers = checker.lineages.numbers.sorted()
    for number in numbers {
      let part = numbers.count == 1 ? clients.history : history(of: number)
      let verdict = check(part, searchLimit: Simulation.searchMax)
      report.undecided += verdict.gaveUp.count
      if let found = verdict.violations.first {
        return checker.fail(.linearizable, nil, now, found.explain(part))
      }
    }
  }

  private func history(of lineage: UInt64) -> History {
    var part = History()
    for key in clients.keyNames { _ = part.key(key) }
    for number in 0..<clients.history.values.count {
      _ = part.value(clients.history.values.bytes(of: Int32(number)))
    }
    for (index, operation) in clients.history.operations.enumerated() {
      var operation = operation
      let answeredIn = clients.lineages[index]
      if answeredIn != lineage, operation.outcome != .failed {
        if operation.action == .read { continue }
        operation.outcome = .open
      }
      part.append(operation)
    }
    return part
  }
}
