import Bytes
import VSR

// What both ends of a connection say before the first frame. Its layout never changes, so that programs of any
// two versions understand why they do not understand each other:
//
//   length        u32: the bytes that follow
//   zero          u8: no frame of version 1 has it there
//   kind          u8: 1 hello, 2 refusal, 3 welcome
//   fields        a later program may add to a hello's end: what follows the known ones is passed over

/// One statement of the beginning of a connection.
package enum Greeting: Hashable, Sendable {
  /// Who I am, and what must be alike.
  case hello(Hello)
  /// Why I do not talk to you, in one line; then the connection ends.
  case refusal(String)
  /// Your hello is right. Frames of this version follow.
  case welcome(version: UInt8)

  /// What a greeting may count in its length field.
  package static let bytesMax = 8192
  /// Bytes of a refusal's text.
  package static let reasonBytesMax = 4096
}

/// How a server presents itself.
package struct Hello: Hashable, Sendable {
  /// The wire versions that it speaks.
  package var versions: ClosedRange<UInt8>
  /// Digest of its sorted set of servers, and the set as written.
  package var digest: Digest
  package var servers: [String]
  /// Its own address, and the one that it believes it talks to.
  package var own: String
  package var addressee: String
  package var incarnation: Incarnation
  package var session: Session
  package var epochNumber: UInt64
  /// Bytes that its store may hold: replicated execution depends on it.
  package var storeLimit: UInt64
  /// Its program's version.
  package var program: String

  /// Bytes of an address and of a program's version.
  package static let addressBytesMax = 320
  package static let programBytesMax = 64

  package init(
    versions: ClosedRange<UInt8>, digest: Digest, servers: [String], own: String, addressee: String,
    incarnation: Incarnation, session: Session, epochNumber: UInt64, storeLimit: UInt64, program: String
  ) {
    self.versions = versions
    self.digest = digest
    self.servers = servers
    self.own = own
    self.addressee = addressee
    self.incarnation = incarnation
    self.session = session
    self.epochNumber = epochNumber
    self.storeLimit = storeLimit
    self.program = program
  }
}
