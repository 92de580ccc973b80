import UV

@testable import Drill

/// Stands at the address of a server that is down, and keeps the greeting of whoever dials it as a peer.
final class Eavesdropper: ListenerHandler, StreamHandler {
  private let loop: Loop
  private var listener: Listener?
  private var streams: [UV.Stream] = []
  private var received: [ObjectIdentifier: [UInt8]] = [:]
  /// Whole greetings, as they came behind the request.
  private(set) var greetings: [[UInt8]] = []

  init(_ loop: Loop, at address: SocketAddress) throws {
    self.loop = loop
    listener = try Listener(loop, at: address, handler: self)
  }

  func close() {
    listener?.close()
    streams.forEach { $0.close() }
  }

  func listener(_ listener: Listener, accepted stream: UV.Stream) {
    streams.append(stream)
    stream.attach(self)
    stream.startReading()
  }

  func listener(_ listener: Listener, isShortOf error: UVError) { preconditionFailure("\(error)") }

  func stream(_ stream: UV.Stream, received bytes: UnsafeRawBufferPointer) {
    received[ObjectIdentifier(stream), default: []] += bytes
    let all = received[ObjectIdentifier(stream), default: []]
    let request = Array("GET /-/peer ".utf8)
    // A client of the trial that found the address in use again.
    guard all.count < request.count || all.starts(with: request) else { return stream.reset() }
    if all.count == bytes.count {
      stream.write(
        Array("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: quorate/1\r\n\r\n".utf8))
    }
    guard let end = position(of: Array("\r\n\r\n".utf8), in: all) else { return }
    let greeting = all[(end + 4)...]
    guard greeting.count > 4 else { return }
    // docs/wire.md: a greeting begins with the number of the bytes that follow, in four.
    let length = greeting.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) } + 4
    guard greeting.count >= length else { return }
    greetings.append(Array(greeting.prefix(length)))
    stream.close()
  }

  func streamEnded(_ stream: UV.Stream) { stream.close() }

  func stream(_ stream: UV.Stream, failed error: UVError) {}
}

/// Where `wanted` is last found.
func position(of wanted: [UInt8], in bytes: [UInt8]) -> Int? {
  guard bytes.count >= wanted.count else { return nil }
  return (0...(bytes.count - wanted.count)).last { bytes[$0...].starts(with: wanted) }
}
