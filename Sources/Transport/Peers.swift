import Servers
import UV
import VSR
import Wire

/// The links to all other servers: one connection a pair, which the server with the higher index dials. What is
/// sent while a link is down is dropped, and what is sent over one that stands may be lost with it: the protocol
/// repeats. Nothing is reordered but bulk, nothing is doubled, and no byte of a connection is taken once a newer
/// one of the same peer is verified.
package final class Peers {
  let loop: Loop
  let servers: ServerSet
  let check: HelloCheck
  let times: PeerTimes
  /// The greatest epoch number that this server knows, for its hello.
  package var epochNumber: UInt64 = 0

  private unowned let handler: any PeersHandler
  private(set) var links: [PeerLink] = []
  /// Connections that came and are not verified yet, oldest first.
  private(set) var arrivals: [PeerConnection] = []
  private var clock: PeersClock?
  private var limiter: NoteLimiter
  /// Links with something to flush.
  private var dirty = ServerMask()
  /// Calls of the owner's that are under way: nothing is told within them.
  private var callDepth = 0
  private var untold: [Notice] = []
  private(set) var isClosed = false

  private enum Notice {
    case loss(ServerIndex)
    case note(PeerEvent)
  }

  /// `handler` is not held: it closes the peers before it goes. `close()` is due in the end.
  package init(
    _ loop: Loop, servers: ServerSet, identity: PeerIdentity, handler: any PeersHandler,
    times: PeerTimes = PeerTimes(), versions: ClosedRange<UInt8> = WireVersion.spoken
  ) {
    self.loop = loop
    self.servers = servers
    self.handler = handler
    self.times = times
    check = HelloCheck(servers: servers, identity: identity, versions: versions)
    limiter = NoteLimiter(interval: times.noteAgain)
    links = servers.members.indices.map { PeerLink(self, $0) }
    clock = PeersClock(self)
  }

  deinit { precondition(isClosed, "peers that nobody closed") }

  /// Where to dial `address` from, so that this server is seen there, and can be cut off, under the address that it
  /// is known by. Nil: the system chooses.
  func source(towards address: SocketAddress) -> SocketAddress? {
    guard let own = SocketAddress(servers.own.host, port: 0), !own.isAny, own.family == address.family,
      address.isLoopback || !own.isLoopback
    else { return nil }
    return own
  }

  /// Dials the servers that this one has to.
  package func start() {
    precondition(!isClosed)
    // The loop's time may be from before a long start, and would count against the connections.
    loop.updateTime()
    call { for link in links { link.dial() } }
  }

  /// Takes a stream whose `GET /-/peer` was answered 101 and that has no handler. `early`: what was read behind
  /// the request.
  package func accept(_ stream: UV.Stream, early: UnsafeRawBufferPointer) {
    guard !isClosed else { return stream.close() }
    call {
      let connection = PeerConnection(self, arrived: stream, early: early)
      makeRoom()
      arrivals.append(connection)
      clock?.callSoon()
    }
  }

  /// To be sent by the next `flush()`.
  package func send(_ message: Message, to server: ServerIndex) {
    precondition(message.from == servers.ownIndex && server != servers.ownIndex)
    call {
      links[server].send(message)
      dirty.insert(server)
    }
  }

  /// To be called at the end of a turn: one write a peer.
  package func flush() {
    guard dirty.bits != 0 else { return }
    let flushed = dirty
    dirty = ServerMask()
    call { for link in links where flushed.contains(link.server) { link.flush() } }
  }

  package func report(on server: ServerIndex) -> PeerReport { links[server].report }

  /// Ends all links at once. Nothing is told any more. May be called again, and at any time.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    untold = []
    clock?.close()
    clock = nil
    for connection in arrivals { connection.close() }
    arrivals = []
    for link in links { link.close() }
  }
}

// Telling
extension Peers {
  @inline(__always)
  private func call(_ body: () -> Void) {
    callDepth += 1
    body()
    callDepth -= 1
  }

  func tell(received message: Message) { handler.peers(self, received: message) }

  func tell(loss server: ServerIndex) { tell(.loss(server)) }

  /// `about` and `reason`: a line that says the same of the same peer is not repeated soon.
  func note(_ event: PeerEvent, about peer: String, reason: String) {
    guard limiter.allows("\(event.name) \(peer) \(reason)", at: loop.now) else { return }
    tell(.note(event))
  }

  func note(_ event: PeerEvent) { tell(.note(event)) }

  private func tell(_ notice: Notice) {
    guard !isClosed else { return }
    untold.append(notice)
    if callDepth > 0 { clock?.callSoon() } else { tellUntold() }
  }

  private func tellUntold() {
    while !isClosed, !untold.isEmpty {
      switch untold.removeFirst() {
      case .loss(let server): handler.peers(self, didLose: server)
      case .note(let event): handler.peers(self, notes: event)
      }
    }
  }

  /// What was put off until the owner's call had returned.
  func doLater() {
    tellUntold()
    for connection in arrivals { connection.beginReading() }
  }
}

// Connections
extension Peers {
  /// A verified connection takes the place of an older one, of which nothing is taken any more.
  func didOpen(_ connection: PeerConnection, to server: ServerIndex) {
    arrivals.removeAll { $0 === connection }
    links[server].adopt(connection)
  }

  func didEnd(_ connection: PeerConnection, _ ending: Ending) {
    arrivals.removeAll { $0 === connection }
    if let server = connection.link {
      links[server].didEnd(connection, ending)
    } else if let reason = ending.warning {
      note(refusal: reason, of: connection)
    }
  }

  /// This server found that a connection will not do.
  func note(refusal reason: String, of connection: PeerConnection) {
    note(
      PeerEvent(.warning, "peer-refused", ["peer": connection.name, "reason": reason]),
      about: connection.name, reason: reason)
  }

  private func makeRoom() {
    guard arrivals.count >= PeerBounds.arrivalsMax else { return }
    arrivals[0].end(.crowded)
  }

  /// Ends what has been silent for too long. `time`: whatever came before it has been read.
  func judge(at time: UInt64) {
    for connection in arrivals { connection.judge(at: time) }
    for link in links { link.connection?.judge(at: time) }
  }
}
