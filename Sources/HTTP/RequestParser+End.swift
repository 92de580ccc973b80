/// How a request ends that has no proper end.
extension RequestParser {
  package enum End: Sendable {
    /// The client sent FIN.
    case ofInput
    /// No byte came for 200 ms.
    case silence
  }

  /// To be called when `next` has said `needsMore`. The end of input completes a classic request, and refuses
  /// another that has begun. Silence completes a classic request whose request line is whole, and does nothing
  /// else. `needsMore`: there was nothing to complete. What is completed so never keeps the connection.
  package mutating func finish(_ end: End) -> ParsedRequest {
    switch stage {
    case .head(let finder): finishHead(end, hasWholeLine: finder.firstLineLength != nil)
    case .body(let headLength, _): finishBody(end, headLength: headLength)
    case .ended: .needsMore
    }
  }

  private mutating func finishHead(_ end: End, hasWholeLine: Bool) -> ParsedRequest {
    let bytes = UnsafeRawBufferPointer(held.bytes)
    let isBlank = bytes.isEmpty || (bytes.count == 1 && bytes[0] == .carriageReturn)
    if isBlank || (end == .silence && !hasWholeLine) { return .needsMore }
    let head = RequestHead(bytes, isCut: true)
    if end == .silence, bytes.last != .lineFeed, head.line.dialect(hasHost: true) == .standard {
      // Classic for want of a Host so far, and in the midst of a line: more likely held up than naive.
      return .needsMore
    }
    switch (head.form.dialect, end) {
    case (.classic, _):
      stage = .ended
      return head.judge(body: .none)
    case (.standard, .ofInput): return refuseCut(head)
    case (.standard, .silence): return .needsMore
    }
  }

  private mutating func finishBody(_ end: End, headLength: Int) -> ParsedRequest {
    if end == .silence { return .needsMore }
    return refuseCut(RequestHead(UnsafeRawBufferPointer(held.bytes)[from: 0, to: headLength], isCut: true))
  }

  private mutating func refuseCut(_ head: RequestHead) -> ParsedRequest {
    stage = .ended
    var form = head.form
    form.keepsAlive = false
    return .refusal(Refusal(.badRequest, "the request ended too early", form: form))
  }

  /// After `upgrade`: the bytes that came behind the request. They are the peer protocol's.
  package mutating func takeRemainder(of input: UnsafeRawBufferPointer) -> [UInt8] {
    var rest = [UInt8](held.bytes)
    rest.append(contentsOf: input)
    held.consume(held.bytes.count)
    return rest
  }
}
