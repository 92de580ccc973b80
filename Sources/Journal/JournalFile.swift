import Bytes

/// The files of a journal's directory, by what their names say.
package enum JournalFile: Hashable, Sendable {
  case meta
  /// A file on its way to be `meta`, a segment or a snapshot. It counts for nothing until it is renamed, which
  /// happens only once it is whole and synced.
  case metaDraft
  case segmentDraft
  case snapshotDraft
  /// Held locked while a process uses the directory.
  case lock
  /// A segment, by its sequence number, from 1.
  case segment(UInt64)
  /// The state after this op.
  case snapshot(UInt64)

  package init?(name: String) {
    switch name {
    case "meta": self = .meta
    case "meta.new": self = .metaDraft
    case "segment.new": self = .segmentDraft
    case "snapshot.new": self = .snapshotDraft
    case "lock": self = .lock
    default:
      if name.hasSuffix(".log"), let number = sixteenDigits(name.dropLast(4)) {
        self = .segment(number)
      } else if name.hasSuffix(".snap"), let number = sixteenDigits(name.dropLast(5)) {
        self = .snapshot(number)
      } else {
        return nil
      }
    }
  }

  package var name: String {
    switch self {
    case .meta: "meta"
    case .metaDraft: "meta.new"
    case .segmentDraft: "segment.new"
    case .snapshotDraft: "snapshot.new"
    case .lock: "lock"
    case .segment(let sequence): hexadecimal(sequence) + ".log"
    case .snapshot(let op): hexadecimal(op) + ".snap"
    }
  }
}

/// Exactly as `hexadecimal` writes them: a number has one name only.
private func sixteenDigits(_ text: Substring) -> UInt64? {
  guard let number = UInt64(text, radix: 16), hexadecimal(number) == text else { return nil }
  return number
}
