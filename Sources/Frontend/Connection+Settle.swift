import HTTP

/// What is done once a turn for each connection that something happened to.
extension Connection {
  func settle() {
    while phase != .closed {
      submitHeld()
      if owesContinue, first == RequestTable.none { sendContinue() }
      // What was just submitted is answered together with the other connections' requests, then sent at once.
      if frontend.hasTurn { return markDirty() }
      guard takeLeftover() else { break }
    }
    continueDump()
    flush()
    upgradeIfAnswered()
    guard phase != .closed else { return }
    // Replies that were too many are on their way: there is room again.
    if hasMore, canTake { return markDirty() }
    chooseReading()
    chooseWait()
  }

  /// True: something was taken up again.
  private func takeLeftover() -> Bool {
    guard canTake else { return false }
    if hasMore {
      let bytes = leftover
      leftover = []
      bytes.withUnsafeBytes { take($0) }
      return true
    }
    guard hasEnded, !hasToldEnd else { return false }
    takeEnd()
    return true
  }

  private func sendContinue() {
    owesContinue = false
    frontend.writer.putContinue(into: &output)
    hasMore = true
  }

  /// To be called when a reply has gone to `output`.
  func didReply(_ form: ReplyForm) {
    if form.keepsAlive { return }
    takesNoMore = true
    leftover = []
    hasMore = false
    phase = .finishing
  }

  func flush() {
    if !output.isEmpty {
      frontend.metrics.sentBytes += UInt64(output.count)
      stream.write(output)
      frontend.keepSpare(&output)
    }
    switch phase {
    case .serving: if isOver { finish() }
    case .finishing: finish()
    case .upgrading, .lingering, .closed: break
    }
  }

  /// The client has sent its last request, and all are answered.
  private var isOver: Bool {
    hasToldEnd && first == RequestTable.none && dump == nil && !hasMore
  }

  /// Sends the FIN once everything is out. If we closed at once, bytes of the client's that are still under way
  /// would make the system send a reset, which takes from the client what it has not read yet.
  private func finish() {
    phase = stream.pendingWriteBytes == 0 ? .lingering : .finishing
    if phase == .finishing { return }
    stream.shutdown()
    frontend.deadlines.begin(.linger, of: slot, at: frontend.now)
  }

  private func chooseReading() {
    let wantsBytes =
      switch phase {
      case .serving: canTake && !hasMore
      case .finishing, .lingering: true
      case .upgrading, .closed: false
      }
    guard wantsBytes != isReading, !hasEnded else { return }
    if wantsBytes { resumeReading() } else { pauseReading() }
  }

  private func resumeReading() {
    isReading = true
    stream.startReading()
  }

  func pauseReading() {
    isReading = false
    stream.pauseReading()
  }

  private func chooseWait() {
    guard phase != .lingering, phase != .closed else { return }
    let pending = stream.pendingWriteBytes
    if pending > 0 {
      if frontend.deadlines.wait(of: slot) != .drain { beginDrain(pending) }
      return
    }
    guard first == RequestTable.none, dump == nil else { return frontend.deadlines.end(of: slot) }
    let old = hasProgressed ? nil : frontend.deadlines.wait(of: slot)
    hasProgressed = false
    switch parser.progress {
    case .idle, .ended: frontend.deadlines.begin(.request, of: slot, at: frontend.now)
    case .head(let hasWholeLine): waitForHead(hasWholeLine ? .line : .head, after: old)
    case .body: if old != .body { frontend.deadlines.begin(.body, of: slot, at: frontend.now) }
    }
  }

  /// A head has its time from its beginning, however often bytes come; the silence after a line begins anew.
  private func waitForHead(_ wait: Wait, after old: Wait?) {
    if old != .head, old != .line { headBegan = frontend.now }
    if frontend.heardUntil >= headBegan + frontend.options.headTimeout { return expire(.head) }
    if wait == .line || old != .head { frontend.deadlines.begin(wait, of: slot, at: frontend.now) }
  }

  private func beginDrain(_ pending: Int) {
    drainMark = pending
    frontend.deadlines.begin(.drain, of: slot, at: frontend.now)
  }

  /// The wait is over.
  func expire(_ wait: Wait) {
    frontend.deadlines.end(of: slot)
    switch wait {
    case .request:
      frontend.metrics.idleClosed += 1
      finish()
    case .linger: frontend.close(self)
    case .head, .body:
      reply(Reply(.requestTimeout, form: .unasked), text: Self.lateText(wait), kind: .own)
      markDirty()
    case .line:
      frontend.beginTurn()
      takeLine()
      if takesNoMore { markDirty() } else { waitForRest() }
    case .drain:
      let pending = stream.pendingWriteBytes
      if pending > 0, pending < drainMark { return beginDrain(pending) }
      frontend.metrics.stalledClosed += 1
      stream.reset()
      frontend.close(self)
    }
  }

  /// Silence does not complete a standard request: the rest of its head must come.
  private func waitForRest() {
    frontend.deadlines.begin(.head, of: slot, at: frontend.now)
  }

  private static func lateText(_ wait: Wait) -> StaticString {
    wait == .body ? "the body did not arrive in time" : "the head did not arrive in time"
  }
}
