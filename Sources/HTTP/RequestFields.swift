/// What a request's header fields say, read in one pass. All others are ignored, but must be well formed.
struct RequestFields {
  enum Length: Equatable {
    case absent
    case bytes(Int)
    /// Above `MessageLimits.bodyMax`.
    case tooLarge
  }

  enum Coding {
    case none
    case chunked
    case other
  }

  var hosts = 0
  var length = Length.absent
  var coding = Coding.none
  var expectsContinue = false
  var saysClose = false
  var saysKeepAlive = false
  var upgradesToPeer = false
  var demand = ConsistencyDemand.unspecified
  var idempotencyKey = UnsafeRawBufferPointer.none
  var ifMatch = EntityTagList.Kind.absent
  var ifNoneMatch = EntityTagList.Kind.absent
  /// A line ended otherwise than in CRLF: usual in the classic dialect, refused in the standard one.
  private(set) var hasBareLineFeed = false
  /// The first thing that makes it doubtful where this request ends. A standard request is refused and its
  /// connection closed; a classic one is answered, and its connection closed.
  private(set) var framingFault: StaticString?
  /// The first field that cannot be honoured although it is clear where the request ends.
  private(set) var objection: StaticString?

  /// `bytes`: the head after the request line.
  init(_ bytes: UnsafeRawBufferPointer) {
    var lines = HeadLines(bytes)
    while let line = lines.next() {
      if !line.endsInCRLF { hasBareLineFeed = true }
      switch FieldLine.parse(line.bytes) {
      case .field(let field): read(field)
      case .fault(let reason):
        doubt(reason)
        if Self.isMeantAsHost(line.bytes) { hosts += 1 }
      }
    }
    if coding != .none, length != .absent { doubt("Content-Length beside Transfer-Encoding") }
  }

  private mutating func doubt(_ reason: StaticString) {
    if framingFault == nil { framingFault = reason }
  }

  private mutating func object(_ reason: StaticString) {
    if objection == nil { objection = reason }
  }

  /// A malformed Host line is no naive client's: it must not make its request classic, and so answered.
  private static func isMeantAsHost(_ line: UnsafeRawBufferPointer) -> Bool {
    guard line.count > 4, line.startsIgnoringCase(with: "host") else { return false }
    return line[4] == UInt8(ascii: ":") || line[4].isBlank
  }

  /// Told apart by length first: most fields match none.
  private mutating func read(_ field: FieldLine) {
    let name = field.name
    let value = field.value
    switch name.count {
    case 4: if name.equalsIgnoringCase("host") { hosts += 1 }
    case 6: if name.equalsIgnoringCase("expect") { readExpect(value) }
    case 7: if name.equalsIgnoringCase("upgrade") { readUpgrade(value) }
    case 8: if name.equalsIgnoringCase("if-match") { objectUnless(ifMatch.add(value)) }
    case 10: if name.equalsIgnoringCase("connection") { readConnection(value) }
    case 13: if name.equalsIgnoringCase("if-none-match") { objectUnless(ifNoneMatch.add(value)) }
    case 14:
      if name.equalsIgnoringCase("content-length") {
        readLength(value)
      } else if name.equalsIgnoringCase("kv-consistency") {
        readDemand(value)
      }
    case 15: if name.equalsIgnoringCase("idempotency-key") { readIdempotencyKey(value) }
    case 17: if name.equalsIgnoringCase("transfer-encoding") { readCoding(value) }
    default: break
    }
  }

  /// RFC 9110 §8.6. A repeated length is refused even when both agree.
  private mutating func readLength(_ value: UnsafeRawBufferPointer) {
    guard length == .absent else { return doubt("more than one Content-Length") }
    guard !value.isEmpty, value.allSatisfy(\.isDigit) else { return doubt("Content-Length is not a number") }
    var bytes = 0
    for digit in value where bytes <= MessageLimits.bodyMax {
      bytes = bytes * 10 + Int(digit - UInt8(ascii: "0"))
    }
    length = bytes <= MessageLimits.bodyMax ? .bytes(bytes) : .tooLarge
  }

  /// RFC 9112 §6.1.
  private mutating func readCoding(_ value: UnsafeRawBufferPointer) {
    guard coding == .none else { return doubt("more than one Transfer-Encoding") }
    coding = value.equalsIgnoringCase("chunked") ? .chunked : .other
  }

  private mutating func readConnection(_ value: UnsafeRawBufferPointer) {
    var items = CommaList(value)
    while let item = items.next() {
      if item.equalsIgnoringCase("close") { saysClose = true }
      if item.equalsIgnoringCase("keep-alive") { saysKeepAlive = true }
    }
  }

  private mutating func readUpgrade(_ value: UnsafeRawBufferPointer) {
    var items = CommaList(value)
    while let item = items.next() {
      if item.equalsIgnoringCase("quorate/1") { upgradesToPeer = true }
    }
  }

  private mutating func readExpect(_ value: UnsafeRawBufferPointer) {
    if value.equalsIgnoringCase("100-continue") { expectsContinue = true }
  }

  private mutating func objectUnless(_ isTagList: Bool) {
    if !isTagList { object("If-Match and If-None-Match take quoted tags with commas between, or *") }
  }

  private mutating func readDemand(_ value: UnsafeRawBufferPointer) {
    guard demand == .unspecified else { return object("more than one KV-Consistency") }
    if value.equalsIgnoringCase("linearizable") {
      demand = .linearizable
    } else if value.equalsIgnoringCase("local") {
      demand = .local
    } else {
      object("KV-Consistency takes linearizable or local")
    }
  }

  /// A bare text, or the same as a string in quotes without escapes.
  private mutating func readIdempotencyKey(_ value: UnsafeRawBufferPointer) {
    guard idempotencyKey.isEmpty else { return object("more than one Idempotency-Key") }
    let quote = UInt8(ascii: "\"")
    let isQuoted = value.count >= 2 && value.first == quote && value.last == quote
    let text = isQuoted ? value[from: 1, to: value.count - 1] : value
    guard (1...MessageLimits.idempotencyKeyMax).contains(text.count) else {
      return object("Idempotency-Key takes 1 to 64 bytes")
    }
    guard !text.contains(where: { $0 == quote || $0 == UInt8(ascii: "\\") }) else {
      return object("Idempotency-Key has a quote or a backslash inside")
    }
    idempotencyKey = text
  }
}

/// The items of `a, b, c`, trimmed; empty ones are left out (RFC 9110 §5.6.1).
struct CommaList {
  private var rest: UnsafeRawBufferPointer

  init(_ value: UnsafeRawBufferPointer) {
    rest = value
  }

  mutating func next() -> UnsafeRawBufferPointer? {
    while !rest.isEmpty {
      let comma = rest.first(of: UInt8(ascii: ",")) ?? rest.count
      let item = rest[from: 0, to: comma].trimmed()
      rest = rest[from: min(comma + 1, rest.count), to: rest.count]
      if !item.isEmpty { return item }
    }
    return nil
  }
}
