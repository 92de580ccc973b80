import HTTP

/// What a parser made of an input that came in given pieces, one line an outcome: two transcripts are equal if
/// nothing that a caller could see differs. Used by the tests and by the fuzzer.
struct Transcript {
  private(set) var lines: [String] = []

  /// Each piece lies in memory of its own, so that the address sanitizer sees a read past its end, and is freed
  /// when the parser has asked for more, so that it sees what was kept by mistake.
  static func requests(
    _ pieces: [ArraySlice<UInt8>], end: RequestParser.End?, _ familiar: FamiliarHeads = FamiliarHeads()
  ) -> Transcript {
    var transcript = Transcript()
    var parser = RequestParser(familiar)
    for piece in pieces {
      withOwnMemory(piece) { input in
        var input = input
        while transcript.add(parser.next(&input), parser.progress) {}
        precondition(input.isEmpty)
      }
    }
    if let end { _ = transcript.add(parser.finish(end), parser.progress) }
    return transcript
  }

  static func responses(_ pieces: [ArraySlice<UInt8>], isHead: Bool = false, finishes: Bool = true)
    -> Transcript
  {
    var transcript = Transcript()
    var parser = ResponseParser()
    for piece in pieces {
      withOwnMemory(piece) { input in
        var input = input
        while transcript.add(parser.next(&input, isHead: isHead)) {}
        precondition(input.isEmpty)
      }
    }
    if finishes { _ = transcript.add(parser.finish()) }
    return transcript
  }

  private static func withOwnMemory(_ piece: ArraySlice<UInt8>, _ body: (UnsafeRawBufferPointer) -> Void) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
    defer { memory.deallocate() }
    memory.copyBytes(from: piece)
    body(UnsafeRawBufferPointer(memory))
  }

  /// false: more is needed.
  private mutating func add(_ outcome: ParsedRequest, _ progress: RequestParser.Progress) -> Bool {
    if let last = lines.last, last.hasPrefix("S1.1-") || last.hasPrefix("S1.0-") || last.hasPrefix("C1.0-") {
      // Nothing is understood after a message that closes.
      guard case .needsMore = outcome else { preconditionFailure("an outcome after the end") }
    }
    switch outcome {
    case .needsMore: return false
    case .expectsContinue: lines.append("continue")
    case .request(let request):
      check(request)
      lines.append(Self.describe(request))
      precondition((progress == .ended) == (!request.form.keepsAlive || request.action == .upgrade))
    case .refusal(let refusal):
      lines.append("\(Self.describe(refusal.form)) \(refusal.status.rawValue) \(refusal.reason)")
      precondition((progress == .ended) == !refusal.form.keepsAlive)
    }
    return true
  }

  private mutating func add(_ outcome: ParsedResponse) -> Bool {
    switch outcome {
    case .needsMore: return false
    case .response(let response): lines.append(Self.describe(response))
    case .malformed(let reason): lines.append("malformed: \(reason)")
    }
    return true
  }

  /// What holds for every request, whatever was sent.
  private func check(_ request: Request) {
    let form = request.form
    switch request.action {
    case .read, .write, .remove:
      precondition(TextRules.keyFault(request.key) == nil)
      precondition(TextRules.valueFault(request.value) == nil)
      precondition(request.path.isEmpty)
    case .admin, .upgrade, .options: precondition(request.key.isEmpty && request.value.isEmpty)
    }
    precondition(request.idempotencyKey.count <= MessageLimits.idempotencyKeyMax)
    precondition(form.dialect == .standard || !form.isHTTP11)
    precondition(form.isHead == (request.method == .head))
    precondition(form.dialect == .standard || request.method == .get)
    precondition(request.action != .write || request.method == .get || request.method == .put)
    for list in [request.ifMatch, request.ifNoneMatch] {
      precondition(!list.isAny || list.isPresent)
      precondition(list.isPresent == (list.isAny || list.contains { _ in true }))
    }
  }

  static func describe(_ form: ReplyForm) -> String {
    let version = form.isHTTP11 ? "1.1" : "1.0"
    let dialect = form.dialect == .classic ? "C" : "S"
    return dialect + version + (form.keepsAlive ? "+" : "-") + (form.isBracketed ? "[]" : "")
  }

  static func describe(_ request: Request) -> String {
    var parts = [describe(request.form), "\(request.method)", "\(request.action)"]
    if !request.key.isEmpty { parts.append("<\(text(request.key))>") }
    if request.action == .write { parts.append("<\(text(request.value))>") }
    if !request.path.isEmpty { parts.append(text(request.path)) }
    if request.demand != .unspecified { parts.append("\(request.demand)") }
    if !request.idempotencyKey.isEmpty { parts.append("once:\(text(request.idempotencyKey))") }
    if request.ifMatch.isPresent { parts.append("if:\(describe(request.ifMatch))") }
    if request.ifNoneMatch.isPresent { parts.append("unless:\(describe(request.ifNoneMatch))") }
    return parts.joined(separator: " ")
  }

  static func describe(_ list: EntityTagList) -> String {
    if list.isAny { return "*" }
    let tags = list.map { element in
      (element.isWeak ? "W/" : "") + (element.tag.map { "\($0.lineage)-\($0.number)" } ?? "?")
    }
    return tags.joined(separator: ",")
  }

  static func describe(_ response: Response) -> String {
    var parts = ["\(response.status)", response.keepsAlive ? "+" : "-", "<\(text(response.body))>"]
    if !response.isPresent { parts.append("absent") }
    if let tag = response.tag { parts.append("\(tag.lineage)-\(tag.number)") }
    if response.assurance != .linearizable { parts.append("\(response.assurance)") }
    if response.isReplayed { parts.append("replayed") }
    if let floor = response.floor { parts.append("floor:\(floor)") }
    if let seconds = response.retryAfter { parts.append("retry:\(seconds)") }
    return parts.joined(separator: " ")
  }

  /// Long texts are told by length and a sum.
  static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    if bytes.count <= 80 { return String(decoding: bytes, as: UTF8.self) }
    return "\(bytes.count)#\(bytes.reduce(UInt64(0)) { $0 &* 31 &+ UInt64($1) })"
  }
}

/// Ways to cut an input.
enum Pieces {
  static func whole(_ input: [UInt8]) -> [ArraySlice<UInt8>] { [input[...]] }

  static func bytewise(_ input: [UInt8]) -> [ArraySlice<UInt8>] { input.indices.map { input[$0...$0] } }

  static func two(_ input: [UInt8], at index: Int) -> [ArraySlice<UInt8>] {
    [input[..<index], input[index...]]
  }

  /// Pieces of 0 to 40 bytes, now and then far longer, drawn from `seed`.
  static func random(_ input: [UInt8], seed: UInt64) -> [ArraySlice<UInt8>] {
    var state = seed
    var pieces: [ArraySlice<UInt8>] = []
    var start = 0
    while start < input.count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let draw = Int(state >> 33)
      let length = draw % 8 == 0 ? draw / 8 % 3000 : draw / 8 % 41
      let end = min(input.count, start + length)
      pieces.append(input[start..<end])
      start = end
    }
    return pieces
  }
}
