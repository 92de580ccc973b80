/// From a head (and a body) to what is asked, or to why not.
extension RequestHead {
  /// Key and value of the target are to be decoded: the head must be the parser's own bytes.
  var isEncoded: Bool {
    guard fatal == nil, case .key(let pair) = target else { return false }
    return pair.isEncoded
  }

  /// A refusal that the head alone decides, whatever key, value and body are.
  var refusal: Refusal? {
    guard let fault = fatal ?? methodFault ?? fields.objection.map({ Fault(.badRequest, $0) }) else {
      return nil
    }
    return Refusal(fault.status, fault.reason, form: form, allow: fault.allow)
  }

  /// To be called once: it decodes the target in place.
  func judge(body: UnsafeRawBufferPointer) -> ParsedRequest {
    if let refusal { return .refusal(refusal) }
    switch target {
    case .admin(let path): return judge(path: path, body: body)
    case .key(let pair):
      if line.method == .options { return .request(request(.options)) }
      if line.method != .get, pair.value != nil {
        return .refusal(Refusal(.badRequest, "the key has an equals sign", form: form))
      }
      return judge(line.method == .put ? pair.with(body: body) : pair)
    }
  }

  private var methodFault: Fault? {
    if form.dialect == .classic {
      let fault = Fault(
        .methodNotAllowed, "a request without Host, or in bare lines, can only GET", allow: .get)
      return line.method == .get ? nil : fault
    }
    switch target {
    case .admin: return adminMethodFault
    case .key(let pair): return keyMethodFault(pair)
    }
  }

  private var adminMethodFault: Fault? {
    switch line.method {
    case .get, .head, .post, .options: nil
    case .put, .delete, .patch:
      Fault(.methodNotAllowed, "an admin path takes no such method", allow: .getAndHead)
    case .other: Fault(.notImplemented, "the method is unknown here")
    }
  }

  private func keyMethodFault(_ pair: RawPair) -> Fault? {
    switch line.method {
    case .get, .delete, .options: return nil
    case .put:
      return body == .none ? Fault(.lengthRequired, "PUT needs Content-Length, or a chunked body") : nil
    case .head:
      if pair.value == nil { return nil }
      return Fault(.methodNotAllowed, "HEAD of a write: only GET writes by key=value", allow: .get)
    case .post, .patch: return Fault(.methodNotAllowed, "a key takes no such method", allow: .keys)
    case .other: return Fault(.notImplemented, "the method is unknown here")
    }
  }

  private func judge(path: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) -> ParsedRequest {
    var request = request(line.method == .options ? .options : .admin)
    request.path = path
    request.body = body
    guard path.equals("/-/peer"), request.action == .admin else { return .request(request) }
    guard line.method == .get, form.dialect == .standard, fields.upgradesToPeer else {
      return .refusal(Refusal(.upgradeRequired, "peers come here, with Upgrade: quorate/1", form: form))
    }
    request.action = .upgrade
    return .request(request)
  }

  private func judge(_ pair: RawPair) -> ParsedRequest {
    var form = form
    func refuse(_ reason: StaticString) -> ParsedRequest {
      .refusal(Refusal(.badRequest, reason, form: form))
    }
    if pair.key.isEmpty, pair.value == nil {
      return refuse("usage: GET /key reads, GET /key=value or PUT /key writes, DELETE /key removes")
    }
    if pair.isMismatched { return refuse("brackets go around key and value, or nowhere") }
    form.isBracketed = pair.isBracketed
    guard let key = decoded(pair.key, of: pair) else { return refuse("a bad percent-encoding") }
    if let fault = TextRules.keyFault(key) { return refuse(fault) }
    var request = request(pair.value == nil ? .read : .write)
    request.form = form
    request.key = key
    if line.method == .delete { request.action = .remove }
    guard let raw = pair.value else { return .request(request) }
    guard let value = line.method == .put ? raw : decoded(raw, of: pair) else {
      return refuse("a bad percent-encoding")
    }
    if let fault = TextRules.valueFault(value) { return refuse(fault) }
    request.value = value
    return .request(request)
  }

  private func decoded(_ raw: UnsafeRawBufferPointer, of pair: RawPair) -> UnsafeRawBufferPointer? {
    pair.isEncoded ? PercentCoding.decodeInPlace(raw) : raw
  }

  private func request(_ action: Request.Action) -> Request {
    var request = Request(action, line.method, form)
    request.demand = fields.demand
    request.idempotencyKey = fields.idempotencyKey
    request.matchKind = fields.ifMatch
    request.noneMatchKind = fields.ifNoneMatch
    request.fieldLines = fieldLines
    return request
  }
}
