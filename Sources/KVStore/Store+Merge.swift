import Bytes

// When a quorum is back, each write that was kept without one becomes an op, with what it replaced where it was kept:
// its base. The base is a condition: the key's last writer is still the same, so no quorum has written the key in
// between. Where it does not hold the quorum's write stays, and what lost is listed.
//
// So a merge ends in one of these ways: executed; in the list of conflicts; or already one of the two, which its
// idempotency key tells. The outcome recorded for a merge without its base is that of a failed condition: a retry is
// told that the write was certainly not executed.

extension Store {
  /// How many conflicts there ever were.
  package var conflictCount: UInt64 { conflicts.recorded }

  /// Why a merge would be lost that has this precedent; nil: it is not.
  func loss(by precedent: Precedent) -> Conflict.Reason? {
    switch precedent {
    case .none: nil
    case .known(let location): clients.records.withRecord(at: location) { Reply.lossAsMerge($0.value) }
    case .reused: .keyReused
    case .expired: .expired
    }
  }

  /// A write that comes to be merged once more is the same conflict, as long as that is in the list.
  mutating func record(
    _ reason: Conflict.Reason, of write: Write, _ idempotencyKey: UnsafeRawBufferPointer, _ merge: Write.Merge
  ) {
    let kept = read(write.key) { entry in entry.map { [UInt8]($0.value) } }
    let lost = write.kind == .set ? [UInt8](write.value) : nil
    conflicts.record(
      Conflict(
        identity: Write.identity(ofIdempotencyKey: idempotencyKey), key: [UInt8](write.key), lost: lost,
        kept: kept, writtenAt: merge.writtenAt, server: merge.server, reason: reason))
  }
}

extension Conflict.Reason {
  /// Why a merge is lost that was executed with this result; nil: it is not.
  init?(_ result: Outcome.Result) {
    switch result {
    case .done: return nil
    case .conditionFailed: self = .overwritten
    case .keyReused: self = .keyReused
    case .expired: self = .expired
    case .storeFull: self = .storeFull
    }
  }
}

extension Reply {
  /// Why a merge is lost of which this was recorded. A request that a full store refused may have been kept elsewhere
  /// all the same; a failed condition was that of an earlier merge, which is listed, as a merge has no others.
  fileprivate static func lossAsMerge(_ reply: UnsafeRawBufferPointer) -> Conflict.Reason? {
    guard let parts = parse(reply) else { preconditionFailure("checked when it came") }
    switch parts.code {
    case .storeFull: return .storeFull
    case .conditionFailed, .doneWithoutOld, .doneWithOld: return nil
    }
  }
}
