import Bytes

/// The replicated state machine: keys with their values, the client table, the last deletes and the conflicts. Equal
/// logs give equal states and equal outcomes, whatever the process; there is no clock, no randomness and no I/O.
///
/// A value type: a copy is cheap and stays as it is (see `ByteMap`), so it can be sent or written down slice by
/// slice while the original executes on.
package struct Store: Sendable {
  private static let shardBits = 10

  package let limits: Limits
  /// Names the history that this state belongs to: the first half of every tag.
  package internal(set) var lineage: UInt64
  /// Writes executed so far.
  package internal(set) var counter: UInt64 = 0
  var entries: ByteMap
  var clients: ClientTable
  var deletes = LastDeletes()
  /// Writes that were kept without a quorum and lost when they were merged: the latest ones, oldest first.
  package internal(set) var conflicts = Conflicts()

  /// An empty store. `hashKey`: random bits of this process.
  package init(limits: Limits = Limits(), lineage: UInt64 = 0, hashKey: HashKey) {
    precondition(limits.isValid)
    self.limits = limits
    self.lineage = lineage
    entries = ByteMap(shardBits: Self.shardBits, hashKey: hashKey)
    clients = ClientTable(limits: limits, hashKey: hashKey)
  }

  /// Begins a new lineage: a log op of its own, executed by all replicas at the same place.
  package mutating func begin(lineage: UInt64) {
    self.lineage = lineage
  }
}

extension Store {
  /// Keys that have a value.
  package var keyCount: Int { entries.count }
  /// Bytes of all keys and values.
  package var bytes: Int { entries.payloadBytes }
  /// What `Limits.storeBytes` bounds.
  package var chargedBytes: Int { entries.payloadBytes + entries.count * Limits.entryBytes }
  /// Outcomes kept for their idempotency keys, and the bytes of those keys and replies.
  package var outcomeCount: Int { clients.count }
  package var outcomeBytes: Int { clients.bytes }
  /// An unknown idempotency key with a time at or under it is refused; nil: none left the table yet.
  package var floor: UInt64? { clients.floor }

  /// Equal for equal states, whatever the process and however the state was reached. It covers everything that
  /// decides later outcomes. Costs a pass over the shards written since it was asked for last.
  package mutating func stateHash() -> Digest {
    var sip = SipHash(key: (0x7374_6174_6568_6173, 1), isWide: true)
    sip.update(UInt64(limits.storeBytes))
    sip.update(UInt64(limits.outcomes))
    sip.update(UInt64(limits.outcomeBytes))
    sip.update(lineage)
    sip.update(counter)
    sip.update(clients.sequence)
    sip.update(clients.floor == nil ? 0 as UInt64 : 1)
    sip.update(clients.floor ?? 0)
    sip.update(entries.sum())
    sip.update(clients.sum())
    sip.update(deletes.marker)
    sip.update(deletes.sum())
    sip.update(conflicts.recorded)
    sip.update(conflicts.sum)
    return sip.digest()
  }
}

/// A key's value and what is known of it. Borrowed: valid within the closure that got it.
package struct Entry {
  package let value: UnsafeRawBufferPointer
  /// The key's entity tag.
  package let tag: Tag
  /// Of the write that stored the value.
  package let identity: Digest

  init(_ record: Record, lineage: UInt64) {
    value = record.value
    tag = Tag(lineage: lineage, counter: record.stamp)
    identity = record.digest
  }
}

extension Store {
  /// Calls `body` with the key's entry, nil if it has no value.
  @inline(__always)
  package func read<Result>(_ key: UnsafeRawBufferPointer, _ body: (Entry?) -> Result) -> Result {
    guard let location = entries.locate(key, hash: entries.hash(key)) else { return body(nil) }
    return entries.withRecord(at: location) { body(Entry($0, lineage: lineage)) }
  }

  /// Whether the outcome of a write with this idempotency key is recorded here.
  package func contains(idempotencyKey: UnsafeRawBufferPointer) -> Bool {
    clients.contains(idempotencyKey)
  }
}
