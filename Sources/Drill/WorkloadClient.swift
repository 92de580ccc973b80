import Faults
import HTTP
import UV

/// One client: asks, waits for the answer, records it, thinks, asks again.
final class WorkloadClient: StreamHandler {
  /// What became of one attempt of an operation.
  private enum Fate {
    case done(value: [UInt8]?)
    /// Answered, without the promise.
    case labelled
    case notExecuted
    case unknown
  }

  private struct Running {
    var plan: PlannedOperation
    /// In the history.
    var index: Int
    var attempts = 0
    /// An attempt may have been executed, or may still be.
    var isDoubtful = false
    /// It was answered, with this, and is sent once more for the same answer.
    var echo: Echo?
  }

  private struct Echo {
    var value: [UInt8]?
  }

  /// An answer that takes longer is not waited for.
  static let answerMilliseconds: UInt64 = 5_000
  /// Nor an echo that takes longer: it must not keep the client from its own server.
  static let echoMilliseconds: UInt64 = 100
  /// How often a write with an idempotency key is sent.
  static let attemptsMax = 6
  /// After an attempt that found nobody.
  static let restMilliseconds: UInt64 = 20

  let number: UInt32
  private let home: Int
  private unowned let workload: Workload
  private var source: OperationSource
  private var server: Int
  private var stream: UV.Stream?
  private var parser = ResponseParser()
  private var output: [UInt8] = []
  private var running: Running?
  private var isWaiting = false
  /// When the attempt under way began.
  private var asked: UInt64 = 0
  private var thought: UV.Timer!
  private var deadline: UV.Timer!

  init(_ number: UInt32, home: Int, source: OperationSource, workload: Workload) {
    (self.number, self.home, self.server) = (number, home, home)
    (self.source, self.workload) = (source, workload)
    thought = UV.Timer(workload.cluster.loop) { [unowned self] in act() }
    deadline = UV.Timer(workload.cluster.loop) { [unowned self] in giveUpWaiting() }
  }

  var isIdle: Bool { running == nil }

  func start() { thought.start(after: source.pause(mean: workload.settings.thinkMilliseconds)) }

  func close() {
    stream?.close()
    thought.close()
    deadline.close()
  }

  /// Begins an operation, or tries one again.
  private func act() {
    if running == nil {
      if workload.isStopping { return }
      let plan = source.next()
      let index = workload.recorder.begin(client: number, key: plan.key, plan.action)
      running = Running(plan: plan, index: index)
    }
    running?.attempts += 1
    isWaiting = true
    asked = Clock.nanoseconds
    deadline.start(
      after: running?.echo == nil ? WorkloadClient.answerMilliseconds : WorkloadClient.echoMilliseconds)
    if let stream, stream.isConnected { send(stream) } else { dial() }
  }

  private func dial() {
    let cluster = workload.cluster
    do {
      parser = ResponseParser()
      let address = cluster.ground.socketAddress(server)
      stream = try cluster.ground.asClient { try UV.Stream.connect(cluster.loop, to: address, handler: self) }
    } catch {
      workload.recorder.counts.unreachable += 1
      see(.unreachable)
      end(.notExecuted)
    }
  }

  private func send(_ stream: UV.Stream) {
    guard let running else { return }
    output.removeAll(keepingCapacity: true)
    let writer = workload.writers[server]
    running.plan.put(writer, isStrict: workload.settings.isStrict, into: &output)
    stream.write(output)
  }

  private func hangUp() {
    stream?.close()
    stream = nil
  }

  private func giveUpWaiting() {
    let wasSent = stream?.isConnected ?? false
    hangUp()
    if running?.echo == nil {
      workload.recorder.counts.timeouts += 1
      see(wasSent ? .unknown : .unreachable)
    }
    end(wasSent ? .unknown : .notExecuted)
  }
}

// The connection's events
extension WorkloadClient {
  func streamConnected(_ stream: UV.Stream) {
    stream.startReading()
    if isWaiting { send(stream) }
  }

  func stream(_ stream: UV.Stream, received bytes: UnsafeRawBufferPointer) {
    var input = bytes
    take(parser.next(&input))
    if !input.isEmpty { workload.recorder.noteUnexpected("bytes behind a reply of server \(server)") }
  }

  func streamEnded(_ stream: UV.Stream) {
    take(parser.finish())
    if self.stream === stream { lose(wasSent: true) }
  }

  func stream(_ stream: UV.Stream, failed error: UVError) { lose(wasSent: stream.isConnected) }

  private func lose(wasSent: Bool) {
    hangUp()
    guard isWaiting else { return }
    if wasSent { workload.recorder.counts.lost += 1 } else { workload.recorder.counts.unreachable += 1 }
    see(wasSent ? .unknown : .unreachable)
    end(wasSent ? .unknown : .notExecuted)
  }

  private func take(_ parsed: ParsedResponse) {
    switch parsed {
    case .needsMore: break
    case .malformed(let reason):
      workload.recorder.noteUnexpected("server \(server): \(reason)")
      lose(wasSent: true)
    case .response(let response):
      guard isWaiting, let running else {
        workload.recorder.noteUnexpected("server \(server) answered \(response.status) unasked")
        return hangUp()
      }
      let fate = judge(response, running.plan)
      if !response.keepsAlive { hangUp() }
      end(fate)
    }
  }

  private func judge(_ response: Response, _ plan: PlannedOperation) -> Fate {
    switch response.status {
    case 200: return judgeSuccess(response, plan)
    case 412: return .notExecuted
    case 429, 503:
      workload.recorder.counts.refused += 1
      see(.refused)
      if response.retryAfter == nil { note(response, "without Retry-After") }
      return .notExecuted
    case 500: workload.recorder.counts.faults += 1
    case 504: workload.recorder.counts.deadlinesPassed += 1
    default: note(response, "to \(plan.text)")
    }
    see(.unknown)
    return .unknown
  }

  private func judgeSuccess(_ response: Response, _ plan: PlannedOperation) -> Fate {
    if response.isReplayed { workload.recorder.counts.replayed += 1 }
    guard response.assurance == .linearizable else {
      workload.recorder.counts.labelled += 1
      see(.labelled)
      if case .none = plan.condition {} else { note(response, "degraded to a condition") }
      return .labelled
    }
    see(plan.isRead ? .read : .write)
    let value = response.value(ofKeyWithLength: plan.key.count).map { Array($0) }
    if let echo = running?.echo {
      if !response.isReplayed || value != echo.value {
        note(response, "to \(plan.text) sent again, not the same")
      }
      return .done(value: value)
    }
    if response.isPresent, value == nil { note(response, "with a body of another form") }
    if case .match(_, let expected) = plan.condition, value != expected {
      note(response, "to If-Match, with another value than the tag's")
    }
    if plan.isRead { source.see(plan.key, response.tag, value) } else { source.see(plan.key, nil, nil) }
    return .done(value: value)
  }

  private func see(_ kind: Sighting.Kind) {
    workload.recorder.see(kind, asked: asked, server: server)
  }

  private func note(_ response: Response, _ text: String) {
    let body = String(decoding: response.body.prefix(100), as: UTF8.self)
    workload.recorder.noteUnexpected("server \(server) answered \(response.status) \(text): \(body)")
  }
}

// The operation's end
extension WorkloadClient {
  private func end(_ fate: Fate) {
    deadline.stop()
    isWaiting = false
    guard let running else { return }
    // The first answer stands in the history: what becomes of an echo adds nothing to it.
    if running.echo != nil { return conclude(rest: false) }
    switch fate {
    case .done(let value):
      workload.recorder.succeed(running.index, value: value, at: server)
      echoOrConclude(value)
    case .labelled:
      workload.recorder.leaveOpen(running.index)
      conclude(rest: false)
    case .notExecuted, .unknown:
      if case .unknown = fate { self.running?.isDoubtful = true }
      retryOrConclude()
    }
  }

  private func echoOrConclude(_ value: [UInt8]?) {
    guard let running, !running.plan.idempotencyKey.isEmpty, !workload.isStopping, source.wantsEcho() else {
      return conclude(rest: false)
    }
    self.running?.echo = Echo(value: value)
    moveOn()
  }

  /// To the next server, with the same operation.
  private func moveOn() {
    hangUp()
    server = (server + 1) % workload.cluster.count
    thought.start(after: WorkloadClient.restMilliseconds)
  }

  private func retryOrConclude() {
    guard let running else { return }
    let mayRetry = !running.plan.idempotencyKey.isEmpty && running.attempts < WorkloadClient.attemptsMax
    if mayRetry && !workload.isStopping { return moveOn() }
    if running.isDoubtful {
      workload.recorder.leaveOpen(running.index)
    } else {
      workload.recorder.fail(running.index)
    }
    conclude(rest: true)
  }

  private func conclude(rest: Bool) {
    running = nil
    if server != home {
      hangUp()
      server = home
    }
    if workload.isStopping { return }
    let pause = source.pause(mean: workload.settings.thinkMilliseconds)
    thought.start(after: pause + (rest ? WorkloadClient.restMilliseconds : 0))
  }
}
