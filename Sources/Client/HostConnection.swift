import HTTP
import Servers
import UV

/// The one connection to a host: dialled when there is something to ask, kept, and pipelined.
///
/// A request is *sent* once it was handed to a connection that stands: what is lost before was certainly not
/// executed, what is lost after may have been.
final class HostConnection: StreamHandler {
  /// Requests on one connection that were not answered. More are turned away, to be tried elsewhere.
  static let triesMax = 1024
  /// Silence after which a connection is given up, once all that it owes was answered elsewhere.
  static let stuckMilliseconds: UInt64 = 1000

  private enum State {
    case closed
    case resolving(Lookup)
    case connecting(Stream, others: ArraySlice<SocketAddress>)
    case standing(Stream)
  }

  let address: ServerAddress
  private let writer: RequestWriter
  private unowned let session: ClientSession
  private var state = State.closed
  /// In the order asked; the first `sentCount` were sent.
  private var tries: [Try] = []
  private var sentCount = 0
  private var output: [UInt8] = []
  private var parser = ResponseParser()
  /// When bytes came last, or were first awaited.
  private var lastHeard: UInt64 = 0
  private var hasFailed = false
  /// Why the host could not be used the last time.
  private(set) var lastFault = "no answer"

  init(_ address: ServerAddress, session: ClientSession) {
    self.address = address
    self.session = session
    writer = RequestWriter(host: Array(address.text.utf8))
  }

  /// True where the host failed the last that was asked of it, or had no quorum for it, or owes answers for long.
  var isDoubtful: Bool { hasFailed || isSilent(for: Errand.hedgeMilliseconds) }

  private func isSilent(for milliseconds: UInt64) -> Bool {
    sentCount > 0 && session.loop.now >= lastHeard + milliseconds
  }

  var hasUnsent: Bool { sentCount < tries.count }

  func ask(_ attempt: Try) {
    guard tries.count < Self.triesMax else {
      lastFault = "too many requests under way"
      return session.post(.unreachable(host: attempt.host), attempt)
    }
    // Nobody waits for what this connection owes: a fresh one may pass where it is stuck.
    if isSilent(for: Self.stuckMilliseconds), !tries.contains(where: \.isWanted) { fail("silent") }
    tries.append(attempt)
    if case .closed = state { dial() }
  }

  /// Sends what is waiting. Called once a turn, so that a turn's requests leave in one piece.
  func flush() {
    guard case .standing(let stream) = state, hasUnsent else { return }
    tries[sentCount...].removeAll { !$0.isWanted }
    for attempt in tries[sentCount...] {
      attempt.job.call.put(with: writer, key: attempt.job.errand.key, into: &output)
      session.post(.sent(host: attempt.host), attempt)
    }
    if sentCount == 0 { lastHeard = session.loop.now }
    sentCount = tries.count
    stream.write(output)
    output.removeAll(keepingCapacity: true)
  }

  /// Closes, and forgets what was asked.
  func close() {
    closeStream()
    tries.removeAll()
    sentCount = 0
  }

  private func closeStream() {
    switch state {
    case .closed: break
    case .resolving(let lookup): lookup.cancel()
    case .connecting(let stream, _), .standing(let stream): stream.close()
    }
    state = .closed
  }

  /// Ends all tries; those from `sentCount` on certainly did not arrive.
  private func fail(_ reason: String) {
    closeStream()
    lastFault = reason
    session.note(address, reason)
    let (ended, sent) = (tries, sentCount)
    if !ended.isEmpty { hasFailed = true }
    tries.removeAll(keepingCapacity: true)
    sentCount = 0
    for (index, attempt) in ended.enumerated() {
      session.post(index < sent ? .lost(host: attempt.host) : .unreachable(host: attempt.host), attempt)
    }
  }
}

// Dialling
extension HostConnection {
  private func dial() {
    // The resolver's thread would cost more than the whole exchange.
    if address.isNumeric, let numeric = SocketAddress(address.host, port: address.port) {
      return connect([numeric])
    }
    do throws(UVError) {
      let lookup = try Lookup(session.loop, host: address.host, port: address.port) { [weak self] result in
        self?.session.turn { self?.onLookup(result) }
      }
      state = .resolving(lookup)
    } catch {
      fail(error.message)
    }
  }

  private func onLookup(_ result: Result<[SocketAddress], UVError>) {
    guard case .resolving = state else { return }
    switch result {
    case .success(let addresses): connect(addresses[...])
    case .failure(let error): fail(error.message)
    }
  }

  /// Connects to the first of the addresses, and to the next when that fails.
  private func connect(_ addresses: ArraySlice<SocketAddress>) {
    guard let first = addresses.first else { return fail("no address") }
    do throws(UVError) {
      let stream = try Stream.connect(session.loop, to: first, handler: self)
      state = .connecting(stream, others: addresses.dropFirst())
    } catch {
      if addresses.count > 1 { connect(addresses.dropFirst()) } else { fail(error.message) }
    }
  }

  func streamConnected(_ stream: Stream) {
    session.turn {
      state = .standing(stream)
      parser = ResponseParser()
      stream.startReading()
    }
  }

  func stream(_ stream: Stream, failed error: UVError) {
    session.turn {
      if case .connecting(_, let others) = state, !others.isEmpty { return connect(others) }
      fail(error.message)
    }
  }
}

// Answers
extension HostConnection {
  func stream(_ stream: Stream, received bytes: UnsafeRawBufferPointer) {
    session.turn { take(bytes) }
  }

  func streamEnded(_ stream: Stream) {
    session.turn {
      if case .response(let response) = parser.finish() { onAnswer(Answer(response)) }
      fail("closed the connection")
    }
  }

  private func take(_ bytes: UnsafeRawBufferPointer) {
    lastHeard = session.loop.now
    var input = bytes
    while sentCount > 0 {
      switch parser.next(&input) {
      case .needsMore:
        if !parser.isIdle { session.post(.heard(host: tries[0].host), tries[0]) }
        return
      case .malformed(let reason): return fail("no HTTP in its answer: \(reason)")
      case .response(let response):
        onAnswer(Answer(response))
        if !response.keepsAlive { return fail("closed the connection") }
      }
    }
    if !input.isEmpty { fail("answered unasked") }
  }

  private func onAnswer(_ answer: Answer) {
    guard sentCount > 0 else { return }
    let attempt = tries.removeFirst()
    sentCount -= 1
    hasFailed = answer.isSecondBest
    session.note(address, "answered \(answer.status)")
    guard attempt.isWanted else { return }
    if answer.status != 200 || attempt.job.call.isAnswered(by: answer.body) {
      session.post(.answered(host: attempt.host, answer), attempt)
    } else {
      lastFault = "answered about another key"
      session.note(address, lastFault)
      session.post(.lost(host: attempt.host), attempt)
    }
  }
}
