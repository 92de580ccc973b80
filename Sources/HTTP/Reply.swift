/// What a reply says beside its body.
package struct Reply {
  package var status: Status
  package var form: ReplyForm
  /// `ETag`: of the value read or just stored. Not sent in the classic dialect.
  package var tag: EntityTag?
  package var assurance = Assurance.linearizable
  /// `KV-Replayed: ?1`: the outcome of an earlier request with the same idempotency key.
  package var isReplayed = false
  /// `KV-Time`: the floor of idempotency keys, milliseconds.
  package var floor: UInt64?
  /// `Retry-After`, seconds.
  package var retryAfter: UInt32?
  package var allow: Allow?
  package var contentType = ContentType.text
  /// The body comes afterwards, in chunks, or to the connection's end where the client knows no chunks.
  package var isStreamed = false

  package init(_ status: Status = .ok, form: ReplyForm) {
    self.status = status
    self.form = form
  }

  package init(_ refusal: Refusal) {
    status = refusal.status
    form = refusal.form
    allow = refusal.allow
  }
}

/// What is known of an answer's freshness.
package enum Assurance: Equatable, Sendable {
  /// No label: linearizable.
  case linearizable
  /// `KV-Consistency: degraded`; `age` whole seconds since a quorum last confirmed this server's state.
  case degraded(age: UInt32)
  /// `KV-Consistency: local`, likewise.
  case local(age: UInt32)

  var isLabelled: Bool {
    switch self {
    case .linearizable: false
    case .degraded, .local: true
    }
  }
}

package enum ContentType: UInt8, Sendable {
  case text
  case json
  /// The text format of Prometheus, version 0.0.4.
  case metrics

  func name(in dialect: Dialect) -> StaticString {
    switch self {
    case .text: dialect == .classic ? "text/plain" : "text/plain; charset=utf-8"
    case .json: "application/json"
    case .metrics: "text/plain; version=0.0.4; charset=utf-8"
    }
  }
}
