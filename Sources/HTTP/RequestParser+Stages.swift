/// Head, then body, then judgement. A head that waits for its body is read anew when the body is there: that costs
/// less, on the whole, than keeping what was read.
extension RequestParser {
  mutating func lookForHead(
    in bytes: UnsafeRawBufferPointer, from finder: HeadFinder, isHeld: Bool, _ found: inout ParsedRequest
  ) -> Step {
    if bytes.isEmpty { return .needsMore }
    var finder = finder
    let headLength = finder.find(in: bytes)
    if let refusal = Self.oversize(bytes, finder, headLength: headLength) {
      return end(with: refusal, length: bytes.count, &found)
    }
    guard let length = headLength else {
      stage = .head(finder)
      return .needsMore
    }
    let head = RequestHead(bytes[from: 0, to: length])
    if let refusal = head.refusal, head.fatal != nil || head.expectsContinue {
      return end(with: refusal, length: length, &found)
    }
    if !isHeld, head.body == .chunked || head.expectsContinue || head.isEncoded { return .mustHold }
    return lookForBody(of: head, in: bytes, headLength: length, &found)
  }

  private mutating func lookForBody(
    of head: RequestHead, in bytes: UnsafeRawBufferPointer, headLength: Int, _ found: inout ParsedRequest
  ) -> Step {
    switch head.body {
    case .none:
      let step = conclude(head, body: .none, length: headLength, &found)
      keepFamiliar(head, found, bodyLength: 0, in: bytes, headLength)
      return step
    case .length(let count) where bytes.count >= headLength + count && !head.expectsContinue:
      let length = headLength + count
      let step = conclude(head, body: bytes[from: headLength, to: length], length: length, &found)
      keepFamiliar(head, found, bodyLength: count, in: bytes, headLength)
      return step
    case .length(let count):
      stage = .body(headLength: headLength, .length(count))
      return head.expectsContinue ? inviteBody(&found) : .needsMore
    case .chunked:
      let body = ChunkedBody(
        start: headLength, bodyMax: MessageLimits.bodyMax, trailerMax: MessageLimits.headMax - headLength)
      stage = .body(headLength: headLength, .chunked(body))
      return head.expectsContinue ? inviteBody(&found) : decodeBody(headLength, body, &found)
    }
  }

  private func keepFamiliar(
    _ head: RequestHead, _ found: ParsedRequest, bodyLength: Int, in bytes: UnsafeRawBufferPointer,
    _ headLength: Int
  ) {
    guard case .request(let request) = found else { return }
    familiar.keep(head, request, bodyLength: bodyLength, in: bytes, headLength: headLength)
  }

  private func inviteBody(_ found: inout ParsedRequest) -> Step {
    found = .expectsContinue
    return .found(length: 0)
  }

  mutating func takeBody(
    _ headLength: Int, _ count: Int, from bytes: UnsafeRawBufferPointer, _ found: inout ParsedRequest
  ) -> Step {
    let length = headLength + count
    guard bytes.count >= length else { return .needsMore }
    let head = RequestHead(bytes[from: 0, to: headLength])
    return conclude(head, body: bytes[from: headLength, to: length], length: length, &found)
  }

  mutating func decodeBody(_ headLength: Int, _ body: ChunkedBody, _ found: inout ParsedRequest) -> Step {
    var body = body
    let progress = body.advance(&held)
    let bytes = UnsafeRawBufferPointer(held.bytes)
    switch progress {
    case .needsMore:
      stage = .body(headLength: headLength, .chunked(body))
      return .needsMore
    case .done:
      let head = RequestHead(bytes[from: 0, to: headLength])
      return conclude(head, body: bytes[from: body.start, to: body.end], length: body.next, &found)
    case .fault(let fault):
      let form = RequestHead(bytes[from: 0, to: headLength]).form
      return end(with: Refusal(fault.status, fault.reason, form: form), length: bytes.count, &found)
    }
  }

  private mutating func conclude(
    _ head: RequestHead, body: UnsafeRawBufferPointer, length: Int, _ found: inout ParsedRequest
  ) -> Step {
    found = head.judge(body: body)
    stage = head.form.keepsAlive && !found.isUpgrade ? .head(HeadFinder()) : .ended
    return .found(length: length)
  }

  private mutating func end(with refusal: Refusal, length: Int, _ found: inout ParsedRequest) -> Step {
    stage = .ended
    var refusal = refusal
    refusal.form.keepsAlive = false
    found = .refusal(refusal)
    return .found(length: length)
  }

  /// Whether what has come is already too much, told from lengths and the target's first byte alone, so that it
  /// does not depend on how much has come beyond the limit.
  private static func oversize(
    _ bytes: UnsafeRawBufferPointer, _ finder: HeadFinder, headLength: Int?
  ) -> Refusal? {
    if bytes.count <= MessageLimits.targetMax { return nil }
    if isLineOversize(bytes, length: finder.firstLineLength) {
      return Refusal(.uriTooLong, "the target has more than 32 KiB", form: provisionalForm(bytes))
    }
    if (headLength ?? bytes.count) > MessageLimits.headMax {
      return Refusal(.headTooLarge, "the head has more than 40 KiB", form: provisionalForm(bytes))
    }
    return nil
  }

  /// `length` counts the line end too; nil while the line is not whole, and may still get a line feed.
  private static func isLineOversize(_ bytes: UnsafeRawBufferPointer, length: Int?) -> Bool {
    guard let length else { return bytes.count > MessageLimits.requestLineMax + 1 }
    if length <= MessageLimits.targetMax { return false }
    var lines = HeadLines(bytes[from: 0, to: length])
    guard let line = lines.next() else { return false }
    return line.bytes.count > MessageLimits.requestLineMax
      || RequestLine(line).target.count > MessageLimits.targetMax
  }

  private static func provisionalForm(_ bytes: UnsafeRawBufferPointer) -> ReplyForm {
    let target = bytes.first(of: UInt8(ascii: " ")).map { $0 + 1 } ?? bytes.count
    let isStandard = target < bytes.count && bytes[target] == UInt8(ascii: "/")
    return ReplyForm(dialect: isStandard ? .standard : .classic, isHTTP11: isStandard, keepsAlive: false)
  }
}
