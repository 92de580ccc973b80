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
    case found(ParsedResponse, length: Int)
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
    while held.isEmpty {
      switch look(at: input, isHead: isHead, isHeld: false) {
      case .found(let found, let length):
        input = input[from: length, to: input.count]
        return found
      case .skip(let length):
        input = input[from: length, to: input.count]
        continue
      case .needsMore, .mustHold: break
      }
      break
    }
    held.append(input)
    input = .none
    while true {
      switch look(at: UnsafeRawBufferPointer(held.bytes), isHead: isHead, isHeld: true) {
      case .found(let found, let length):
        held.consume(length)
        return found
      case .skip(let length): held.consume(length)
      case .needsMore, .mustHold:
        held.trim()
        return .needsMore
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

  private mutating func look(at bytes: UnsafeRawBufferPointer, isHead: Bool, isHeld: Bool) -> Step {
    switch stage {
    case .head(let finder): return lookForHead(in: bytes, from: finder, isHead: isHead, isHeld: isHeld)
    case .length(var response, let start, let end):
      guard bytes.count >= end else { return .needsMore }
      response.body = bytes[from: start, to: end]
      return conclude(response, length: end)
    case .chunked(let response, let body): return decode(response, body)
    case .rest(_, let start):
      return bytes.count - start > Limits.replyBodyMax ? fail("the reply is too long") : .needsMore
    case .ended: return .found(.needsMore, length: bytes.count)
    }
  }

  private mutating func lookForHead(
    in bytes: UnsafeRawBufferPointer, from finder: HeadFinder, isHead: Bool, isHeld: Bool
  ) -> Step {
    if bytes.isEmpty { return .needsMore }
    var finder = finder
    let found = finder.find(in: bytes)
    if (found ?? bytes.count) > Limits.replyHeadMax { return fail("the reply's head has more than 40 KiB") }
    guard let length = found else {
      stage = .head(finder)
      return .needsMore
    }
    switch ResponseHead.parse(bytes[from: 0, to: length], isHead: isHead) {
    case .malformed(let reason): return fail(reason)
    case .head(let head):
      stage = .head(HeadFinder())
      if head.isInterim { return .skip(length: length) }
      return lookForBody(of: head, in: bytes, headLength: length, isHeld: isHeld)
    }
  }

  private mutating func lookForBody(
    of head: ResponseHead, in bytes: UnsafeRawBufferPointer, headLength: Int, isHeld: Bool
  ) -> Step {
    switch head.body {
    case .none: return conclude(head.response, length: headLength)
    case .length(let count):
      stage = .length(head.response, from: headLength, to: headLength + count)
      return look(at: bytes, isHead: false, isHeld: isHeld)
    case .chunked:
      if !isHeld { return .mustHold }
      let trailerMax = Limits.replyHeadMax - headLength
      let body = ChunkedBody(start: headLength, bodyMax: Limits.replyBodyMax, trailerMax: trailerMax)
      return decode(head.response, body)
    case .rest:
      stage = .rest(head.response, from: headLength)
      return look(at: bytes, isHead: false, isHeld: isHeld)
    }
  }

  private mutating func decode(_ response: Response, _ chunks: ChunkedBody) -> Step {
    var chunks = chunks
    switch chunks.advance(&held) {
    case .needsMore:
      stage = .chunked(response, chunks)
      return .needsMore
    case .fault(let fault): return fail(fault.reason)
    case .done:
      var response = response
      response.body = UnsafeRawBufferPointer(held.bytes)[from: chunks.start, to: chunks.end]
      return conclude(response, length: chunks.next)
    }
  }

  private mutating func conclude(_ response: Response, length: Int) -> Step {
    stage = response.keepsAlive && response.status != 101 ? .head(HeadFinder()) : .ended
    return .found(.response(response), length: length)
  }

  private mutating func fail(_ reason: StaticString) -> Step {
    stage = .ended
    return .found(.malformed(reason), length: 0)
  }
}
