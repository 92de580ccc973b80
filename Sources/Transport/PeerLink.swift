import Servers
import UV
import VSR
import Wire

/// The link to one server, whatever connection it has: dials it if that is this server's part, counts.
final class PeerLink {
  private unowned let peers: Peers
  let server: ServerIndex
  /// The connection that is the link, or that is to become it.
  private(set) var connection: PeerConnection?
  private var counts = PeerReport()
  private var redialTimer: Timer?
  private var lookup: Lookup?
  /// How long to wait before the next attempt, milliseconds.
  private var backoff: UInt64
  private var attempts = 0
  private var hintedAt: UInt64?

  init(_ peers: Peers, _ server: ServerIndex) {
    self.peers = peers
    self.server = server
    backoff = peers.times.redialMin
  }

  private var address: ServerAddress { peers.servers.members[server] }

  func close() {
    redialTimer?.close()
    redialTimer = nil
    lookup?.cancel()
    lookup = nil
    connection?.close()
    connection = nil
  }
}

// Dialling
extension PeerLink {
  /// Begins to connect, if that is this server's part and it has not begun.
  func dial() {
    guard server < peers.servers.ownIndex, connection == nil, lookup == nil, !peers.isClosed else { return }
    if let known = SocketAddress(address.host, port: address.port) { return connect(to: known) }
    do throws(UVError) {
      lookup = try Lookup(peers.loop, host: address.host, port: address.port) { [unowned self] found in
        lookup = nil
        switch found {
        // A name may have addresses of which some lead nowhere.
        case .success(let addresses): connect(to: addresses[attempts % addresses.count])
        case .failure(let error): didNotConnect(error, after: peers.times.redialRefused)
        }
      }
    } catch {
      didNotConnect(error, after: peers.times.redialRefused)
    }
  }

  private func connect(to socket: SocketAddress) {
    attempts += 1
    do throws(UVError) {
      connection = try PeerConnection(peers, dialling: server, at: socket)
    } catch {
      didNotConnect(error, after: nextBackoff())
    }
  }

  private func didNotConnect(_ error: UVError, after delay: UInt64) {
    noteUnreachable(error.message)
    redial(after: delay)
  }

  private func redial(after delay: UInt64) {
    guard server < peers.servers.ownIndex, !peers.isClosed else { return }
    if redialTimer == nil { redialTimer = Timer(peers.loop) { [unowned self] in dial() } }
    redialTimer?.start(after: delay)
  }

  /// Doubles up to the greatest. Each pair's is a little shorter than the next one's, so that servers that lost
  /// each other together do not meet each other together for ever.
  private func nextBackoff() -> UInt64 {
    let pair = UInt64(peers.servers.ownIndex * serversMax + server)
    let delay = backoff - backoff * pair / 100
    backoff = min(2 * backoff, peers.times.redialMax)
    return delay
  }
}

// What its connection tells
extension PeerLink {
  func adopt(_ opened: PeerConnection) {
    if let connection, connection !== opened {
      counts.dropped += UInt64(connection.outgoing.messageCount)
      connection.close()
    }
    connection = opened
    backoff = peers.times.redialMin
    guard let hello = opened.hello else { return }
    peers.note(
      PeerEvent(
        .info, "peer-linked",
        [
          "peer": address.text, "wire": "\(opened.outgoing.version.rawValue)", "version": hello.program,
          "epoch": "\(hello.epochNumber)", "incarnation": "\(hello.incarnation)",
        ]))
  }

  func didEnd(_ ended: PeerConnection, _ ending: Ending) {
    guard ended === connection else { return }
    connection = nil
    counts.dropped += UInt64(ended.outgoing.messageCount)
    redial(after: ending.isLasting ? peers.times.redialRefused : nextBackoff())
    if ended.wasOpen {
      peers.note(PeerEvent(.info, "peer-lost", ["peer": address.text, "reason": ending.reason]))
      peers.tell(loss: server)
    } else if ending.isLasting {
      peers.note(refusal: ending.reason, of: ended)
    } else {
      noteUnreachable(ending.reason)
      if ending.isRefusal { hint() }
    }
  }

  private func noteUnreachable(_ reason: String) {
    peers.note(
      PeerEvent(.warning, "peer-unreachable", ["peer": address.text, "reason": reason]),
      about: address.text, reason: reason)
  }

  private func hint() {
    let now = peers.loop.now
    if let hintedAt, now < hintedAt + peers.times.refusalHint { return }
    hintedAt = now
    peers.tell(loss: server)
  }
}

// Sending and counting
extension PeerLink {
  func send(_ message: Message) {
    guard let connection, connection.phase == .open else {
      counts.dropped += 1
      return
    }
    switch connection.send(message) {
    case .queued:
      if connection.outgoing.frameBytes > PeerBounds.burstBytesMax { connection.flush() }
    case .displaced(let count): counts.dropped += UInt64(count)
    case .unknown: counts.dropped += 1
    case .tooLong:
      counts.dropped += 1
      let reason = "no frame has room for a message of kind \(message.payload.kind)"
      peers.note(
        PeerEvent(.warning, "peer-message-too-long", ["peer": address.text, "reason": reason]),
        about: address.text, reason: reason)
    case .overflow: connection.end(.overflow)
    }
  }

  func flush() { connection?.flush() }

  @inline(__always)
  func didReceive(bytes: Int) { counts.received.bytes += UInt64(bytes) }

  @inline(__always)
  func didReceiveMessage() { counts.received.messages += 1 }

  func didSend(messages: Int, bytes: Int) {
    counts.sent.messages += UInt64(messages)
    counts.sent.bytes += UInt64(bytes)
  }

  var report: PeerReport {
    var report = counts
    guard let connection else { return report }
    report.link = connection.phase == .open ? .up : .connecting
    if connection.phase == .open {
      report.wireVersion = connection.outgoing.version.rawValue
      report.programVersion = connection.hello?.program
    }
    return report
  }
}
