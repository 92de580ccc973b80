import Bytes
import KVStore

/// The executed prefix of the log and the state that it made.
package struct Execution: Sendable {
  package internal(set) var op: Op
  package internal(set) var digest: Digest
  /// The epoch as of `op`, which is not yet that of the replica while a born epoch's inheritance is uncommitted.
  package internal(set) var epoch: Epoch
  package internal(set) var store: Store
  /// The view in which the last executed op was prepared.
  private var view: View = 0
  /// Hashes of the keys that an op not yet executed may write; made when first asked for.
  private var keys: [Op: Set<UInt64>] = [:]

  init(snapshot: SnapshotState?, store: Store) {
    op = snapshot?.op ?? 0
    digest = snapshot?.digest ?? .zero
    epoch = snapshot?.epoch ?? .none
    self.store = store
  }

  mutating func adopt(_ snapshot: SnapshotState) {
    op = snapshot.op
    digest = snapshot.digest
    epoch = snapshot.epoch
    store = snapshot.store
    view = .max
    keys.removeAll()
  }

  mutating func advance(to entry: LogEntry) {
    precondition(entry.op == op + 1)
    op = entry.op
    digest = entry.digest
    if !keys.isEmpty { keys[entry.op] = nil }
  }

  /// Whether the op just executed begins an epoch, or was prepared in another view than the one before it.
  mutating func noteView(of entry: LogEntry) -> Bool {
    defer { view = entry.view }
    return entry.view != view || entry.op == epoch.startOp
  }

  mutating func forgetKeys(after op: Op) {
    if !keys.isEmpty { keys = keys.filter { $0.key <= op } }
  }

  /// Whether `entry`, not yet executed, may write the key with this hash.
  mutating func mayWrite(_ entry: LogEntry, keyHash: UInt64) -> Bool {
    if let known = keys[entry.op] { return known.contains(keyHash) }
    let hashes = Execution.keyHashes(of: entry)
    keys[entry.op] = hashes
    return hashes.contains(keyHash)
  }

  private static func keyHashes(of entry: LogEntry) -> Set<UInt64> {
    var hashes: Set<UInt64> = []
    entry.forEachGroup { group in
      var reader = WriteReader(group.bytes)
      while let write = try? reader.next() { hashes.insert(SipHash.hash(write.key)) }
    }
    return hashes
  }
}

extension LogEntry {
  /// The groups of a `requests` entry, in order. What does not decode was never ours: it ends the list.
  package func forEachGroup(_ body: (BorrowedGroup) -> Void) {
    guard kind == .requests else { return }
    self.body.withUnsafeBytes { raw in
      var reader = ByteReader(raw)
      while !reader.isAtEnd, let group = try? BorrowedGroup.take(from: &reader) { body(group) }
    }
  }
}

extension Replica {
  /// Raises the commit number, never past the own log, and executes.
  mutating func raiseCommit(to op: Op) {
    let bounded = min(op, log.head)
    if options.holds(.commitNeverFalls) {
      guard bounded > commit else { return }
    }
    commit = bounded
    executeCommitted()
  }

  mutating func executeCommitted() {
    while execution.op < commit, let entry = log[execution.op + 1] {
      execution.advance(to: entry)
      counters.opsExecuted += 1
      switch entry.kind {
      case .requests: entry.forEachGroup { executeGroup($0) }
      case .noop: break
      case .stopSign, .birth: executeEpochStart(entry)
      }
      decideForwards(by: entry)
    }
  }

  private mutating func executeGroup(_ group: BorrowedGroup) {
    let mine = group.session == session ? waiting.take(first: group.first) : nil
    let isAwaited = mine.map { !$0.isGivenUp && !$0.isOverlays } ?? false
    counters.writesExecuted += group.count
    if isAwaited, case .relayed(let relayer)? = mine?.source { return executeRelayed(group, for: relayer) }
    // Taken out meanwhile: `out` is part of what executes.
    var outcomes = Outcomes()
    swap(&outcomes, &out.writeOutcomes)
    execute(group, isAwaited: isAwaited, into: &outcomes)
    swap(&outcomes, &out.writeOutcomes)
  }

  private mutating func execute(_ group: BorrowedGroup, isAwaited: Bool, into outcomes: inout Outcomes) {
    var number = group.first
    var reader = WriteReader(group.bytes)
    while let write = try? reader.next() {
      let ticket = isAwaited ? number : nil
      if !options.holds(.absentKeysHaveABase), write.isMerge {
        mergeOnAbsence(write, ticket: ticket, into: &outcomes)
      } else {
        let identity = Group.identity(session: group.session, number: number)
        execution.store.execute(write, identity: identity, ticket: ticket, into: &outcomes)
      }
      number += 1
      if !overlay.isEmpty, let name = write.idempotencyKey { decideKept(name) }
    }
  }

  /// Only where the rule against it is removed: to a key that has no value now, absent is as good as absent was.
  private mutating func mergeOnAbsence(_ write: Write, ticket: UInt64?, into outcomes: inout Outcomes) {
    guard var merge = write.merge else { return }
    if execution.store.read(write.key, { $0 == nil }) {
      merge.base = execution.store.lastWriter(of: write.key)
    }
    var bytes: [UInt8] = []
    bytes.put(write.plain, merge: merge)
    bytes.withUnsafeBytes { raw in
      var reader = WriteReader(raw)
      guard let merged = try? reader.next() else { return }
      execution.store.execute(merged, identity: .zero, ticket: ticket, into: &outcomes)
    }
  }

  private mutating func executeRelayed(_ group: BorrowedGroup, for relayer: WaitingGroups.Relayer) {
    var outcomes = Outcomes()
    execute(group, isAwaited: true, into: &outcomes)
    let answer = RelayedAnswer(
      outcomes, [], from: group.first, count: group.count, age: nil, lineage: execution.store.lineage)
    let relayed = Relayed(request: relayer.id, isOfWrites: true, answer: answer)
    send(.relayed(relayed), to: relayer.server)
  }

  private mutating func executeEpochStart(_ entry: LogEntry) {
    guard let started = entry.epochStarted else { return }
    execution.epoch = started
    execution.store.begin(lineage: started.start.lineage)
    if started.id.number > epoch.id.number { enterEpoch(started) }
  }
}
