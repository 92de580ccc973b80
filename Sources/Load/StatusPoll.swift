import HTTP
import Servers
import UV

/// What one server's `/-/status` says of the cluster.
package struct ClusterView: Equatable, Sendable {
  package var view: UInt64?
  package var primary: String?
  package var version: String?

  /// The first members of these names; nested objects of a status have none of them.
  init(parsing text: UnsafeRawBufferPointer) {
    let text = String(decoding: text, as: UTF8.self)
    view = Self.value(of: "view", in: text).flatMap { UInt64($0) }
    primary = Self.value(of: "primary", in: text)
    version = Self.value(of: "version", in: text)
  }

  /// A string without its quotes, or a number; nil: it is not there, or null.
  private static func value(of name: String, in text: String) -> String? {
    var rest = Substring(text)
    while let quote = rest.firstIndex(of: "\"") {
      rest = rest[rest.index(after: quote)...]
      guard rest.hasPrefix("\(name)\"") else { continue }
      let after = rest.dropFirst(name.count + 1).drop(while: \.isWhitespace)
      guard after.first == ":" else { continue }
      let value = after.dropFirst().drop(while: \.isWhitespace)
      if value.first == "\"" { return String(value.dropFirst().prefix { $0 != "\"" }) }
      let word = value.prefix { !($0 == "," || $0 == "}" || $0.isWhitespace) }
      return word == "null" ? nil : String(word)
    }
    return nil
  }
}

/// Asks a host for its status each time it is told to, over a connection of its own, so that the answer does not
/// wait behind the load. A host that has not answered by the next time is left for the next one.
final class StatusPoll: StreamHandler {
  private let loop: Loop
  private let hosts: [ServerAddress]
  private var current = 0
  private var stream: Stream?
  private var lookup: Lookup?
  private var parser = ResponseParser()
  private var isAwaited = false
  private var isClosed = false
  /// What was heard last; nil: the last question was not answered.
  private(set) var latest: ClusterView?
  /// What the host that answered last runs.
  private(set) var version: String?

  init(_ loop: Loop, _ hosts: [ServerAddress]) {
    self.loop = loop
    self.hosts = hosts
  }

  func close() {
    isClosed = true
    drop()
  }

  func ask() {
    if isAwaited { moveOn() }
    isAwaited = true
    if let stream { return send(stream) }
    let host = hosts[current]
    if host.isNumeric, let address = SocketAddress(host.host, port: host.port) { return connect(address) }
    lookup = try? Lookup(loop, host: host.host, port: host.port) { [weak self] result in
      guard let self, !isClosed, lookup != nil else { return }
      lookup = nil
      if case .success(let addresses) = result { connect(addresses[0]) }
    }
  }

  private func connect(_ address: SocketAddress) {
    stream = try? Stream.connect(loop, to: address, handler: self)
  }

  private func send(_ stream: Stream) {
    guard stream.isConnected else { return }
    var request: [UInt8] = []
    RequestWriter(host: Array(hosts[current].text.utf8)).putAdmin(.get, path: "/-/status", into: &request)
    stream.write(request)
  }

  private func moveOn() {
    drop()
    latest = nil
    current = (current + 1) % hosts.count
  }

  private func drop() {
    lookup?.cancel()
    lookup = nil
    stream?.close()
    stream = nil
    parser = ResponseParser()
    isAwaited = false
  }

  func streamConnected(_ stream: Stream) {
    stream.startReading()
    send(stream)
  }

  func stream(_ stream: Stream, received bytes: UnsafeRawBufferPointer) {
    var input = bytes
    switch parser.next(&input) {
    case .needsMore: break
    case .malformed: moveOn()
    case .response(let response):
      isAwaited = false
      latest = response.status == 200 ? ClusterView(parsing: response.body) : nil
      version = latest?.version ?? version
      if !response.keepsAlive { drop() }
    }
  }

  func streamEnded(_ stream: Stream) { drop() }

  func stream(_ stream: Stream, failed error: UVError) {
    self.stream = nil
    moveOn()
  }
}
