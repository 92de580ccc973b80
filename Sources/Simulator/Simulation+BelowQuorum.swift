import Bytes
import History
import KVStore
import VSR

// Requests that one server has from another, and answers that prove nothing.
extension Simulation {
  func noteRelay(_ event: Event, at server: SimulatedServer) {
    var ended: [(Digest, [UInt8]?)] = []
    defer { endedKept = ended }
    if !effects.journal.isEmpty {
      var last: [UInt8]?
      for record in effects.journal {
        if case .keep(_, let write) = record {
          last = write
          checker.requests.kept.keep(write, by: server.process!.replica)
        }
        if case .end(let identity) = record { ended.append((identity, last)) }
      }
    }
    guard case .message(let message) = event, case .relayWrites(let relay) = message.payload,
      let number = server.process!.replica.number(ofRelayed: relay.group)
    else { return }
    checker.requests.relay(relay.group, as: number, by: server.process!.replica.session)
  }

  /// After the step's commits are known.
  func checkEnds(at server: SimulatedServer) {
    for (identity, last) in endedKept {
      guard let wrong = checker.requests.kept.end(identity, after: last) else { continue }
      checker.fail(.keptWriteEnds, server.index, now, "write \(short(identity)): \(wrong)")
    }
    endedKept.removeAll()
  }

  func hear(_ answers: OtherAnswers, run: Int, from server: SimulatedServer) {
    for outcome in answers.writes.records {
      guard let request = checker.requests.answer(write: outcome.ticket, run: run, .degraded) else {
        checker.fail(
          .answeredOnce, server.index, now, "write \(outcome.ticket) is answered, and was not open")
        return
      }
      trace?("  write \(outcome.ticket) degraded: \(describe(outcome, answers.writes.values))")
      acknowledge(outcome, request.operation, server)
      settleDegraded(request.operation, request.attempt, server)
    }
    for record in answers.reads.records {
      guard let request = checker.requests.answer(read: record.ticket, run: run, .degraded) else {
        checker.fail(.answeredOnce, server.index, now, "read \(record.ticket) is answered, and was not open")
        return
      }
      let value = String(decoding: answers.reads.values[record.value], as: UTF8.self)
      trace?("  read \(record.ticket) degraded: \(value)")
      settleDegraded(request.operation, request.attempt, server)
    }
  }

  /// Its end is to be seen.
  private func acknowledge(_ outcome: Outcome, _ index: Int, _ server: SimulatedServer) {
    guard case .done = outcome.result, !outcome.isReplayed else { return }
    let replica = server.process!.replica
    let name = clients.operations[index].idempotencyKey ?? replica.idempotencyKey(ofNumber: outcome.ticket)
    let identity = name.withUnsafeBytes { Write.identity(ofIdempotencyKey: $0) }
    checker.requests.kept.acknowledge(identity)
  }

  /// A read proves nothing; a write may take effect at any time, once, or never.
  private func settleDegraded(_ index: Int, _ attempt: Int, _ server: SimulatedServer) {
    if clients.operations[index].attempts == attempt, clients.operations[index].outstanding > 0 {
      clients.operations[index].outstanding -= 1
    }
    let operation = clients.operations[index]
    if operation.isStrict {
      checker.fail(.strictIsNotDegraded, server.index, now, "a strict request has an answer without a quorum")
    }
    report.degraded += 1
    clients.operations[index].isDegraded = true
    settle(index, operation.isRead ? .failed : .open, lineage: 0)
  }
}
