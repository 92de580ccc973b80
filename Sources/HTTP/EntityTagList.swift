/// The entity tags of `If-Match` or `If-None-Match`, all lines of that name together, read anew from the borrowed
/// head at each use. Nearly no request has any, so nothing is stored.
package struct EntityTagList: Sequence {
  enum Field: UInt8 {
    case ifMatch
    case ifNoneMatch

    var name: StaticString { self == .ifMatch ? "if-match" : "if-none-match" }
  }

  enum Kind: UInt8 {
    case absent
    /// Entity tags, in one line or more.
    case listed
    /// `*`
    case any

    /// Takes one more line of the field; false if it is malformed. `*` stands alone (RFC 9110 §13.1.1).
    mutating func add(_ value: UnsafeRawBufferPointer) -> Bool {
      let isAsterisk = value.equals("*")
      guard self == .absent || (self == .listed && !isAsterisk) else { return false }
      guard isAsterisk || TagSyntax.isList(value) else { return false }
      self = isAsterisk ? .any : .listed
      return true
    }
  }

  let field: Field
  let kind: Kind
  let fieldLines: UnsafeRawBufferPointer

  /// `fieldLines`: all of the head's.
  init(_ field: Field, _ kind: Kind, _ fieldLines: UnsafeRawBufferPointer) {
    self.field = field
    self.kind = kind
    self.fieldLines = fieldLines
  }

  package var isPresent: Bool { kind != .absent }
  /// `*`: any current value matches.
  package var isAny: Bool { kind == .any }

  package struct Element: Equatable, Sendable {
    /// nil: a tag that this server never gave out, so it matches nothing.
    package var tag: EntityTag?
    package var isWeak: Bool

    package init(tag: EntityTag?, isWeak: Bool) {
      self.tag = tag
      self.isWeak = isWeak
    }
  }

  /// A listed tag is the current one: by strong comparison for `If-Match`, by weak comparison for `If-None-Match`
  /// (RFC 9110 §13.1). `current` is nil where there is no value.
  package func matches(_ current: EntityTag?) -> Bool {
    guard let current else { return false }
    if isAny { return true }
    return contains { $0.tag == current && (field == .ifNoneMatch || !$0.isWeak) }
  }

  package func makeIterator() -> Iterator {
    Iterator(field: field, lines: HeadLines(kind == .listed ? fieldLines : .none))
  }

  package struct Iterator: IteratorProtocol {
    let field: Field
    var lines: HeadLines
    var value = UnsafeRawBufferPointer.none

    package mutating func next() -> Element? {
      while true {
        if case .tag(let element, let rest) = TagSyntax.next(value) {
          value = rest
          return element
        }
        guard let line = lines.next() else { return nil }
        guard case .field(let read) = FieldLine.parse(line.bytes) else { continue }
        value = read.name.equalsIgnoringCase(field.name) ? read.value : .none
      }
    }
  }
}

/// `#entity-tag` (RFC 9110 §8.8.3): quoted, perhaps behind `W/`, with commas between.
enum TagSyntax {
  enum Outcome {
    case tag(EntityTagList.Element, rest: UnsafeRawBufferPointer)
    case end
    case malformed
  }

  static func isList(_ value: UnsafeRawBufferPointer) -> Bool {
    var rest = value
    var count = 0
    while true {
      switch next(rest) {
      case .tag(_, let after):
        rest = after
        count += 1
      case .end: return count > 0
      case .malformed: return false
      }
    }
  }

  static func next(_ value: UnsafeRawBufferPointer) -> Outcome {
    var start = 0
    while start < value.count, value[start].isBlank || value[start] == UInt8(ascii: ",") { start += 1 }
    guard start < value.count else { return .end }
    let isWeak = value[from: start, to: value.count].starts(with: "W/")
    let open = isWeak ? start + 2 : start
    guard open < value.count, value[open] == UInt8(ascii: "\""),
      let close = value.first(of: UInt8(ascii: "\""), from: open + 1)
    else { return .malformed }
    let text = value[from: open + 1, to: close]
    let rest = value[from: close + 1, to: value.count].trimmed()
    guard isOpaque(text), rest.isEmpty || rest[0] == UInt8(ascii: ",") else { return .malformed }
    return .tag(EntityTagList.Element(tag: EntityTag(text), isWeak: isWeak), rest: rest)
  }

  /// No blanks (and no quotes, which end it).
  private static func isOpaque(_ text: UnsafeRawBufferPointer) -> Bool {
    !text.contains(where: \.isBlank)
  }
}
