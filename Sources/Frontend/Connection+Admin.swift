import HTTP
import UV

extension Connection {
  func acceptAdmin(_ request: Request) {
    guard let path = AdminPath(request.path), path.allow != .post || isOwnMachine else {
      return reply(Reply(.notFound, form: request.form), text: "no such path", kind: .own)
    }
    guard path.allows(request.method) else {
      var refusal = Reply(.methodNotAllowed, form: request.form)
      refusal.allow = path.allow
      return reply(refusal, text: "this path does not know that method", kind: .own)
    }
    switch path {
    case .healthy: reply(Reply(form: request.form), text: "healthy", kind: .own)
    case .ready: replyReady(request.form)
    case .metrics: reply(request.form, .metrics, frontend.metricsText())
    case .status: reply(request.form, .json, frontend.backend.report.json(counters: frontend.counters()))
    case .conflicts: reply(request.form, .json, frontend.backend.conflicts.json)
    case .dump: acceptDump(request)
    case .recover: acceptRecover(request)
    case .acknowledgeLoss: reply(command: .acknowledgeLoss, request.form)
    }
  }

  /// The body: nothing, or `without=HOST:PORT`, with more of them behind commas.
  private func acceptRecover(_ request: Request) {
    let text = String(decoding: request.body, as: UTF8.self).filter { !$0.isWhitespace }
    let prefix = "without="
    guard text.isEmpty || text.hasPrefix(prefix) else {
      return reply(
        Reply(.badRequest, form: request.form), text: "the body is to be without=HOST:PORT[,HOST:PORT...]",
        kind: .own)
    }
    let names = text.dropFirst(prefix.count).split(separator: ",").map { String($0) }
    reply(command: .recover(without: names), request.form)
  }

  /// For what only an operator at the machine may ask: others are told that there is no such path.
  private var isOwnMachine: Bool {
    guard let peer = stream.peerAddress else { return false }
    return peer.isLoopback || peer.host == stream.localAddress?.host
  }

  private func replyReady(_ form: ReplyForm) {
    let report = frontend.backend.report
    if frontend.isStopping { return notReady(form, "shutting down") }
    if !report.isLinearizable { return notReady(form, report.reason) }
    reply(Reply(form: form), text: "ready", kind: .own)
  }

  private func notReady(_ form: ReplyForm, _ reason: String) {
    var refusal = Reply(.serviceUnavailable, form: form)
    refusal.retryAfter = FrontendOptions.retryAfter
    reply(refusal, body: Array("not ready: \(reason)\n".utf8), kind: .own)
  }

  private func reply(_ form: ReplyForm, _ type: ContentType, _ bytes: [UInt8]) {
    var answer = Reply(form: form)
    answer.contentType = type
    reply(answer, body: bytes, kind: .own)
  }

  private func reply(command: OperatorCommand, _ form: ReplyForm) {
    let answer = frontend.backend.command(command)
    reply(
      Reply(answer.isDone ? .ok : .badRequest, form: form), body: Array((answer.line + "\n").utf8), kind: .own
    )
  }

  private func acceptDump(_ request: Request) {
    if frontend.isStopping {
      return reply(Reply(.stopping, form: request.form), text: Unanswered.stopping.reason, kind: .dump)
    }
    let index = add(.dump, request)
    held = index
  }
}
