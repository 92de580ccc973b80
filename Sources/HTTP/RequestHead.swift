/// A whole head, judged: which dialect, how its body is framed, and what is wrong with it, if anything.
struct RequestHead {
  enum Body: Equatable {
    case none
    case length(Int)
    case chunked
  }

  let line: RequestLine
  let fieldLines: UnsafeRawBufferPointer
  let fields: RequestFields
  let target: Target
  let form: ReplyForm
  let body: Body
  /// The end of this request is unknown or too far: refuse at once and close.
  let fatal: Fault?

  /// `isCut`: the head ended with the input or in silence, without its empty line.
  init(_ bytes: UnsafeRawBufferPointer, isCut: Bool = false) {
    var lines = HeadLines(bytes)
    line = RequestLine(lines.next() ?? HeadLine(bytes: .none, endsInCRLF: false))
    fieldLines = lines.remaining
    fields = RequestFields(fieldLines)
    let dialect = line.dialect(hasHost: fields.hosts > 0)
    target = Target(line, dialect: dialect)
    switch dialect {
    case .classic:
      (body, fatal) = (.none, nil)
      let keepsAlive = !isCut && fields.keepsClassicAlive
      form = ReplyForm(dialect: dialect, isHTTP11: false, keepsAlive: keepsAlive)
    case .standard:
      let fault = line.standardFault ?? fields.standardFault(version: line.version)
      (body, fatal) = (fault == nil ? fields.body : .none, fault)
      let isHTTP11 = line.version != .http10
      let keepsAlive = fault == nil && !isCut && !fields.saysClose && (isHTTP11 || fields.saysKeepAlive)
      form = ReplyForm(
        dialect: dialect, isHTTP11: isHTTP11, keepsAlive: keepsAlive, isHead: line.method == .head)
    }
  }

  /// The client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
  var expectsContinue: Bool {
    fields.expectsContinue && line.version == .http11 && body != .none && body != .length(0)
  }
}

extension RequestFields {
  /// A kept classic connection is certain where the next request begins: asked for, nothing doubtful, no body.
  var keepsClassicAlive: Bool {
    let hasBody = coding != .none || (length != .absent && length != .bytes(0))
    return saysKeepAlive && !saysClose && !hasBody && framingFault == nil
  }

  var body: RequestHead.Body {
    if coding == .chunked { return .chunked }
    if case .bytes(let count) = length { return .length(count) }
    return .none
  }

  /// What makes it impossible to go on with the connection after this head.
  func standardFault(version: RequestLine.Version) -> Fault? {
    if let framingFault { return Fault(.badRequest, framingFault) }
    if hasBareLineFeed { return Fault(.badRequest, "a header line ends in a bare line feed") }
    if hosts > 1 { return Fault(.badRequest, "more than one Host") }
    if coding != .none, version == .http10 {
      return Fault(.badRequest, "HTTP/1.0 has no Transfer-Encoding")
    }
    if coding == .other { return Fault(.notImplemented, "the only Transfer-Encoding spoken here is chunked") }
    if length == .tooLarge { return Fault(.contentTooLarge, "the body has more than 8 KiB") }
    return nil
  }
}
