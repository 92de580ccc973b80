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

  private enum State {
    case closed
    case resolving(Lookup)
    case connecting(Stream, others: ArraySlice<SocketAddress>)
    case standing(Stream)
  }

  let address: ServerAddress
  private let hostField: [UInt8]
  private unowned let session: Session
  private var state = State.closed
  /// In the order asked; the first `sentCount` were sent.
  private var tries: [Try] = []
  private var sentCount = 0
  private var output: [UInt8] = []
  private var reader = AnswerReader()
  /// Why the host could not be used the last time.
  private(set) var lastFault = "no answer"

  init(_ address: ServerAddress, session: Session) {
    self.address = address
    self.session = session
    hostField = Array(address.text.utf8)
  }

  /// True where a request would be sent without delay.
  var isStanding: Bool { if case .standing = state { true } else { false } }
  /// Requests that wait for an answer.
  var load: Int { tries.count }
  var hasUnsent: Bool { sentCount < tries.count }

  func ask(_ attempt: Try) {
    guard tries.count < Self.triesMax else {
      lastFault = "too many requests under way"
      return session.post(.unreachable(host: attempt.host), attempt)
    }
    tries.append(attempt)
    if case .closed = state { dial() }
  }

  /// Sends what is waiting. Called once a turn, so that a turn's requests leave in one piece.
  func flush() {
    guard case .standing(let stream) = state, hasUnsent else { return }
    tries[sentCount...].removeAll { !$0.isWanted }
    for attempt in tries[sentCount...] {
      attempt.job.call.put(into: &output, host: hostField, key: attempt.job.errand.key)
      session.post(.sent(host: attempt.host), attempt)
    }
    sentCount = tries.count
    stream.write(output)
    output.removeAll(keepingCapacity: true)
  }

  func close() {
    switch state {
    case .closed: break
    case .resolving(let lookup): lookup.cancel()
    case .connecting(let stream, _), .standing(let stream): stream.close()
    }
    state = .closed
  }

  /// Ends all tries; those from `sentCount` on certainly did not arrive.
  private func fail(_ reason: String) {
    close()
    lastFault = reason
    session.note(address, reason)
    let (ended, sent) = (tries, sentCount)
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
      reader = AnswerReader()
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
      switch reader.end() {
      case .answer(let answer, _): onAnswer(answer)
      case .incomplete, .malformed: break
      }
      fail("closed the connection")
    }
  }

  private func take(_ bytes: UnsafeRawBufferPointer) {
    reader.append(bytes)
    while sentCount > 0 {
      switch reader.next() {
      case .incomplete:
        let first = tries[0]
        return session.post(.heard(host: first.host), first)
      case .malformed: return fail("answered something that is not HTTP")
      case .answer(let answer, let isLast):
        onAnswer(answer)
        if isLast { return fail("closed the connection") }
      }
    }
    if !reader.isEmpty { fail("answered unasked") }
  }

  private func onAnswer(_ answer: Answer) {
    guard sentCount > 0 else { return }
    let attempt = tries.removeFirst()
    sentCount -= 1
    guard attempt.isWanted else { return }
    if answer.status != 200 || answer.body.starts(with: attempt.job.call.prefix) {
      attempt.job.lastAnswerer = attempt.job.order[attempt.host]
      session.post(.answered(host: attempt.host, answer), attempt)
    } else {
      lastFault = "answered about another key"
      session.note(address, lastFault)
      session.post(.lost(host: attempt.host), attempt)
    }
  }
}
