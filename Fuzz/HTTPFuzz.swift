import HTTP

/// Longer inputs are not also cut at every byte: it would take most of the time.
private let bytewiseMax = 1000

/// libFuzzer's entry. The same bytes go through the request parser and the reply parser, whole and in pieces: the
/// transcripts must be equal, and `Transcript` holds every outcome to what is promised of it. Built by
/// `scripts/fuzz.sh http`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHTTP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
  // The last byte draws the split; it is also parsed.
  let seed = UInt64(input.last ?? 0) &+ UInt64(input.count) &* 256
  var cuts = [Pieces.random(input, seed: seed), Pieces.two(input, at: Int(seed % UInt64(count + 1)))]
  if input.count <= bytewiseMax { cuts.append(Pieces.bytewise(input)) }
  let ends: [RequestParser.End?] = [nil, .ofInput, .silence]
  let end = ends[Int(seed / 7 % 3)]
  let requests = Transcript.requests(Pieces.whole(input), end: end).lines
  let isHead = seed & 64 != 0
  let responses = Transcript.responses(Pieces.whole(input), isHead: isHead).lines
  for pieces in cuts {
    precondition(Transcript.requests(pieces, end: end).lines == requests, "the split shows in the requests")
    precondition(
      Transcript.responses(pieces, isHead: isHead).lines == responses, "the split shows in the replies")
  }
  return 0
}
