import HTTP

/// One server's whole reply, as far as it decides what happens next or what is shown.
package struct Answer: Equatable, Sendable {
  package var status: Int
  /// What is promised of a 200 (interface: `KV-Consistency`).
  package var assurance = Assurance.linearizable
  /// `Retry-After`, in seconds.
  package var retryAfterSeconds: UInt32?
  /// `KV-Time`: the floor of idempotency keys, in milliseconds since 1970.
  package var floor: UInt64?
  /// False: `KV-Present: ?0`, no value is stored.
  package var isPresent = true
  package var tag: EntityTag?
  package var body: [UInt8] = []

  package init(status: Int) {
    self.status = status
  }

  /// Copies what is borrowed.
  init(_ response: Response) {
    status = Int(response.status)
    assurance = response.assurance
    retryAfterSeconds = response.retryAfter
    floor = response.floor
    isPresent = response.isPresent
    tag = response.tag
    body = Array(response.body)
  }

  /// Whether another host may have a better one: no quorum here, or too much to do.
  var isSecondBest: Bool {
    if case .degraded = assurance { return true }
    return status == 429 || status == 503
  }

  /// Seconds since a quorum last confirmed the server's state; 0 for a linearizable answer.
  var ageSeconds: UInt32 {
    switch assurance {
    case .linearizable: 0
    case .degraded(let age), .local(let age): age
    }
  }
}

/// `MILLISECONDS-RANDOM`: under it a write is executed once, however often and wherever it is sent.
package struct IdempotencyKey: Equatable, Sendable {
  /// Since 1970, by the clock of the client, or above the servers' floor where that clock is behind.
  package var milliseconds: UInt64
  package let random: UInt64

  package init(milliseconds: UInt64, random: UInt64) {
    self.milliseconds = milliseconds
    self.random = random
  }
}

/// How an errand ended. There is no fourth way beside done, certainly not done, and unknown.
package enum CallOutcome: Equatable, Sendable {
  /// 200. A label on the answer means that no better one came in time.
  case done(Answer)
  /// 412: not executed, because a condition of the request does not hold.
  case conditionFailed(Answer)
  /// Certainly not executed; the answer says why. Also a read that no server could serve.
  case refused(Answer)
  /// Not executed: a server was reached and the request got no answer in time. Reads only, as a write without
  /// an answer is unknown.
  case unanswered
  /// Not executed: no server was reached.
  case unreachable
  /// A write that was sent and not answered for, or a server's own fault (500, 504), which is given where it
  /// was the last answer.
  case unknown(Answer?)
}
