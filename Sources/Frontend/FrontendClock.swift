import UV

/// The frontend's handles on the loop: the ends of turns, the tick, and turns that must not wait.
final class FrontendClock {
  private unowned let frontend: Frontend
  private var timer: Timer?
  private var check: CheckHandle?
  private var prepare: PrepareHandle?
  private var idle: IdleHandle?
  /// Keeps the loop from waiting while requests are gathered.
  private var again: IdleHandle?
  private var stopTimer: Timer?
  private var partingTimer: Timer?
  private var isIdling = false
  private var isExpiryDue = false
  private var isPartingOver = false
  private var expectedTick: UInt64 = 0
  /// The next turn does not wait for events, and goes on with the requests of this one.
  var isLookingAgain = false {
    didSet { if isLookingAgain != oldValue { isLookingAgain ? again?.start() : again?.stop() } }
  }

  init(_ frontend: Frontend) {
    self.frontend = frontend
    let loop = frontend.loop
    // After the events of a turn; and before the loop waits, for what timers did.
    check = CheckHandle(loop) { [unowned self] in endTurn() }
    prepare = PrepareHandle(loop) { [unowned self] in prepareWait() }
    idle = IdleHandle(loop) { [unowned self] in continueDumps() }
    again = IdleHandle(loop) {}
    timer = Timer(loop) { [unowned self] in tick() }
    check?.start()
    prepare?.start()
    timer?.start(after: FrontendOptions.tick, repeating: FrontendOptions.tick)
    expectedTick = Clock.nanoseconds + FrontendOptions.tick * 1_000_000
  }

  func close() {
    let handles: [Handle?] = [timer, check, prepare, idle, again, stopTimer, partingTimer]
    for handle in handles { handle?.close() }
  }

  func startStopping() {
    stopTimer = Timer(frontend.loop) { [unowned frontend] in frontend.stopNow() }
    stopTimer?.start(after: frontend.options.stopTimeout)
    partingTimer = Timer(frontend.loop) { [unowned self] in isPartingOver = true }
    partingTimer?.start(after: frontend.options.partingTimeout)
  }

  /// The next turn does not wait for events, for there are slices to be made.
  func continueSoon() {
    guard !isIdling else { return }
    isIdling = true
    idle?.start()
  }

  private func continueDumps() {
    frontend.retired.releaseSlice()
    if frontend.wakeDumps() || !frontend.retired.isEmpty { return }
    isIdling = false
    idle?.stop()
  }

  private func tick() {
    let time = Clock.nanoseconds
    frontend.metrics.observeLag(time > expectedTick ? time - expectedTick : 0)
    expectedTick = time + FrontendOptions.tick * 1_000_000
    isExpiryDue = true
  }

  private func prepareWait() {
    if !isLookingAgain { frontend.endTurn() }
    frontend.heardUntil = frontend.now
  }

  private func endTurn() {
    frontend.endTurn()
    if isExpiryDue {
      isExpiryDue = false
      frontend.updateDate()
      frontend.expire()
      frontend.endTurn()
    }
    guard isPartingOver else { return }
    isPartingOver = false
    frontend.endParting()
  }
}

extension Frontend {
  func limit(of wait: Wait) -> UInt64 {
    switch wait {
    case .request, .drain: options.idleTimeout
    case .head: options.headTimeout
    case .body: options.bodyTimeout
    case .line: options.lineTimeout
    case .linger: options.lingerTimeout
    }
  }

  /// Ends every wait that is over. Looks at nothing that is not.
  ///
  /// libuv runs timers before it polls, and its clock is read after the events were collected: where the process
  /// was held up, a client would be told that it was late while its bytes lie unread. So the time that counts is
  /// the one before the sockets were last polled.
  func expire() {
    for wait in Wait.allCases {
      while let slot = deadlines.expired(wait, after: limit(of: wait), at: heardUntil) {
        guard let connection = connections[slot] else { preconditionFailure("a closed connection waits") }
        connection.expire(wait)
      }
    }
    let (time, timeout) = (heardUntil * 1_000_000, options.requestTimeout * 1_000_000)
    guard time > timeout else { return }
    while let index = requests.oldest(startedBy: time - timeout) { expire(index) }
  }

  /// A read is certainly not executed, nor is a write that the backend never got.
  private func expire(_ index: Int32) {
    let entry = (state: requests[index].state, kind: requests[index].kind)
    let isOpen = entry.state == .submitted && entry.kind.changesState
    refuse(requests.ticket(of: index), isOpen ? .unknown : .noQuorum)
  }
}
