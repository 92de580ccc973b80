import Disk
import Transport

/// One event worth a line of the log: a transition, never a request.
package struct Note: Sendable {
  package enum Level: Sendable { case error, warn, info, debug }

  package let level: Level
  /// One word, such as `view-entered`.
  package let event: String
  package let fields: [(name: String, value: String)]

  package init(_ level: Level, _ event: String, _ fields: [(name: String, value: String)] = []) {
    (self.level, self.event, self.fields) = (level, event, fields)
  }
}

extension Note {
  init(_ event: PeerEvent) {
    let level: Level =
      switch event.level {
      case .info: .info
      case .warning: .warn
      }
    self.init(level, event.name, event.fields.map { ($0.name, $0.value) })
  }

  /// What was found on the disk, in words.
  package init(_ note: DiskNote) {
    switch note {
    case .empty, .intact: self.init(.debug, "journal", [("found", note.message)])
    case .torn: self.init(.warn, "journal", [("found", note.message)])
    case .damaged: self.init(.error, "journal", [("found", note.message)])
    }
  }
}

/// What a replica driver tells the program that runs it.
package protocol ReplicaDriverOwner: AnyObject {
  func driver(_ driver: ReplicaDriver, notes note: Note)

  /// The disk failed: nothing more may be said to anybody. The process ends.
  func driver(_ driver: ReplicaDriver, failed reason: String)
}
