import Bytes
import KVStore
import VSR

/// Writes that servers kept without a quorum, and what became of them: looked at independently of how the store decides.
struct KeptLedger {
  struct Kept {
    let server: ServerIndex
    let incarnation: Incarnation
    let session: Session
    let writeHash: UInt64
    let keyHash: UInt64
    /// The lineage and the op through which its server had executed.
    let lineage: UInt64
    let executed: Op
    /// Writes to the key that its server knew beyond that: of its log's tail, and so many kept ones.
    let tail: Set<Digest>
    let place: Int
    /// Its client was told so.
    var isAcknowledged = false
  }

  /// A write that was just committed, before it is known what it did.
  struct Committed {
    let identity: Digest
    let keyHash: UInt64
    let op: Op
    let lineage: UInt64
    let isMerge: Bool
    /// The client table tells what the first one with its idempotency key did. Empty: it has none, and is done.
    let question: [UInt8]
  }

  private struct Chain: Hashable {
    let incarnation: Incarnation
    let keyHash: UInt64
  }

  /// By server and key: the writes that it kept, with their places.
  private var chains: [Chain: [Digest: Int]] = [:]
  /// By identity; the same write may be kept at several servers.
  private var all: [Digest: [Kept]] = [:]
  /// What took effect on each key, by lineage.
  private var effective: [UInt64: [UInt64: [(op: Op, identity: Digest)]]] = [:]
  /// Those about which a log has decided.
  private var decided: Set<Digest> = []
  private(set) var appliedCount = 0
  private(set) var lostCount = 0
  private var fresh: [Committed] = []
  /// Whether the stores are so small that a write may be refused: what became of one without a name nobody tells then.
  var storesMayBeFull = false

  static func hash(of write: Write) -> UInt64 {
    var sip = SipHash(isWide: false)
    sip.update(write.kind.rawValue)
    sip.update(UInt64(write.key.count))
    sip.update(write.key)
    sip.update(write.value)
    return sip.hash()
  }

  /// Its server keeps it no more. Returns what is wrong with that, unless a log has decided about it, or the write kept
  /// just now is of the same key.
  mutating func end(_ identity: Digest, after kept: [UInt8]?) -> String? {
    guard !decided.contains(identity), let ended = all[identity]?.first else { return nil }
    let key: UInt64? = kept?.withUnsafeBytes { raw in
      var reader = WriteReader(raw)
      return (try? reader.next()).map { SipHash.hash($0.key) }
    }
    guard key == ended.keyHash else { return "kept no more, and nothing became of it" }
    decided.insert(identity)
    return nil
  }

  mutating func keep(_ bytes: [UInt8], by replica: Replica) {
    guard let identity = mergeIdentity(of: bytes) else { return }
    bytes.withUnsafeBytes { raw in
      var reader = WriteReader(raw)
      guard let write = try? reader.next() else { return }
      let here = all[identity]?.contains { $0.session == replica.session } ?? false
      guard !here else { return }
      let keyHash = SipHash.hash(write.key)
      let chain = Chain(incarnation: replica.incarnation, keyHash: keyHash)
      let kept = Kept(
        server: replica.server, incarnation: replica.incarnation, session: replica.session,
        writeHash: KeptLedger.hash(of: write), keyHash: keyHash, lineage: replica.store.lineage,
        executed: replica.executed, tail: tail(keyHash, replica), place: chains[chain]?.count ?? 0)
      all[identity, default: []].append(kept)
      if chains[chain]?[identity] == nil { chains[chain, default: [:]][identity] = kept.place }
    }
  }

  /// Identities of writes to the key that the replica's log has beyond what it executed.
  private func tail(_ keyHash: UInt64, _ replica: Replica) -> Set<Digest> {
    var known: Set<Digest> = []
    guard replica.log.head > replica.executed else { return known }
    for entry in replica.log.entries(in: replica.executed + 1...replica.log.head) {
      entry.forEachGroup { group in
        var number = group.first
        var reader = WriteReader(group.bytes)
        while let write = try? reader.next() {
          if SipHash.hash(write.key) == keyHash {
            known.insert(
              write.idempotencyKey.map { Write.identity(ofIdempotencyKey: $0) }
                ?? Group.identity(session: group.session, number: number))
          }
          number += 1
        }
      }
    }
    return known
  }

  /// Whoever kept it has said so.
  mutating func acknowledge(_ identity: Digest) {
    guard let last = all[identity]?.indices.last else { return }
    all[identity]![last].isAcknowledged = true
  }

  func isKnown(_ write: Write, _ identity: Digest) -> Bool {
    let hash = KeptLedger.hash(of: write)
    return all[identity]?.contains { $0.writeHash == hash } ?? false
  }

  mutating func noteCommitted(_ write: Write, _ identity: Digest, op: Op, in lineage: UInt64) {
    // What a condition made of it nobody tells; what comes again does nothing.
    guard decided.insert(identity).inserted, !write.isConditional,
      !storesMayBeFull || write.idempotencyKey != nil
    else { return }
    var question: [UInt8] = []
    if write.idempotencyKey != nil {
      question.put(write.plain)
    }
    fresh.append(
      Committed(
        identity: identity, keyHash: SipHash.hash(write.key), op: op, lineage: lineage,
        isMerge: write.isMerge, question: question))
  }

  mutating func takeFresh() -> [Committed] {
    defer { fresh.removeAll() }
    return fresh
  }

  mutating func noteLost(_ write: Committed) { if write.isMerge { lostCount += 1 } }

  /// It has taken effect. Returns what it overwrote without having seen it, if it was kept.
  mutating func noteEffect(_ write: Committed) -> String? {
    let last = effective[write.lineage]?[write.keyHash]?.last
    effective[write.lineage, default: [:]][write.keyHash, default: []].append((write.op, write.identity))
    guard write.isMerge else { return nil }
    appliedCount += 1
    guard let last, let list = all[write.identity] else { return nil }
    let hasSeen = list.contains { kept in
      let chain = Chain(incarnation: kept.incarnation, keyHash: kept.keyHash)
      return (kept.lineage == write.lineage && last.op <= kept.executed) || kept.tail.contains(last.identity)
        || chains[chain]?[last.identity].map { $0 < kept.place } ?? false
    }
    return hasSeen ? nil : "op \(last.op) had written its key, unseen by whoever kept it"
  }

  /// One that was acknowledged, that no log has decided about, and of which every server that kept it still has its
  /// memory: which of several had said so is not known.
  func forgotten(_ holds: (Kept) -> Bool) -> Digest? {
    all.first { identity, list in
      !decided.contains(identity) && list.contains { $0.isAcknowledged } && list.allSatisfy(holds)
    }?.key
  }
}
