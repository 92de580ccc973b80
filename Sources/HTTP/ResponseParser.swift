/// Turns a connection's received bytes, however they are split, into replies, in order. The same use, the same
/// borrowing and the same economy as `RequestParser`: a reply that is whole in `input` is parsed where it lies.
package struct ResponseParser: ~Copyable {
  private enum Stage {
    case head(HeadFinder)
    case length(Response, from: Int, to: Int)
    case chunked(Response, ChunkedBody)
    case rest(Response, from: Int)
    case ended
  }

  private enum Step {
    /// An outcome, which was written where the caller said.
    case found(length: Int)
    /// An interim reply.
    case skip(length: Int)
    case needsMore
    case mustHold
  }

  private var stage = Stage.head(HeadFinder())
  private var held = HeldBytes()

  package init() {}

  /// No reply has begun.
  package var isIdle: Bool {
    if case .head = stage { held.isEmpty } else { false }
  }

  /// The next outcome. `isHead`: the reply under way answers HEAD. Takes from the front of `input` what belongs to
  /// it (or more, and keeps that); at `needsMore` all of it was taken.
  package mutating func next(_ input: inout UnsafeRawBufferPointer, isHead: Bool = false) -> ParsedResponse {
    if case .ended = stage {
      input = .none
      return .needsMore
    }
    var found = ParsedResponse.needsMore
    while held.isEmpty, !input.isEmpty {
      switch look(at: input, isHead: isHead, isHeld: false, &found) {
      case .found(let length):
        input = input[from: length, to: input.count]
        return found
      case .skip(let length): input = input[from: length, to: input.count]
      case .needsMore, .mustHold:
        held.append(input)
        input = .none
      }
    }
    held.append(input)
    input = .none
    lookAtHeld(isHead: isHead, &found)
    return found
  }

  private mutating func lookAtHeld(isHead: Bool, _ found: inout ParsedResponse) {
    while true {
      switch look(at: UnsafeRawBufferPointer(held.bytes), isHead: isHead, isHeld: true, &found) {
      case .found(let length): return held.consume(length)
      case .skip(let length): held.consume(length)
      case .needsMore, .mustHold: return held.trim()
      }
    }
  }

  /// The server closed. A reply that lasts until then is whole now; one cut short is malformed.
  package mutating func finish() -> ParsedResponse {
    defer { stage = .ended }
    switch stage {
    case .rest(var response, let start):
      let bytes = UnsafeRawBufferPointer(held.bytes)
      response.body = bytes[from: start, to: bytes.count]
      return .response(response)
    case .length, .chunked: return .malformed("the reply was cut short")
    case .head: return held.isEmpty ? .needsMore : .malformed("the reply was cut short")
    case .ended: return .needsMore
    }
  }

  private mutating func look(
    at bytes: UnsafeRawBufferPointer, isHead: Bool, isHeld: Bool, _ found: inout ParsedResponse
  ) -> Step {
    switch stage {
    case .head(let finder):
      return lookForHead(in: bytes, from: finder, isHead: isHead, isHeld: isHeld, &found)
    case .length(let response, let start, let end):
      if bytes.count < end { return .needsMore }
      return conclude(response, body: bytes[from: start, to: end], length: end, &found)
    case .chunked(let response, let body): return decode(response, body, &found)
    case .rest(_, let start):
      return bytes.count - start > MessageLimits.replyBodyMax
        ? fail("the reply is too long", &found) : .needsMore
    case .ended: return .needsMore
    }
  }

  private mutating func lookForHead(
    in bytes: UnsafeRawBufferPointer, from finder: HeadFinder, isHead: Bool, isHeld: Bool,
    _ found: inout ParsedResponse
  ) -> Step {
    if bytes.isEmpty { return .needsMore }
    var finder = finder
    let headLength = finder.find(in: bytes)
    if (headLength ?? bytes.count) > MessageLimits.replyHeadMax {
      return fail("the reply's head has more than 40 KiB", &found)
    }
    guard let length = headLength else {
      stage = .head(finder)
      return .needsMore
    }
    let head = ResponseHead(bytes[from: 0, to: length], isHead: isHead)
    if let fault = head.fault { return fail(fault, &found) }
    stage = .head(HeadFinder())
    if head.isInterim { return .skip(length: length) }
    return lookForBody(of: head, in: bytes, headLength: length, isHeld: isHeld, &found)
  }

  private mutating func lookForBody(
    of head: ResponseHead, in bytes: UnsafeRawBufferPointer, headLength: Int, isHeld: Bool,
    _ found: inout ParsedResponse
  ) -> Step {
    switch head.body {
    case .none: return conclude(head.response, body: .none, length: headLength, &found)
    case .length(let count):
      let end = headLength + count
      if bytes.count >= end {
        return conclude(head.response, body: bytes[from: headLength, to: end], length: end, &found)
      }
      stage = .length(head.response, from: headLength, to: end)
      return .needsMore
    case .chunked:
      if !isHeld { return .mustHold }
      let trailerMax = MessageLimits.replyHeadMax - headLength
      let body = ChunkedBody(start: headLength, bodyMax: MessageLimits.replyBodyMax, trailerMax: trailerMax)
      return decode(head.response, body, &found)
    case .rest:
      stage = .rest(head.response, from: headLength)
      return look(at: bytes, isHead: false, isHeld: isHeld, &found)
    }
  }

  private mutating func decode(
    _ response: Response, _ chunks: ChunkedBody, _ found: inout ParsedResponse
  ) -> Step {
    var chunks = chunks
    switch chunks.advance(&held) {
    case .needsMore:
      stage = .chunked(response, chunks)
      return .needsMore
    case .fault(let fault): return fail(fault.reason, &found)
    case .done:
      let body = UnsafeRawBufferPointer(held.bytes)[from: chunks.start, to: chunks.end]
      return conclude(response, body: body, length: chunks.next, &found)
    }
  }

  private mutating func conclude(
    _ response: Response, body: UnsafeRawBufferPointer, length: Int, _ found: inout ParsedResponse
  ) -> Step {
    var response = response
    response.body = body
    stage = response.keepsAlive && response.status != 101 ? .head(HeadFinder()) : .ended
    found = .response(response)
    return .found(length: length)
  }

  private mutating func fail(_ reason: StaticString, _ found: inout ParsedResponse) -> Step {
    stage = .ended
    found = .malformed(reason)
    return .found(length: 0)
  }
}
