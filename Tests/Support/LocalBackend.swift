import Bytes
import Frontend
import HTTP
import KVStore

/// One store of this process alone: every request is executed within the call. So every answer is linearizable,
/// also to a client that would take less.
package final class LocalBackend: Backend {
  package var prefersMany: Bool { false }
  private var store: Store
  private var outcomes = Outcomes()
  private var identity: ServerReport
  /// Writes that came: with the incarnation the identity of each.
  private var writeCount: UInt64 = 0

  /// `identity`: what the report says beside the store's figures; its lineage becomes the store's.
  package init(identity: ServerReport, limits: Limits, hashKey: HashKey) {
    self.identity = identity
    store = Store(limits: limits, lineage: identity.lineage, hashKey: hashKey)
  }

  package func submit(_ turn: Turn, from frontend: Frontend) {
    if !turn.reads.isEmpty { answerReads(of: turn, frontend) }
    if !turn.writes.isEmpty { execute(turn, frontend) }
    for dump in turn.dumps { frontend.answerDump(dump.ticket, store) }
  }

  private func answerReads(of turn: Turn, _ frontend: Frontend) {
    // One copy a turn: a read of the property would make one each.
    let store = store
    for read in turn.reads {
      turn.withKey(of: read) { key in
        store.read(key) { entry in
          frontend.answerRead(
            read.ticket, value: entry?.value,
            tag: entry.map { EntityTag(lineage: $0.tag.lineage, number: $0.tag.counter) })
        }
      }
    }
  }

  private func execute(_ turn: Turn, _ frontend: Frontend) {
    turn.writeBytes.withUnsafeBytes { bytes in
      var reader = WriteReader(bytes)
      for entry in turn.writes {
        guard let write = try? reader.next() else { preconditionFailure("the frontend encoded it") }
        writeCount += 1
        let digest = Digest(low: writeCount, high: identity.incarnation)
        store.execute(write, identity: digest, ticket: entry.ticket, into: &outcomes)
      }
    }
    frontend.answerWrites(outcomes, lineage: store.lineage)
    outcomes.removeAll()
  }

  package var report: ServerReport {
    var report = identity
    report.op = writeCount
    report.commit = writeCount
    report.keys = store.keyCount
    report.bytes = store.bytes
    report.chargedBytes = store.chargedBytes
    report.storeLimit = store.limits.storeBytes
    report.counters = [.conflicts(store.conflictCount)]
    return report
  }

  package var conflicts: ConflictReport {
    ConflictReport(conflicts: store.conflicts, servers: [identity.id])
  }

  package func command(_ command: OperatorCommand) -> CommandAnswer {
    switch command {
    case .recover: .done("nothing to recover: this server is its own quorum")
    case .acknowledgeLoss: .done("nothing to acknowledge: no loss is possible")
    }
  }
}
