import Frontend
import HTTP
import KVStore
import VSR

extension ReplicaDriver: Backend {
  /// The others are asked once for all.
  package var prefersMany: Bool { look { !$0.servesAlone } }

  package func submit(_ turn: Turn, from frontend: Frontend) {
    guard !isStopped else { return refuse(turn, from: frontend) }
    if !turn.reads.isEmpty { submitReads(turn, frontend) }
    if !turn.dumps.isEmpty { submitDumps(turn, frontend) }
    if !turn.writes.isEmpty { submitWrites(turn) }
    // Before the replies are written: the others can work meanwhile.
    flush()
  }

  private func refuse(_ turn: Turn, from frontend: Frontend) {
    for read in turn.reads { frontend.refuse(read.ticket, .stopping) }
    for write in turn.writes { frontend.refuse(write.ticket, .stopping) }
    for dump in turn.dumps { frontend.refuse(dump.ticket, .stopping) }
  }

  /// A sole member's executed state is what any quorum would confirm; everybody else asks.
  private func submitReads(_ turn: Turn, _ frontend: Frontend) {
    if look({ $0.servesAlone }) {
      // One copy of the store a turn: a read of the property would make one each.
      let store = look { $0.store }
      for read in turn.reads {
        turn.withKey(of: read) { frontend.answerRead(read.ticket, $0, from: store, .linearizable) }
      }
      return
    }
    var reads = Reads()
    reads.reserve(count: turn.reads.count, keyBytes: turn.keyBytes)
    for read in turn.reads {
      turn.withKey(of: read) { key in
        if read.demand == .local {
          frontend.answerRead(read.ticket, key, from: look { $0.store }, .local(age: age))
        } else {
          reads.append(ticket: read.ticket, key: key, isStrict: read.demand == .linearizable)
        }
      }
    }
    if !reads.isEmpty { step(.reads(reads)) }
  }

  private func submitDumps(_ turn: Turn, _ frontend: Frontend) {
    var reads = Reads()
    let (isProven, store) = look { ($0.servesAlone, $0.store) }
    for dump in turn.dumps {
      if isProven {
        frontend.answerDump(dump.ticket, store)
      } else if dump.demand == .local {
        frontend.answerDump(dump.ticket, store, assurance: .local(age: age))
      } else {
        reads.appendAll(ticket: dump.ticket)
      }
    }
    if !reads.isEmpty { step(.reads(reads)) }
  }

  /// As groups that a message can carry, in order: those that are not to be answered without a quorum apart.
  private func submitWrites(_ turn: Turn) {
    var start = 0
    while start < turn.writes.count {
      let first = turn.writes[start].range.lowerBound
      let isStrict = turn.writes[start].isStrict
      var end = start + 1
      while end < turn.writes.count, end - start < Bounds.groupWritesMax,
        turn.writes[end].isStrict == isStrict,
        turn.writes[end].range.upperBound - first <= Bounds.groupBytesMax
      {
        end += 1
      }
      let number = tickets.next
      for entry in turn.writes[start..<end] { tickets.append(entry.ticket) }
      let bytes = Array(turn.writeBytes[first..<turn.writes[end - 1].range.upperBound])
      step(.writes(first: number, count: end - start, bytes: bytes, isStrict: isStrict))
      start = end
    }
  }

  /// Whole seconds since a quorum last confirmed this server's state; since the start, if none ever did.
  private var age: UInt32 {
    let ticks = look { $0.now - ($0.confirmedAt ?? 0) }
    return UInt32(clamping: ticks / DriverClock.ticksPerSecond)
  }
}

extension ReplicaDriver {
  /// Hands the clients' side what a step has answered.
  func answer(_ effects: inout Effects) {
    guard let frontend else { return }
    if !effects.writeOutcomes.records.isEmpty {
      effects.writeOutcomes.retarget { tickets.take($0) }
      frontend.answerWrites(effects.writeOutcomes, lineage: look { $0.lineage })
    }
    for failed in effects.writeFailures {
      guard let ticket = tickets.take(failed.number) else { continue }
      frontend.refuse(ticket, Unanswered(failed.failure))
    }
    for index in effects.others.indices { answer(&effects.others[index], frontend) }
    if !effects.readOutcomes.records.isEmpty { frontend.answerReads(effects.readOutcomes) }
    for failed in effects.readFailures { frontend.refuse(failed.ticket, Unanswered(failed.failure)) }
    for outcome in effects.storeOutcomes { frontend.answerDump(outcome.ticket, outcome.store) }
  }
}

extension ReplicaDriver {
  /// Another server's answers, and such that prove nothing.
  private func answer(_ answers: inout OtherAnswers, _ frontend: Frontend) {
    let assurance = answers.age.map {
      Assurance.degraded(age: UInt32(clamping: $0 / DriverClock.ticksPerSecond))
    }
    answers.writes.retarget { tickets.take($0) }
    frontend.answerWrites(answers.writes, lineage: answers.lineage, assurance: assurance ?? .linearizable)
    frontend.answerReads(answers.reads, assurance ?? .linearizable)
  }
}

extension Turn.WriteEntry {
  /// Whether an answer without a quorum is none.
  fileprivate var isStrict: Bool { demand == .linearizable || isConditional }
}

extension Unanswered {
  fileprivate init(_ failure: VSR.Failure) {
    switch failure {
    case .unavailable: self = .noQuorum
    case .overloaded: self = .overloaded
    case .unknown: self = .unknown
    }
  }
}

extension Frontend {
  fileprivate func answerRead(
    _ ticket: UInt64, _ key: UnsafeRawBufferPointer, from store: Store, _ assurance: Assurance
  ) {
    store.read(key) { entry in
      answerRead(
        ticket, value: entry?.value,
        tag: entry.map { EntityTag(lineage: $0.tag.lineage, number: $0.tag.counter) }, assurance: assurance)
    }
  }

  fileprivate func answerReads(_ outcomes: ReadOutcomes, _ assurance: Assurance = .linearizable) {
    outcomes.values.withUnsafeBytes { values in
      for record in outcomes.records {
        let tag = record.counter.map { EntityTag(lineage: record.lineage, number: $0) }
        let value = tag == nil ? nil : UnsafeRawBufferPointer(rebasing: values[record.value])
        answerRead(record.ticket, value: value, tag: tag, assurance: assurance)
      }
    }
  }
}
