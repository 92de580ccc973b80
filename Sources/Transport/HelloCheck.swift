import Servers
import VSR
import Wire

/// Says hello, and judges the peer's.
struct HelloCheck {
  let servers: ServerSet
  let identity: PeerIdentity
  let versions: ClosedRange<UInt8>

  enum Verdict: Equatable {
    case fit(ServerIndex, WireVersion)
    /// One line.
    case unfit(String)
  }

  func hello(to addressee: String, epochNumber: UInt64) -> Hello {
    Hello(
      versions: versions, digest: servers.digest, servers: servers.members.map(\.text),
      own: servers.own.text, addressee: addressee, incarnation: identity.incarnation,
      session: identity.session, epochNumber: epochNumber, storeLimit: UInt64(identity.storeLimit),
      program: identity.version)
  }

  /// `dialled`: whom this server has called; nil: it was called.
  func judge(_ hello: Hello, dialled: ServerIndex?) -> Verdict {
    guard let version = WireVersion.common(hello.versions, versions) else {
      return .unfit("wire versions \(text(hello.versions)) there, \(text(versions)) here")
    }
    if hello.session == identity.session { return .unfit("a connection to itself") }
    if hello.own == servers.own.text { return .unfit("another process says that it is \(hello.own)") }
    if let difference = servers.difference(to: hello.servers) {
      let stranger = servers.members.contains { $0.text == hello.own } ? "" : "\(hello.own) is a stranger; "
      return .unfit("\(stranger)servers.txt differs: \(difference)")
    }
    guard hello.digest == servers.digest else { return .unfit("the digest of servers.txt differs") }
    guard let index = servers.members.firstIndex(where: { $0.text == hello.own }) else {
      return .unfit("\(hello.own) is a stranger")
    }
    if let fault = placeFault(hello, index, dialled) { return .unfit(fault) }
    guard hello.storeLimit == UInt64(identity.storeLimit) else {
      return .unfit("store limit \(hello.storeLimit) bytes there, \(identity.storeLimit) here")
    }
    return .fit(index, version)
  }

  private func placeFault(_ hello: Hello, _ index: ServerIndex, _ dialled: ServerIndex?) -> String? {
    if let dialled, dialled != index {
      return "dialled \(servers.members[dialled]), reached \(hello.own)"
    }
    guard hello.addressee == servers.own.text else {
      return "meant for \(hello.addressee), this is \(servers.own)"
    }
    guard dialled != nil || index > servers.ownIndex else {
      return "\(hello.own) is dialled by this server, and dials none of it"
    }
    return nil
  }

  private func text(_ range: ClosedRange<UInt8>) -> String {
    "\(range.lowerBound)...\(range.upperBound)"
  }
}
