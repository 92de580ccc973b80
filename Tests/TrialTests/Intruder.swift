import UV

@testable import Drill

/// A connection to a server that speaks nonsense where a peer is expected.
final class Intruder: StreamHandler {
  enum Kind {
    /// No HTTP at all.
    case noise
    /// A right upgrade, then noise.
    case upgradeThenNoise
    /// A right upgrade, then the announcement of more than any frame may have.
    case upgradeThenOversize
    /// A right upgrade, then what begins as a hello does.
    case upgradeThenHello
    /// A right upgrade and a greeting, right or not quite, then noise.
    case greetingThenNoise
    /// A right upgrade, then nothing.
    case silence
    /// A right upgrade, a byte at a time.
    case slow

    static let plain: [Kind] = [
      .noise, .upgradeThenNoise, .upgradeThenOversize, .upgradeThenHello, .silence, .slow,
    ]

    /// The server has reason to end the connection at once.
    var isRefusedAtOnce: Bool {
      switch self {
      case .noise, .upgradeThenNoise, .upgradeThenOversize, .upgradeThenHello, .greetingThenNoise: true
      case .silence, .slow: false
      }
    }
  }

  static let noiseMax = 4_096
  private static let byteMilliseconds: UInt64 = 5

  let kind: Kind
  private var stream: UV.Stream!
  private var rest: [UInt8]
  private var step: UV.Timer!
  private(set) var isEnded = false

  /// `greeting`: what to say behind the upgrade.
  init(
    _ kind: Kind, greeting: [UInt8] = [], at server: Int, of cluster: Cluster,
    _ generator: inout SeededGenerator
  ) throws {
    self.kind = kind
    let host = cluster.ground.address(server)
    let request = "GET /-/peer HTTP/1.1\r\nHost: \(host)\r\nConnection: Upgrade\r\nUpgrade: quorate/1\r\n\r\n"
    rest = Array(request.utf8)
    let noise = (0..<1 + generator.below(Intruder.noiseMax)).map { _ in UInt8(generator.below(256)) }
    switch kind {
    case .noise: rest = [0] + noise + Array("\r\n\r\n".utf8)
    // No greeting has a last byte of its length that is not zero.
    case .upgradeThenNoise: rest += [1, 2, 3, 4] + noise
    case .upgradeThenOversize: rest += [0xff, 0xff, 0xff, 0x7f, 0, 1] + noise
    case .upgradeThenHello:
      rest += [200, 0, 0, 0, 0, 1] + Array("QRTE".utf8) + noise + Array(repeating: 0, count: 200)
    case .greetingThenNoise: rest += greeting + noise
    case .silence, .slow: break
    }
    let address = cluster.ground.socketAddress(server)
    stream = try cluster.ground.asClient { try UV.Stream.connect(cluster.loop, to: address, handler: self) }
    step = UV.Timer(cluster.loop) { [unowned self] in sendByte() }
  }

  func streamConnected(_ stream: UV.Stream) {
    stream.startReading()
    if kind == .slow { return step.start(after: 1, repeating: Intruder.byteMilliseconds) }
    stream.write(rest)
  }

  private func sendByte() {
    guard let byte = rest.first else { return step.stop() }
    rest.removeFirst()
    stream.write([byte])
  }

  func stream(_ stream: UV.Stream, received bytes: UnsafeRawBufferPointer) {}

  func streamEnded(_ stream: UV.Stream) { close() }

  func stream(_ stream: UV.Stream, failed error: UVError) { close() }

  func close() {
    isEnded = true
    stream.close()
    step.close()
  }
}
