import HTTP
import KVStore
import UV

/// The backend's answers. A ticket whose request is over (its client is gone, its time ran out) is dropped.
extension Frontend {
  /// `value`: borrowed; nil: the key has none. `tag`: of a linearizable value.
  package func answerRead(
    _ ticket: UInt64, value: UnsafeRawBufferPointer?, tag: EntityTag?,
    assurance: Assurance = .linearizable
  ) {
    guard let index = requests.index(of: ticket) else { return }
    precondition(requests[index].kind == .read)
    var reply = Reply(form: requests[index].form)
    if value != nil, let tag, case .linearizable = assurance { setTag(tag, of: &reply) }
    reply.assurance = assurance
    if requests[index].isConditional, requests[index].isKnown(reply.tag) {
      reply.status = .notModified
      return answer(index, reply, text: "")
    }
    answer(index, reply, value: value)
  }

  /// Every record of `outcomes`, which the caller then empties. `lineage`: the first half of the tags.
  package func answerWrites(
    _ outcomes: Outcomes, lineage: UInt64, assurance: Assurance = .linearizable
  ) {
    outcomes.values.withUnsafeBytes { values in
      for outcome in outcomes.records {
        answer(outcome, values: values, lineage: lineage, assurance: assurance)
      }
    }
  }

  private func answer(
    _ outcome: Outcome, values: UnsafeRawBufferPointer, lineage: UInt64, assurance: Assurance
  ) {
    guard let index = requests.index(of: outcome.ticket) else { return }
    precondition(requests[index].kind.changesState)
    var reply = Reply(form: requests[index].form)
    reply.assurance = assurance
    reply.isReplayed = outcome.isReplayed
    switch outcome.result {
    case .done(let version, let old):
      if let version, case .linearizable = assurance {
        setTag(EntityTag(lineage: lineage, number: version), of: &reply)
      }
      answer(index, reply, value: old.map { UnsafeRawBufferPointer(rebasing: values[$0]) })
    case .conditionFailed:
      reply.status = .preconditionFailed
      answer(index, reply, text: "a condition does not hold; not executed")
    case .keyReused:
      reply.status = .unprocessableContent
      answer(index, reply, text: "this idempotency key came with another write; not executed")
    case .expired(let floor):
      reply.status = .conflict
      reply.floor = floor
      answer(index, reply, text: "this idempotency key is older than what is remembered; not executed")
    case .storeFull:
      reply.status = .insufficientStorage
      answer(index, reply, text: "the store is full; not executed")
    }
  }

  package func refuse(_ ticket: UInt64, _ unanswered: Unanswered) {
    guard let index = requests.index(of: ticket) else { return }
    answer(index, Reply(unanswered, form: requests[index].form), text: unanswered.reason)
  }

  /// `store`: a copy, which stays as it is while it is sent.
  package func answerDump(_ ticket: UInt64, _ store: Store, assurance: Assurance = .linearizable) {
    guard let index = requests.index(of: ticket) else { return }
    let connection = connection(of: index)
    // It was submitted alone, and nothing is taken after it until it is sent.
    precondition(requests[index].kind == .dump && connection.first == index && connection.last == index)
    var reply = Reply(form: requests[index].form)
    reply.assurance = assurance
    didAnswer(index, .ok)
    connection.pop()
    connection.beginDump(store, reply)
    connection.markDirty()
  }
}

extension Frontend {
  private func connection(of index: Int32) -> Connection {
    guard let connection = connections[Int(requests[index].connection)] else {
      preconditionFailure("a closed connection has no requests")
    }
    return connection
  }

  private func setTag(_ tag: EntityTag, of reply: inout Reply) {
    reply.tag = tag
    if tag.lineage != writer.tagLineage { writer.setLineage(tag.lineage) }
  }

  private func answer(_ index: Int32, _ reply: Reply, text: StaticString) {
    finish(index, reply) { reply, _, output in writer.put(reply, line: text, into: &output) }
  }

  private func answer(_ index: Int32, _ reply: Reply, value: UnsafeRawBufferPointer?) {
    finish(index, reply) { reply, key, output in
      writer.put(reply, key: key, value: value, into: &output)
    }
  }

  /// Makes the reply where it belongs: in the output if all earlier ones are there, else with the request.
  @inline(__always)
  private func finish(
    _ index: Int32, _ answer: Reply, _ make: (Reply, UnsafeRawBufferPointer, inout [UInt8]) -> Void
  ) {
    let connection = connection(of: index)
    let isFirst = connection.first == index
    var reply = answer
    // The last reply of a connection says so while the server stops.
    if isStopping, connection.last == index { reply.form.keepsAlive = false }
    var waiting: [UInt8] = []
    if isFirst, connection.output.capacity == 0 { connection.output = takeSpare() }
    requests.withKey(of: index) { key in
      if isFirst { make(reply, key, &connection.output) } else { make(reply, key, &waiting) }
    }
    didAnswer(index, reply.status)
    if isFirst {
      connection.pop()
      connection.didReply(reply.form)
      connection.sendAnswered()
    } else {
      requests[index].form = reply.form
      requests[index].buffer = waiting
    }
    connection.markDirty()
  }

  private func didAnswer(_ index: Int32, _ status: Status) {
    let started = requests[index].started
    metrics.count(requests[index].kind, status)
    if started == turnStarted {
      turnAnswered += 1
    } else {
      metrics.latency.observe(Clock.nanoseconds - started, count: 1)
    }
    requests.setAnswered(index)
  }
}

extension Connection {
  /// The first request is over.
  func pop() {
    let index = first
    first = frontend.requests[index].next
    if first == RequestTable.none { last = first }
    if held == index { held = RequestTable.none }
    requestCount -= 1
    frontend.requests.remove(index)
  }

  /// Replies that waited for an earlier one follow it.
  func sendAnswered() {
    while first != RequestTable.none, frontend.requests[first].state == .answered {
      let form = frontend.requests[first].form
      output.append(contentsOf: frontend.requests[first].buffer)
      pop()
      didReply(form)
    }
  }
}
