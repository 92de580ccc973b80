/// The hosts that a client may talk to, as a comma-separated list: `a:1,b:2`. Order and repetition say
/// nothing; a place named twice is kept once.
package struct HostList: Equatable, Sendable {
  /// At least one, in the order written.
  package let hosts: [ServerAddress]

  /// A client may be given more names than a cluster has servers, for several clusters or old addresses;
  /// the bound only keeps a mistake (a file's content as the list) from becoming connections.
  package static let hostsMax = 64

  /// Reads `host:port[,host:port…]`; white space around an entry is ignored, an empty entry is an error.
  package init(parsing bytes: [UInt8]) throws(AddressError) {
    var hosts: [ServerAddress] = []
    for entry in bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let address = try ServerAddress(parsing: trimmed(entry))
      if hosts.contains(where: { $0.isSamePlace(as: address) }) { continue }
      guard hosts.count < Self.hostsMax else { throw AddressError("more than \(Self.hostsMax) hosts") }
      hosts.append(address)
    }
    self.hosts = hosts
  }

  /// The hosts of a servers.txt. That its first line is the reading server means nothing to a client.
  package init(_ file: ServersFile) {
    hosts = file.entries
  }
}
