/// What a raw target asks for.
enum Target {
  /// The server's own, from `/-/`.
  case admin(UnsafeRawBufferPointer)
  case key(RawPair)

  init(_ line: RequestLine, dialect: Dialect) {
    let raw = dialect == .standard ? Self.originForm(line) : line.target
    if raw.starts(with: "/-/") {
      self = .admin(raw)
    } else if raw.first == UInt8(ascii: "/") {
      self = .key(RawPair(raw[from: 1, to: raw.count], isEncoded: true))
    } else {
      self = .key(RawPair(raw, isEncoded: dialect == .standard))
    }
  }

  /// `http://authority/path` without what goes before the path.
  private static func originForm(_ line: RequestLine) -> UnsafeRawBufferPointer {
    guard line.isAbsoluteForm else { return line.target }
    let afterScheme = line.target[from: 7, to: line.target.count]
    let slash = afterScheme.first(of: UInt8(ascii: "/")) ?? afterScheme.count
    return afterScheme[from: slash, to: afterScheme.count]
  }
}

/// `key` or `key=value` as sent: brackets around both sides or around none, perhaps percent-encoded.
struct RawPair {
  let key: UnsafeRawBufferPointer
  /// nil: no equals sign.
  let value: UnsafeRawBufferPointer?
  let isBracketed: Bool
  /// One side has brackets and the other has none.
  let isMismatched: Bool
  /// There is something to decode.
  let isEncoded: Bool

  init(_ raw: UnsafeRawBufferPointer, isEncoded: Bool) {
    let equals = raw.first(of: UInt8(ascii: "="))
    let left = Side(raw[from: 0, to: equals ?? raw.count])
    let right = equals.map { Side(raw[from: $0 + 1, to: raw.count]) }
    self.init(left, right, isEncoded: isEncoded && raw.first(of: UInt8(ascii: "%")) != nil)
  }

  private init(_ left: Side, _ right: Side?, isEncoded: Bool) {
    let isMismatched = right.map { $0.isBracketed != left.isBracketed } ?? false
    key = isMismatched ? left.whole : left.inner
    value = isMismatched ? right?.whole : right?.inner
    isBracketed = left.isBracketed && !isMismatched
    self.isMismatched = isMismatched
    self.isEncoded = isEncoded
  }

  /// The pair that PUT sends: a target without equals sign, and a body.
  func with(body: UnsafeRawBufferPointer) -> RawPair {
    let left = Side(inner: key, isBracketed: isBracketed)
    return RawPair(left, Side(body), isEncoded: isEncoded)
  }

  /// One side of the equals sign.
  private struct Side {
    let whole: UnsafeRawBufferPointer
    let inner: UnsafeRawBufferPointer
    let isBracketed: Bool

    init(_ bytes: UnsafeRawBufferPointer) {
      whole = bytes
      isBracketed = bytes.count >= 2 && bytes.first == UInt8(ascii: "[") && bytes.last == UInt8(ascii: "]")
      inner = isBracketed ? bytes[from: 1, to: bytes.count - 1] : bytes
    }

    init(inner: UnsafeRawBufferPointer, isBracketed: Bool) {
      whole = inner
      self.inner = inner
      self.isBracketed = isBracketed
    }
  }
}
