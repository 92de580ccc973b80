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
    /// An outcome, which was written where the caller said, and how many bytes it took.
    case found(length: Int)
    case needsMore
    /// To go on, the bytes must be the parser's own.
    case mustHold
  }

  var stage = Stage.head(HeadFinder())
  var held = HeldBytes()
  let familiar: FamiliarHeads

  /// `familiar`: what the parsers of one loop share.
  package init(_ familiar: FamiliarHeads = FamiliarHeads()) {
    self.familiar = familiar
  }

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

  /// Bytes of memory that the parser owns beside itself: none between requests, less than twice what a request
  /// may have before it is whole, or what came in one read.
  package var memory: Int { held.capacity }

  /// The next outcome. Takes from the front of `input` what belongs to it (or more, and keeps that); at
  /// `needsMore` all of it was taken.
  package mutating func next(_ input: inout UnsafeRawBufferPointer) -> ParsedRequest {
    if case .ended = stage {
      input = .none
      return .needsMore
    }
    var found = ParsedRequest.needsMore
    if held.isEmpty {
      if case .head = stage, let known = familiar.find(in: input) {
        input = input[from: known.length, to: input.count]
        return .request(known.request)
      }
      input = input[from: HeadFinder.emptyLines(input), to: input.count]
      if case .found(let length) = look(at: input, isHeld: false, &found) {
        input = input[from: length, to: input.count]
        return found
      }
    }
    held.append(input)
    input = .none
    lookAtHeld(&found)
    return found
  }

  private mutating func lookAtHeld(_ found: inout ParsedRequest) {
    if case .head(let finder) = stage, finder.firstLineLength == nil {
      let emptyLines = HeadFinder.emptyLines(UnsafeRawBufferPointer(held.bytes))
      if emptyLines > 0 {
        held.consume(emptyLines)
        stage = .head(HeadFinder())
      }
    }
    switch look(at: UnsafeRawBufferPointer(held.bytes), isHeld: true, &found) {
    case .found(let length): held.consume(length)
    case .needsMore, .mustHold: held.trim()
    }
  }

  private mutating func look(
    at bytes: UnsafeRawBufferPointer, isHeld: Bool, _ found: inout ParsedRequest
  ) -> Step {
    switch stage {
    case .head(let finder): lookForHead(in: bytes, from: finder, isHeld: isHeld, &found)
    case .body(let headLength, .length(let count)): takeBody(headLength, count, from: bytes, &found)
    case .body(let headLength, .chunked(let body)): decodeBody(headLength, body, &found)
    case .ended: .needsMore
    }
  }
}
