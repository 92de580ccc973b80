import VSR
import Wire

// The begin of a connection: upgrade, hello, welcome. The one that dialled says hello with its request, so a
// link stands one round trip after its TCP connection.
extension PeerConnection {
  /// Takes all greetings that are whole; what follows the last is frames.
  func takeInput() {
    var taken = 0
    while let count = takeGreeting(from: taken) { taken += count }
    switch phase {
    case .open:
      let frames = input.count - taken
      input.withUnsafeBytes { reader.append(UnsafeRawBufferPointer(rebasing: $0[taken...])) }
      input = []
      if frames > 0 { takeFrames(frames) }
    case .upgrading, .greeting, .welcoming: input.removeFirst(taken)
    case .connecting, .refusing, .closed: input = []
    }
  }

  /// How many bytes it took; nil: none is whole, or none is awaited any more.
  private func takeGreeting(from start: Int) -> Int? {
    switch phase {
    case .upgrading: return takeUpgrade(from: start)
    case .greeting, .welcoming: break
    case .connecting, .open, .refusing, .closed: return nil
    }
    var found: (greeting: Greeting, count: Int)?
    var fault: FrameError?
    input.withUnsafeBytes { bytes in
      do throws(FrameError) {
        found = try Greeting.take(from: UnsafeRawBufferPointer(rebasing: bytes[start...]))
      } catch {
        fault = error
      }
    }
    if let fault { end(.garbage(fault.words)) }
    guard let found else { return nil }
    take(found.greeting)
    return found.count
  }

  private func takeUpgrade(from start: Int) -> Int? {
    switch UpgradeExchange.judge(input[start...]) {
    case .incomplete: return nil
    case .refused(let line):
      end(.notUpgraded(line))
      return nil
    case .upgraded(let count):
      beginWait(.greeting)
      return count
    }
  }

  private func take(_ greeting: Greeting) {
    switch (greeting, phase) {
    case (.hello(let hello), .greeting): take(hello)
    case (.welcome(let version), .welcoming): takeWelcome(version)
    case (.refusal(let reason), _): end(.refused(reason))
    case (.hello, _), (.welcome, _): end(.garbage("a greeting out of turn"))
    }
  }

  private func take(_ hello: Hello) {
    switch peers.check.judge(hello, dialled: dialled) {
    case .unfit(let reason): refuse(reason)
    case .fit(let server, let version):
      peer = server
      self.hello = hello
      outgoing = Outgoing(version)
      reader = FrameReader(serverCount: peers.servers.count, version: version, sender: server)
      welcome(hello, version)
    }
  }

  private func welcome(_ hello: Hello, _ version: WireVersion) {
    var answer: [UInt8] = []
    if dialled == nil {
      answer.put(.hello(peers.check.hello(to: hello.own, epochNumber: peers.epochNumber)))
    }
    answer.put(.welcome(version: version.rawValue))
    stream?.write(answer)
    beginWait(.welcoming)
  }

  private func takeWelcome(_ version: UInt8) {
    guard let peer, version == outgoing.version.rawValue else {
      return end(.garbage("a welcome for wire version \(version)"))
    }
    open(peer)
  }

  /// Says why, and ends when the peer, having heard it, does.
  private func refuse(_ reason: String) {
    var answer: [UInt8] = []
    answer.put(.refusal(reason))
    stream?.write(answer)
    stream?.shutdown()
    refusal = reason
    beginWait(.refusing)
  }
}
