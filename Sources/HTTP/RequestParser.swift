/// Turns a connection's received bytes, however they are split, into requests, one at a time and in order.
///
///     while true {
///       switch parser.next(&input) {
///       case .needsMore: return              // read on
///       case .expectsContinue: …
///       case .request(let request): …        // borrowed until the next call
///       case .refusal(let refusal): …
///       }
///     }
///
/// A request that is whole in `input` is parsed where it lies. Bytes are copied, and memory is allocated, only for
/// a request that is not whole, that has a chunked body or percent-encoding, or that expects `100 Continue`; what
/// then follows in `input` is copied with it. A parser between requests owns no memory.
///
/// After a request or refusal whose `form.keepsAlive` is false, everything that still comes is ignored.
package struct RequestParser: ~Copyable {
  enum Stage {
    case head(HeadFinder)
    case body(headLength: Int, BodyProgress)
    /// Nothing more is understood on this connection.
    case ended
  }

  enum BodyProgress {
    case length(Int)
    case chunked(ChunkedBody)
  }

  /// What one look at the bytes came to.
  enum Step {
    case found(ParsedRequest, length: Int)
    case needsMore
    /// To go on, the bytes must be the parser's own.
    case mustHold
  }

  var stage = Stage.head(HeadFinder())
  var held = HeldBytes()

  package init() {}

  /// Where the connection stands, for its deadlines.
  package enum Progress: Equatable, Sendable {
    /// Between requests.
    case idle
    /// A head has begun. Its request line is whole: silence may complete it (see `finish`).
    case head(hasWholeLine: Bool)
    /// A body is awaited.
    case body
    /// The last request of this connection was seen.
    case ended
  }

  package var progress: Progress {
    switch stage {
    case .head(let finder): held.isEmpty ? .idle : .head(hasWholeLine: finder.firstLineLength != nil)
    case .body: .body
    case .ended: .ended
    }
  }

  /// The next outcome. Takes from the front of `input` what belongs to it (or more, and keeps that); at
  /// `needsMore` all of it was taken.
  package mutating func next(_ input: inout UnsafeRawBufferPointer) -> ParsedRequest {
    if case .ended = stage {
      input = .none
      return .needsMore
    }
    if held.isEmpty {
      input = input[from: HeadFinder.emptyLines(input), to: input.count]
      switch look(at: input, isHeld: false) {
      case .found(let found, let length):
        input = input[from: length, to: input.count]
        return found
      case .needsMore, .mustHold: break
      }
    }
    held.append(input)
    input = .none
    return nextHeld()
  }

  private mutating func nextHeld() -> ParsedRequest {
    if case .head(let finder) = stage, finder.firstLineLength == nil {
      let emptyLines = HeadFinder.emptyLines(UnsafeRawBufferPointer(held.bytes))
      if emptyLines > 0 {
        held.consume(emptyLines)
        stage = .head(HeadFinder())
      }
    }
    switch look(at: UnsafeRawBufferPointer(held.bytes), isHeld: true) {
    case .found(let found, let length):
      held.consume(length)
      return found
    case .needsMore, .mustHold:
      held.trim()
      return .needsMore
    }
  }

  private mutating func look(at bytes: UnsafeRawBufferPointer, isHeld: Bool) -> Step {
    switch stage {
    case .head(let finder): lookForHead(in: bytes, from: finder, isHeld: isHeld)
    case .body(let headLength, .length(let count)): takeBody(headLength, count, from: bytes)
    case .body(let headLength, .chunked(let body)): decodeBody(headLength, body)
    case .ended: .needsMore
    }
  }
}
