/// Which writes an fdatasync covers: only those that were complete when it was asked for.
///
/// Writes complete in the order of their positions, or are told so: a caller with several under way tells
/// `written` only of a position before which all are complete.
package struct SyncProgress: Sendable {
  /// Everything before it is written.
  package private(set) var written: Position
  /// Everything before it is durable.
  package private(set) var durable: Position
  /// What the sync under way will have made durable.
  private var covering: Position?

  package init(at position: Position) {
    written = position
    durable = position
  }

  package var isSyncing: Bool { covering != nil }
  package var needsSync: Bool { covering == nil && durable < written }

  package mutating func wrote(through position: Position) {
    precondition(position >= written)
    written = position
  }

  /// A sync of every file written since the last one is asked for now.
  package mutating func beginSync() {
    precondition(covering == nil)
    covering = written
  }

  /// It succeeded. (A failed one ends the process: what it covered is unknown for ever.)
  package mutating func endSync() -> Position {
    guard let covering else { preconditionFailure("no sync is under way") }
    durable = covering
    self.covering = nil
    return durable
  }
}
