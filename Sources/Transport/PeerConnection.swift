import UV
import VSR
import Wire

/// One TCP connection to a peer, from its begin to its end. Frames follow once both sides have said hello and
/// welcomed the other's.
final class PeerConnection {
  enum Phase {
    /// Dialled, and TCP is not done yet.
    case connecting
    /// Dialled: the request is out, 101 is awaited.
    case upgrading
    /// The peer's hello is awaited.
    case greeting
    /// Its hello is right; its welcome is awaited.
    case welcoming
    case open
    /// This server has said why it will not; what still comes is discarded.
    case refusing
    case closed
  }

  unowned let peers: Peers
  private(set) var stream: UV.Stream?
  /// Whom this server has called; nil: it was called.
  let dialled: ServerIndex?
  private let origin: String
  private(set) var phase: Phase
  /// Whose hello was right, and what it said.
  var peer: ServerIndex?
  var hello: Hello?
  private(set) var wasOpen = false
  /// What this server has found unfit.
  var refusal = ""

  /// What was read before the link stood, and not taken yet.
  var input: [UInt8] = []
  /// Of a connection that came: what came early is still to be looked at.
  private var isUnread = false
  var reader: FrameReader
  var outgoing = Outgoing(.one)

  /// When the present wait began, and when bytes came last: the loop's milliseconds.
  private var waitBegan: UInt64
  private var heardAt: UInt64
  /// Bytes of frames that the socket was given, how many of them it had taken at the last look, and since when
  /// it has been that many while others were pending.
  var givenBytes = 0
  private var takenSeen = 0
  private var takenSince: UInt64 = 0

  /// Dials, from the own address where that can be.
  init(_ peers: Peers, dialling server: ServerIndex, at address: SocketAddress) throws(UVError) {
    self.peers = peers
    dialled = server
    origin = peers.servers.members[server].text
    phase = .connecting
    waitBegan = peers.loop.now
    heardAt = waitBegan
    reader = FrameReader(serverCount: peers.servers.count)
    if let source = peers.source(towards: address) {
      stream = try? UV.Stream.connect(peers.loop, to: address, from: source, handler: self)
    }
    // The machine may not have that address: not any more, or it is known by it only beyond a translation.
    if stream == nil { stream = try UV.Stream.connect(peers.loop, to: address, handler: self) }
  }

  /// Takes a stream that was upgraded. It is read once `beginReading` is called.
  init(_ peers: Peers, arrived stream: UV.Stream, early: UnsafeRawBufferPointer) {
    self.peers = peers
    self.stream = stream
    dialled = nil
    origin = stream.peerAddress?.host ?? "unknown"
    phase = .greeting
    waitBegan = peers.loop.now
    heardAt = waitBegan
    reader = FrameReader(serverCount: peers.servers.count)
    input.append(contentsOf: early)
    isUnread = true
    stream.attach(self)
  }

  /// Of a connection that came: takes what came early, and reads on. Once.
  func beginReading() {
    guard isUnread else { return }
    isUnread = false
    takeInput()
    stream?.startReading()
  }

  /// For the log: the peer's address as written, or where the connection came from.
  var name: String { peer.map { peers.servers.members[$0].text } ?? origin }

  /// The server whose link this is to be, or was.
  var link: ServerIndex? { dialled ?? (wasOpen ? peer : nil) }

  func beginWait(_ next: Phase) {
    phase = next
    waitBegan = peers.loop.now
  }

  func open(_ peer: ServerIndex) {
    phase = .open
    wasOpen = true
    takenSince = peers.loop.now
    peers.didOpen(self, to: peer)
  }

  /// Ends it without a word to anybody.
  func close() {
    phase = .closed
    stream?.close()
    stream = nil
  }

  func end(_ ending: Ending) {
    guard phase != .closed else { return }
    // What the system has yet to send is of no use to anybody.
    if ending.isAbrupt { stream?.reset() }
    close()
    peers.didEnd(self, ending)
  }
}

// Time
extension PeerConnection {
  /// Ends it if it is late by `time`, before which all that came was read.
  func judge(at time: UInt64) {
    let times = peers.times
    switch phase {
    case .connecting: if time >= waitBegan + times.connect { end(.late) }
    case .upgrading, .greeting, .welcoming:
      if time >= waitBegan + (dialled == nil ? times.handshake : times.greeting) { end(.late) }
    case .refusing: if time >= waitBegan + times.handshake { end(.unfit(refusal)) }
    case .open:
      if time >= heardAt + times.silence { return end(.silent) }
      judgePending(at: time)
    case .closed: break
    }
  }

  private func judgePending(at time: UInt64) {
    let pending = stream?.pendingWriteBytes ?? 0
    if pending == 0 || givenBytes - pending > takenSeen {
      takenSeen = givenBytes - pending
      takenSince = peers.loop.now
    } else if time >= takenSince + peers.times.stall {
      end(.stalled)
    }
  }
}

extension PeerConnection: StreamHandler {
  func streamConnected(_ stream: UV.Stream) {
    guard let dialled else { return }
    beginWait(.upgrading)
    let address = peers.servers.members[dialled].text
    var request = UpgradeExchange.request(host: address)
    request.put(.hello(peers.check.hello(to: address, epochNumber: peers.epochNumber)))
    stream.write(request)
    stream.startReading()
  }

  func stream(_ stream: UV.Stream, received bytes: UnsafeRawBufferPointer) {
    heardAt = peers.loop.now
    switch phase {
    case .open:
      reader.append(bytes)
      takeFrames(bytes.count)
    case .upgrading, .greeting, .welcoming:
      input.append(contentsOf: bytes)
      takeInput()
    case .connecting, .refusing, .closed: break
    }
  }

  func streamEnded(_ stream: UV.Stream) {
    end(phase == .refusing ? .unfit(refusal) : .ended)
  }

  func stream(_ stream: UV.Stream, failed error: UVError) {
    switch phase {
    case .refusing: end(.unfit(refusal))
    case .connecting where error == .connectionRefused: end(.refusedDial)
    case .connecting, .upgrading, .greeting, .welcoming, .open, .closed: end(.failed(error))
    }
  }

  func streamDrained(_ stream: UV.Stream) { flush() }
}
