import Servers
import VSR

/// What the transport tells the server. All calls come from the loop, never within a call to `Peers`.
package protocol PeersHandler: AnyObject {
  /// A message of the server that its header names, on the link that stands now.
  func peers(_ peers: Peers, received message: Message)

  /// The link was refused, reset or ended, or was given up: a hint that the process is gone. Once a loss; for a
  /// refused dial at most once every `PeerTimes.refusalHint`.
  func peers(_ peers: Peers, didLose server: ServerIndex)

  /// Something for the log.
  func peers(_ peers: Peers, notes event: PeerEvent)
}

/// One line of the log.
package struct PeerEvent: Equatable, Sendable {
  package enum Level: Sendable, Equatable {
    case info
    case warning
  }

  package let level: Level
  package let name: String
  package let fields: [Field]

  package struct Field: Equatable, Sendable {
    package let name: String
    package let value: String
  }

  init(_ level: Level, _ name: String, _ fields: KeyValuePairs<String, String>) {
    self.level = level
    self.name = name
    self.fields = fields.map { Field(name: $0.key, value: $0.value) }
  }

  /// The value of a field; nil: it has none of that name.
  package subscript(name: String) -> String? {
    fields.first { $0.name == name }?.value
  }
}

/// What a server says of itself when it connects.
package struct PeerIdentity: Sendable {
  package var incarnation: Incarnation
  /// Of this run of the process: a connection that ends at its own begin is known by it.
  package var session: Session
  /// Bytes that the store may hold: equal at all servers.
  package var storeLimit: Int
  /// The program's: it may differ.
  package var version: String

  package init(incarnation: Incarnation, session: Session, storeLimit: Int, version: String) {
    (self.incarnation, self.session) = (incarnation, session)
    (self.storeLimit, self.version) = (storeLimit, version)
  }
}

/// What is known of one peer's link.
package struct PeerReport: Equatable, Sendable {
  package enum Link: Equatable, Sendable { case up, down, connecting }

  package struct Traffic: Equatable, Sendable {
    package var messages: UInt64 = 0
    /// Of frames, without what TCP and IP add.
    package var bytes: UInt64 = 0
  }

  package var link = Link.down
  package var sent = Traffic()
  package var received = Traffic()
  /// Messages that were not sent, for want of a link or of room.
  package var dropped: UInt64 = 0
  /// The wire version that is spoken, and the peer's program's version, of the link that is up.
  package var wireVersion: UInt8?
  package var programVersion: String?
}
