/// The bounds of the store. They decide outcomes, so they are replicated state: equal at all replicas, in the
/// state hash and in snapshots.
package struct Limits: Hashable, Sendable {
  /// What a key costs besides its key and value bytes: its counter, its identity and its place in the table.
  package static let entryBytes = 48
  package static let storeBytesDefault = 64 << 20
  /// The tables address no more.
  package static let storeBytesMax = 1 << 30
  package static let outcomesDefault = 100_000
  package static let outcomesMax = 1_000_000
  package static let outcomeBytesDefault = 8 << 20
  package static let outcomeBytesMax = 256 << 20

  /// Conflicts that are kept, and bytes of their keys and values. Not to be chosen: equal everywhere as they are.
  package static let conflictsMax = 256
  package static let conflictBytesMax = 512 << 10

  /// Key bytes, value bytes and `entryBytes` for each key.
  package var storeBytes: Int
  /// Outcomes that are kept for their idempotency keys.
  package var outcomes: Int
  /// Bytes of their keys and recorded replies.
  package var outcomeBytes: Int

  package var isValid: Bool {
    0...Self.storeBytesMax ~= storeBytes && 0...Self.outcomesMax ~= outcomes
      && 0...Self.outcomeBytesMax ~= outcomeBytes
  }

  /// Each must be at most its `…Max`.
  package init(
    storeBytes: Int = storeBytesDefault, outcomes: Int = outcomesDefault,
    outcomeBytes: Int = outcomeBytesDefault
  ) {
    self.storeBytes = storeBytes
    self.outcomes = outcomes
    self.outcomeBytes = outcomeBytes
  }
}
