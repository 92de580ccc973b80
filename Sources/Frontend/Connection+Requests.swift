import Bytes
import HTTP
import KVStore

extension Connection {
  /// Takes requests from `bytes` as long as one may be taken, and keeps the rest.
  func take(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    hasMore = false
    while canTake {
      switch parser.next(&rest) {
      case .needsMore: return
      case .expectsContinue: owesContinue = true
      case .request(let request): accept(request)
      case .refusal(let refusal): refuse(refusal)
      }
    }
    if phase == .upgrading { keepEarly(rest) }
    guard !takesNoMore else { return }
    hasMore = true
    if !rest.isEmpty { leftover.append(contentsOf: rest) }
  }

  /// The client sends no more: a classic request without its blank line is whole.
  func takeEnd() {
    hasToldEnd = true
    take(parser.finish(.ofInput))
  }

  /// Nothing came for a while after a classic request line: it is the whole request.
  func takeLine() {
    take(parser.finish(.silence))
  }

  private func take(_ parsed: ParsedRequest) {
    switch parsed {
    case .needsMore, .expectsContinue: break
    case .request(let request): accept(request)
    case .refusal(let refusal): refuse(refusal)
    }
  }

  private func accept(_ request: Request) {
    hasProgressed = true
    switch request.action {
    case .read, .write, .remove:
      if frontend.isStopping, !frontend.isParting { return answer(.stopping, to: request) }
      guard frontend.requests.waiting < frontend.options.waitingMax else {
        return answer(.overloaded, to: request)
      }
      if request.action == .read { acceptRead(request) } else { acceptWrite(request) }
    case .options: replyOptions(request)
    case .admin: acceptAdmin(request)
    case .upgrade: acceptUpgrade(request)
    }
  }

  func answer(_ unanswered: Unanswered, to request: Request) {
    reply(Reply(unanswered, form: request.form), text: unanswered.reason, kind: .own)
  }

  private func refuse(_ refusal: Refusal) {
    hasProgressed = true
    reply(Reply(refusal), text: refusal.reason, kind: .own)
  }

  private func replyOptions(_ request: Request) {
    var options = Reply(.noContent, form: request.form)
    options.allow = .keys
    reply(options, kind: .own)
  }

  private func acceptRead(_ request: Request) {
    let index = add(.read, request)
    frontend.requests[index].buffer.put(request.key)
    frontend.requests[index].keyCount = request.key.count
    if request.ifNoneMatch.isPresent { frontend.requests[index].keep(request.ifNoneMatch) }
    guard maySubmit(.read) else { return held = index }
    frontend.submitRead(index, key: request.key)
  }

  private func acceptWrite(_ request: Request) {
    let conditions = WriteConditions(request)
    guard !conditions.isTooMany else {
      return reply(
        Reply(.badRequest, form: request.form), text: "too many entity tags: 64 at most", kind: .own)
    }
    let kind = request.action == .write ? RequestKind.write : .remove
    let index = add(kind, request)
    frontend.requests[index].buffer.put(request.key)
    frontend.requests[index].keyCount = request.key.count
    frontend.requests[index].isConditional = request.isConditional
    conditions.withWrite(request) { write in
      if maySubmit(kind) {
        frontend.submitWrite(index) { $0.put(write) }
      } else {
        held = index
        frontend.requests[index].buffer.put(write)
      }
    }
  }

  /// A new request at the end of this connection's list.
  func add(_ kind: RequestKind, _ request: Request) -> Int32 {
    let index = append(kind, form: request.form)
    frontend.requests[index].demand = frontend.demand(of: request)
    return index
  }

  private func append(_ kind: RequestKind, form: ReplyForm) -> Int32 {
    let index = frontend.requests.add(kind, form: form, connection: slot, started: frontend.turnStarted)
    if last == RequestTable.none { first = index } else { frontend.requests[last].next = index }
    last = index
    requestCount += 1
    if !form.keepsAlive { takesNoMore = true }
    return index
  }

  /// RFC 9112, section 9.3.2: pipelined requests may be worked on side by side only if they are safe. Writes keep
  /// their order by themselves.
  private func maySubmit(_ kind: RequestKind) -> Bool {
    guard requestCount > 1 else {
      openWrites = kind.changesState
      return true
    }
    return openWrites == kind.changesState
  }

  /// The held request's turn has come: all before it are answered.
  func submitHeld() {
    guard held != RequestTable.none, first == held else { return }
    let index = held
    held = RequestTable.none
    openWrites = frontend.requests[index].kind.changesState
    frontend.submitHeld(index)
  }

  /// A reply that this server gives by itself, in its turn.
  func reply(_ reply: Reply, text: StaticString, kind: RequestKind) {
    self.reply(reply, kind) { frontend.writer.put($0, line: text, into: &$1) }
  }

  func reply(_ reply: Reply, body: [UInt8] = [], kind: RequestKind) {
    self.reply(reply, kind) { reply, output in
      body.withUnsafeBytes { frontend.writer.put(reply, body: $0, into: &output) }
    }
  }

  private func reply(_ reply: Reply, _ kind: RequestKind, _ make: (Reply, inout [UInt8]) -> Void) {
    frontend.metrics.count(kind, reply.status)
    var reply = reply
    if frontend.isStopping { reply.form.keepsAlive = false }
    if first == RequestTable.none {
      make(reply, &output)
      return didReply(reply.form)
    }
    let index = append(kind, form: reply.form)
    make(reply, &frontend.requests[index].buffer)
    frontend.requests.setAnswered(index)
  }
}
