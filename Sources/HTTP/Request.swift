/// One whole request, understood and valid. Every buffer is borrowed from the parser or from the bytes that it
/// was given, and is valid until the next call of the parser or the return of the read callback, whichever
/// comes first.
package struct Request {
  package enum Action: UInt8, Sendable {
    /// The current value of `key`.
    case read
    /// `key` becomes `value`.
    case write
    /// `key` is removed.
    case remove
    /// OPTIONS: 204 with `Allow`.
    case options
    /// An admin path, `path`, by `method` (get, head or post only).
    case admin
    /// `GET /-/peer` with `Upgrade: quorate/1`: 101, then no HTTP any more (see `RequestParser.remainder`).
    case upgrade
  }

  package var action: Action
  package var method: Method
  package var form: ReplyForm
  /// What the request demands by `KV-Consistency`.
  package var demand = ConsistencyDemand.unspecified
  /// Valid UTF-8 that satisfies `TextRules`; empty unless read, write or remove.
  package var key = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Valid UTF-8 that satisfies `TextRules`; empty unless write.
  package var value = UnsafeRawBufferPointer(start: nil, count: 0)
  /// The raw path, from `/-/`; empty unless admin or upgrade.
  package var path = UnsafeRawBufferPointer(start: nil, count: 0)
  /// What came with the request; empty unless admin.
  package var body = UnsafeRawBufferPointer(start: nil, count: 0)
  /// 1 to 64 bytes without quotes; empty when the request has none. Means something only on a write or remove.
  package var idempotencyKey = UnsafeRawBufferPointer(start: nil, count: 0)
  /// `If-Match` and `If-None-Match`, read anew from `fieldLines` when asked for.
  package var ifMatch: EntityTagList { EntityTagList(.ifMatch, matchKind, fieldLines) }
  package var ifNoneMatch: EntityTagList { EntityTagList(.ifNoneMatch, noneMatchKind, fieldLines) }

  package var isConditional: Bool { matchKind != .absent || noneMatchKind != .absent }

  var matchKind = EntityTagList.Kind.absent
  var noneMatchKind = EntityTagList.Kind.absent
  var fieldLines = UnsafeRawBufferPointer(start: nil, count: 0)

  init(_ action: Action, _ method: Method, _ form: ReplyForm) {
    self.action = action
    self.method = method
    self.form = form
  }
}

/// `KV-Consistency` in a request.
package enum ConsistencyDemand: UInt8, Sendable {
  case unspecified
  /// 503 rather than a degraded answer.
  case linearizable
  /// At once, from this server's own state.
  case local
}

/// Why a request is not carried out. Nothing of it was executed.
package struct Refusal {
  package var status: Status
  /// One line, without its end.
  package var reason: StaticString
  /// `form.keepsAlive` is false where the connection's framing is lost: reply, then close.
  package var form: ReplyForm
  package var allow: Allow?

  package init(_ status: Status, _ reason: StaticString, form: ReplyForm, allow: Allow? = nil) {
    self.status = status
    self.reason = reason
    self.form = form
    self.allow = allow
  }
}

/// What the parser found.
package enum ParsedRequest {
  /// All bytes given were taken; no request is whole yet.
  case needsMore
  /// `Expect: 100-continue`, and a body is awaited: send `100 Continue` in its turn, then call again.
  case expectsContinue
  case request(Request)
  case refusal(Refusal)

  /// What follows is no HTTP any more.
  var isUpgrade: Bool {
    if case .request(let request) = self { request.action == .upgrade } else { false }
  }
}
