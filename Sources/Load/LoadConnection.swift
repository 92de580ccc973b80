import HTTP
import Servers
import UV

/// One connection of the load: dialled, kept, dialled again when it is lost, and never asked for more than the
/// engine assigned to it.
final class LoadConnection: StreamHandler {
  /// Milliseconds before a lost connection is dialled again: this first, then twice as long each time.
  static let restMin: UInt64 = 10
  static let restMax: UInt64 = 100
  /// Dials a second to hosts that refuse, of all connections together: with many, each rests longer.
  static let dialsPerSecondMax = 10_000
  /// A dial that takes longer is given up, milliseconds: the next may find the way free sooner than a
  /// retransmission would.
  static let dialMax: UInt64 = 1000

  private enum State {
    /// Until the loop's time, milliseconds.
    case resting(until: UInt64)
    case resolving(Lookup, since: UInt64)
    case connecting(Stream, others: ArraySlice<SocketAddress>, since: UInt64)
    case standing(Stream)
    case closed
  }

  let index: Int
  private let address: ServerAddress
  private let template: RequestTemplate
  private unowned let run: LoadRun
  private let engine: LoadEngine
  private var state = State.resting(until: 0)
  private var rest = restMin
  private var requests: RequestQueue
  private var output: [UInt8] = []
  private var parser = ResponseParser()
  private var familiar = FamiliarReply()

  init(_ index: Int, to address: ServerAddress, template: RequestTemplate, run: LoadRun, engine: LoadEngine) {
    self.index = index
    self.address = address
    self.template = template
    self.run = run
    self.engine = engine
    requests = RequestQueue(capacity: engine.options.pipeline)
  }

  func close() {
    closeStream()
    state = .closed
  }

  private func closeStream() {
    switch state {
    case .resting, .closed: break
    case .resolving(let lookup, _): lookup.cancel()
    case .connecting(let stream, _, _), .standing(let stream): stream.close()
    }
  }

  /// What time brings: a dial that is due or lasts too long, a reply that does not come. To be called often.
  func tick(milliseconds now: UInt64, nanoseconds: UInt64) {
    switch state {
    case .resting(let until): if now >= until { dial(at: now) }
    case .resolving(_, let since), .connecting(_, _, let since):
      if now >= since + Self.dialMax { failDial("no answer") }
    case .standing: expire(at: nanoseconds)
    case .closed: break
    }
  }

  /// The oldest request is the first whose time is up; the others lose their connection with it.
  private func expire(at now: UInt64) {
    guard let first = requests.first, now > first.sent + engine.options.timeoutNanoseconds else { return }
    engine.lost(index, requests.removeFirst(), .timeout, at: now)
    lose(.disconnected, at: now)
  }

  // Sending

  /// To be sent by `flush`. True: this is the first since the last flush.
  @inline(__always)
  func put(_ request: LoadRequest) -> Bool {
    requests.append(request)
    let isFirst = output.isEmpty
    template.put(request, into: &output)
    return isFirst
  }

  func flush() {
    guard case .standing(let stream) = state, !output.isEmpty else { return }
    engine.noteBytes(index, sent: output.count)
    output.withUnsafeBytes { _ = stream.write($0) }
    output.removeAll(keepingCapacity: true)
  }

  // Receiving

  func stream(_ stream: Stream, received bytes: UnsafeRawBufferPointer) {
    let now = Clock.nanoseconds
    engine.noteBytes(index, received: bytes.count)
    var input = bytes
    while requests.count > 0 {
      let isAtStart = parser.isIdle
      if isAtStart, let response = familiar.take(&input) {
        guard take(response, at: now) else { return }
        continue
      }
      let before = input
      switch parser.next(&input) {
      case .needsMore: return run.pump(lane: engine.lane(of: index), at: now)
      case .malformed: return lose(.malformed, at: now)
      case .response(let response):
        if isAtStart { familiar.learn(response, from: before, rest: input) }
        guard take(response, at: now) else { return }
      }
    }
    // A reply to nothing: what follows could be taken for the next request's.
    if !input.isEmpty { return lose(.malformed, at: now) }
    run.pump(lane: engine.lane(of: index), at: now)
  }

  /// False: the connection is lost.
  @inline(__always)
  private func take(_ response: Response, at now: UInt64) -> Bool {
    guard engine.answered(index, requests.removeFirst(), response, at: now) else {
      lose(.disconnected, at: now)
      return false
    }
    rest = Self.restMin
    guard response.keepsAlive else {
      lose(.disconnected, at: now)
      return false
    }
    return true
  }

  func streamEnded(_ stream: Stream) {
    let now = Clock.nanoseconds
    if requests.count > 0, case .response(let response) = parser.finish() {
      _ = engine.answered(index, requests.removeFirst(), response, at: now)
    }
    lose(.disconnected, at: now)
  }

  func stream(_ stream: Stream, failed error: UVError) {
    switch state {
    case .connecting(_, let others, let since):
      if others.isEmpty { failDial(error.message) } else { connect(others, since: since) }
    case .standing: lose(.disconnected, at: Clock.nanoseconds)
    case .resting, .resolving, .closed: break
    }
  }

  /// Ends the connection and all requests on it.
  private func lose(_ loss: LoadLoss, at now: UInt64) {
    closeStream()
    while requests.count > 0 { engine.lost(index, requests.removeFirst(), loss, at: now) }
    engine.connectionClosed(index)
    engine.noteDisconnect(index)
    beginRest()
    run.pump(lane: engine.lane(of: index), at: now)
  }
}

// Dialling
extension LoadConnection {
  private func beginRest() {
    output.removeAll(keepingCapacity: true)
    state = .resting(until: run.loop.now + rest)
    let share = UInt64(1000 * engine.options.connections / Self.dialsPerSecondMax)
    rest = min(2 * rest, max(Self.restMax, share))
  }

  private func failDial(_ fault: String) {
    closeStream()
    engine.noteConnectFailure(index, fault)
    beginRest()
  }

  private func dial(at now: UInt64) {
    if address.isNumeric, let numeric = SocketAddress(address.host, port: address.port) {
      return connect([numeric], since: now)
    }
    do throws(UVError) {
      let lookup = try Lookup(run.loop, host: address.host, port: address.port) { [weak self] result in
        self?.onLookup(result, since: now)
      }
      state = .resolving(lookup, since: now)
    } catch {
      failDial(error.message)
    }
  }

  private func onLookup(_ result: Result<[SocketAddress], UVError>, since: UInt64) {
    guard case .resolving = state else { return }
    switch result {
    case .success(let addresses): connect(addresses[...], since: since)
    case .failure(let error): failDial(error.message)
    }
  }

  /// Connects to the first of the addresses, and to the next when that fails.
  private func connect(_ addresses: ArraySlice<SocketAddress>, since: UInt64) {
    guard let first = addresses.first else { return failDial("no address") }
    do throws(UVError) {
      let stream = try Stream.connect(run.loop, to: first, handler: self)
      state = .connecting(stream, others: addresses.dropFirst(), since: since)
    } catch {
      if addresses.count > 1 { connect(addresses.dropFirst(), since: since) } else { failDial(error.message) }
    }
  }

  func streamConnected(_ stream: Stream) {
    state = .standing(stream)
    parser = ResponseParser()
    stream.startReading()
    engine.connectionOpened(index)
    run.pump(lane: engine.lane(of: index), at: Clock.nanoseconds)
  }
}
