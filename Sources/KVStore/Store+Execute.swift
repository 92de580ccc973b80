import Bytes

extension Store {
  /// Executes the next write of the log.
  ///
  /// `identity`: the digest of the write's origin and number; for a write with an idempotency key
  /// `Write.identity(ofIdempotencyKey:)` takes its place. `ticket`: names who waits here for the outcome, which is
  /// then appended to `outcomes`; nil: nobody.
  ///
  /// In this order: a known idempotency key replays its outcome or is refused as reused; an unknown one at or
  /// under the floor is refused; conditions, and what a merge replaces; the limit, which refuses growth only; then
  /// the write counter rises and the write is done. What a merge loses is listed in `conflicts`.
  package mutating func execute(
    _ write: Write, identity: Digest, ticket: UInt64?, into outcomes: inout Outcomes
  ) {
    guard let key = write.idempotencyKey else {
      let result = apply(write, identity: identity, keepsOld: ticket != nil, into: &outcomes)
      if let ticket { outcomes.append(Outcome(ticket: ticket, result: result, isReplayed: false)) }
      return
    }
    let precedent = precedent(of: write, key)
    var loss = write.isMerge ? loss(by: precedent) : nil
    if case .none = precedent {
      loss = Conflict.Reason(executeFirst(write, key, ticket: ticket, into: &outcomes))
    } else if let ticket {
      replay(precedent, ticket, into: &outcomes)
    }
    if let merge = write.merge, let loss { record(loss, of: write, key, merge) }
  }

  /// Answers a write that the client table decides: known, reused or expired idempotency key. False, and nothing
  /// appended: the write is new, or has no idempotency key, or is a merge that is to be executed as it leaves a
  /// conflict. Executes nothing in any case.
  package func answer(_ write: Write, ticket: UInt64?, into outcomes: inout Outcomes) -> Bool {
    guard let key = write.idempotencyKey else { return false }
    let precedent = precedent(of: write, key)
    if case .none = precedent { return false }
    if write.isMerge, loss(by: precedent) != nil { return false }
    if let ticket { replay(precedent, ticket, into: &outcomes) }
    return true
  }

  /// Executes a write whose idempotency key is new, and records the outcome.
  private mutating func executeFirst(
    _ write: Write, _ key: UnsafeRawBufferPointer, ticket: UInt64?, into outcomes: inout Outcomes
  ) -> Outcome.Result {
    let valuesCount = outcomes.values.count
    let identity = Write.identity(ofIdempotencyKey: key)
    let result = apply(write, identity: identity, keepsOld: true, into: &outcomes)
    outcomes.reply.removeAll(keepingCapacity: true)
    Reply.put(result, values: outcomes.values, into: &outcomes.reply)
    outcomes.reply.withUnsafeBytes { clients.insert(key, request: write.requestDigest, reply: $0) }
    if let ticket {
      outcomes.append(Outcome(ticket: ticket, result: result, isReplayed: false))
    } else {
      outcomes.truncateValues(to: valuesCount)
    }
    return result
  }

  /// Executes regardless of the client table. The old value goes to `outcomes` if `keepsOld`.
  private mutating func apply(
    _ write: Write, identity: Digest, keepsOld: Bool, into outcomes: inout Outcomes
  ) -> Outcome.Result {
    let hash = entries.hash(write.key)
    let location = entries.locate(write.key, hash: hash)
    if write.isConditional {
      let tag = location.map { Tag(lineage: lineage, counter: entries.withRecord(at: $0) { $0.stamp }) }
      guard write.isSatisfied(by: tag) else { return .conditionFailed }
    }
    if write.isMerge, write.merge?.base != lastWriter(of: write.key, at: location) { return .conditionFailed }
    guard fits(write, at: location) else { return .storeFull }
    var old: Range<Int>?
    if keepsOld, let location { old = entries.withRecord(at: location) { outcomes.keep($0.value) } }
    counter += 1
    switch write.kind {
    case .set:
      let parts = RecordParts(key: write.key, value: write.value, stamp: counter, digest: identity)
      if let location {
        entries.replace(at: location, parts, hash: hash)
      } else {
        entries.insert(parts, hash: hash)
      }
      return .done(version: counter, old: old)
    case .delete:
      if let location { entries.remove(at: location) }
      deletes.note(identity, in: LastDeletes.bucket(of: write.key))
      return .done(version: nil, old: old)
    }
  }

  /// Whether the limit allows the write: only growth is refused.
  private func fits(_ write: Write, at location: ByteMap.Location?) -> Bool {
    switch write.kind {
    case .delete: return true
    case .set:
      let before = location.map { entries.withRecord(at: $0) { $0.payloadBytes } + Limits.entryBytes } ?? 0
      let after = write.key.count + write.value.count + Limits.entryBytes
      return after <= before || chargedBytes - before + after <= limits.storeBytes
    }
  }
}
