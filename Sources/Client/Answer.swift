/// What a reply promises (interface: `KV-Consistency`).
package enum Consistency: Equatable, Sendable {
  /// No label: proven by a quorum.
  case linearizable
  /// Labelled `degraded`, or with a label that this client does not know: not proven.
  case degraded
  /// Labelled `local`: one server's own state.
  case local
}

/// One server's whole reply, as far as it decides what happens next or what is shown.
package struct Answer: Equatable, Sendable {
  package var status: Int
  package var consistency: Consistency = .linearizable
  /// Seconds since a quorum last confirmed the server's state; nil where the reply does not say.
  package var ageSeconds: Int?
  /// `Retry-After`, in seconds.
  package var retryAfterSeconds: Int?
  /// `KV-Time`: the floor of idempotency keys, in milliseconds since 1970.
  package var floor: UInt64?
  /// False: `KV-Present: ?0`, no value is stored.
  package var isPresent = true
  /// True: `KV-Replayed: ?1`, the outcome of an earlier try.
  package var isReplayed = false
  /// `ETag` as it came, quotes included; empty without one.
  package var etag: [UInt8] = []
  package var body: [UInt8] = []

  package init(status: Int) {
    self.status = status
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
package enum Outcome: Equatable, Sendable {
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
  /// A write that was sent and not answered for, or a server's own fault (500, 504), the last of which is
  /// given where it was an answer.
  case unknown(Answer?)
}
