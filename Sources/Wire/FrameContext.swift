import Bytes
import VSR

/// What one direction of a connection has said that later frames of version 2 leave out. Writer and reader keep
/// the same, since they see the same frames in the same order: all but those of a bulk kind (`FrameKind.isBulk`),
/// which stand for themselves and may be overtaken or dropped.
struct FrameContext: Hashable, Sendable {
  struct Header: Hashable, Sendable {
    var epoch: EpochID
    var incarnation: Incarnation
  }

  struct Prepared: Hashable, Sendable {
    var op: Op
    var view: View
    var digest: Digest
  }

  private(set) var header: Header?
  /// The last `Prepare`.
  private(set) var prepared: Prepared?

  /// Whether `prepare` is the op after the last one, in its view: then place and parent need no saying.
  func isContinued(by prepare: Prepare) -> Bool {
    guard let prepared else { return false }
    return prepare.entry.op == prepared.op + 1 && prepare.parent == prepared.digest
      && prepare.view == prepared.view && prepare.entry.view == prepared.view
  }

  mutating func remember(_ message: Message) {
    if message.payload.kind.isBulk { return }
    header = Header(epoch: message.epoch, incarnation: message.incarnation)
    guard case .prepare(let prepare) = message.payload else { return }
    prepared = Prepared(op: prepare.entry.op, view: prepare.view, digest: prepare.entry.digest)
  }
}

/// The byte after a frame's length in version 2.
struct FrameCode {
  static let kindMask: UInt8 = 0x1f
  /// Epoch and incarnation are those of the last frame.
  static let sameHeader: UInt8 = 0x20
  /// A `Prepare` that continues the last one.
  static let continues: UInt8 = 0x40
  static let reserved: UInt8 = 0x80
}
