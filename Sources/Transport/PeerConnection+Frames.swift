import VSR
import Wire

// The link itself.
extension PeerConnection {
  /// Of `byteCount` bytes that came anew.
  func takeFrames(_ byteCount: Int) {
    guard let peer else { return }
    peers.links[peer].didReceive(bytes: byteCount)
    while phase == .open {
      let next: Message?
      do throws(FrameError) {
        next = try reader.next()
      } catch {
        return end(.garbage(error.words))
      }
      guard let message = next else { return }
      guard message.from == peer else { return end(.garbage("a message of server \(message.from)")) }
      peers.links[peer].didReceiveMessage()
      peers.tell(received: message)
    }
  }

  func send(_ message: Message) -> Outgoing.Result {
    let isBehind = message.payload.kind.isBulk && (stream?.pendingWriteBytes ?? 0) > 0
    return outgoing.put(message, isBehind: isBehind)
  }

  /// Gives the socket what waits, protocol first, as long as it takes it.
  func flush() {
    guard phase == .open, let stream, let peer else { return }
    while stream.pendingWriteBytes == 0, let given = outgoing.give(to: stream) {
      givenBytes += given.bytes
      peers.links[peer].didSend(messages: given.messages, bytes: given.bytes)
    }
  }
}
