/// A reply's head, read in one pass.
struct ResponseHead {
  enum Body: Equatable {
    case none
    case length(Int)
    case chunked
    /// Everything until the server closes.
    case rest
  }

  var response: Response
  private(set) var body = Body.rest
  /// An interim reply: the final one follows.
  var isInterim: Bool { (100..<200).contains(response.status) && response.status != 101 }

  private var length: Int?
  private var isChunked = false
  private var age: UInt32 = 0
  /// The reply cannot be understood, and why.
  private(set) var fault: StaticString?

  /// `isHead`: the reply answers HEAD, and has no body whatever it says.
  init(_ bytes: UnsafeRawBufferPointer, isHead: Bool) {
    var lines = HeadLines(bytes)
    let status = lines.next().flatMap { Self.status($0.bytes) }
    response = Response(status: status?.code ?? 0, keepsAlive: status?.isHTTP11 ?? false)
    if status == nil { fault = "the reply does not begin as HTTP" }
    while fault == nil, let line = lines.next() {
      switch FieldLine.parse(line.bytes) {
      case .field(let field): read(field)
      case .fault(let reason): fault = reason
      }
    }
    conclude(isHead: isHead)
  }

  /// `HTTP/1.x CODE phrase`
  private static func status(_ line: UnsafeRawBufferPointer) -> (code: UInt16, isHTTP11: Bool)? {
    guard line.count >= 12, line.starts(with: "HTTP/1."), line[7].isDigit, line[8] == UInt8(ascii: " "),
      line.count == 12 || line[12] == UInt8(ascii: " "),
      let code = line[from: 9, to: 12].canonicalDecimal(), code >= 100
    else { return nil }
    return (UInt16(code), line[7] != UInt8(ascii: "0"))
  }

  private mutating func conclude(isHead: Bool) {
    let status = response.status
    if isHead || status < 200 || status == 204 || status == 304 {
      body = .none
    } else if isChunked {
      body = .chunked
    } else if let length {
      body = .length(length)
    } else {
      response.keepsAlive = false
    }
    switch response.assurance {
    case .linearizable: break
    case .degraded: response.assurance = .degraded(age: age)
    case .local: response.assurance = .local(age: age)
    }
  }

  private mutating func read(_ field: FieldLine) {
    let name = field.name
    let value = field.value
    switch name.count {
    case 3: if name.equalsIgnoringCase("age") { age = value.clampedSeconds ?? age }
    case 4: if name.equalsIgnoringCase("etag") { readTag(value) }
    case 7: if name.equalsIgnoringCase("kv-time") { response.floor = value.canonicalDecimal() }
    case 10:
      if name.equalsIgnoringCase("connection") {
        readConnection(value)
      } else if name.equalsIgnoringCase("kv-present") {
        response.isPresent = !value.equals("?0")
      }
    case 11:
      if name.equalsIgnoringCase("kv-replayed") {
        response.isReplayed = value.equals("?1")
      } else if name.equalsIgnoringCase("retry-after") {
        response.retryAfter = value.clampedSeconds
      }
    case 14:
      if name.equalsIgnoringCase("content-length") {
        readLength(value)
      } else if name.equalsIgnoringCase("kv-consistency") {
        // A label that is not known promises no more than the weakest that is.
        response.assurance = value.equals("local") ? .local(age: 0) : .degraded(age: 0)
      }
    case 17: if name.equalsIgnoringCase("transfer-encoding") { readCoding(value) }
    default: break
    }
  }

  private mutating func readTag(_ value: UnsafeRawBufferPointer) {
    if case .tag(let element, let rest) = TagSyntax.next(value), rest.isEmpty { response.tag = element.tag }
  }

  private mutating func readConnection(_ value: UnsafeRawBufferPointer) {
    var items = CommaList(value)
    while let item = items.next() {
      if item.equalsIgnoringCase("close") { response.keepsAlive = false }
      if item.equalsIgnoringCase("keep-alive") { response.keepsAlive = true }
    }
  }

  private mutating func readLength(_ value: UnsafeRawBufferPointer) {
    guard length == nil, let bytes = value.canonicalDecimal(), bytes <= UInt64(MessageLimits.replyBodyMax)
    else {
      fault = "a bad Content-Length"
      return
    }
    length = Int(bytes)
  }

  private mutating func readCoding(_ value: UnsafeRawBufferPointer) {
    guard value.equalsIgnoringCase("chunked"), !isChunked else {
      fault = "an unknown Transfer-Encoding"
      return
    }
    isChunked = true
  }
}

extension UnsafeRawBufferPointer {
  /// Whole seconds; more than fit come out as the most that do.
  fileprivate var clampedSeconds: UInt32? {
    canonicalDecimal().map { UInt32(clamping: $0) }
  }
}
