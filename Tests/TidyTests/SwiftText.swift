/// Swift source in which comments and the text of string literals are blanked, line ends kept: what is left
/// of braces and words is code.
struct SwiftText {
  private(set) var code: [UInt8] = []
  private let source: [UInt8]
  private var position = 0

  init(_ text: String) {
    source = Array(text.utf8)
    code.reserveCapacity(source.count)
    while position < source.count { takeCode() }
  }

  var text: String { String(decoding: code, as: UTF8.self) }

  private func sees(_ text: StaticString, at offset: Int = 0) -> Bool {
    text.withUTF8Buffer { wanted in
      let start = position + offset
      return start + wanted.count <= source.count
        && source[start..<start + wanted.count].elementsEqual(wanted)
    }
  }

  private mutating func keep() {
    code.append(source[position])
    position += 1
  }

  private mutating func blank(_ count: Int = 1) {
    for _ in 0..<count where position < source.count {
      code.append(source[position] == 10 ? 10 : 32)
      position += 1
    }
  }

  private mutating func takeCode() {
    if sees("//") {
      while position < source.count, source[position] != 10 { blank() }
    } else if sees("/*") {
      blankBlockComment()
    } else if let hashes = literalAhead() {
      blankLiteral(hashes)
    } else {
      keep()
    }
  }

  /// Block comments nest.
  private mutating func blankBlockComment() {
    var depth = 0
    repeat {
      if sees("/*") {
        depth += 1
        blank(2)
      } else if sees("*/") {
        depth -= 1
        blank(2)
      } else {
        blank()
      }
    } while depth > 0 && position < source.count
  }

  /// The number of `#` before a quotation mark here; nil when no string literal begins here.
  private func literalAhead() -> Int? {
    var hashes = 0
    while sees("#", at: hashes) { hashes += 1 }
    return sees("\"", at: hashes) ? hashes : nil
  }

  private mutating func blankLiteral(_ hashes: Int) {
    blank(hashes)
    let quotes = sees("\"\"\"") ? 3 : 1
    blank(quotes)
    while position < source.count {
      if isDelimiter(quotes, hashes) { return blank(quotes + hashes) }
      if quotes == 1, source[position] == 10 { return }
      if sees("\\"), isEscape(hashes) {
        blank(1 + hashes)
        sees("(") ? takeInterpolation() : blank()
      } else {
        blank()
      }
    }
  }

  private func isDelimiter(_ quotes: Int, _ hashes: Int) -> Bool {
    guard quotes == 3 ? sees("\"\"\"") : sees("\"") else { return false }
    return isRun(hashes, from: quotes)
  }

  private func isEscape(_ hashes: Int) -> Bool { isRun(hashes, from: 1) }

  private func isRun(_ hashes: Int, from offset: Int) -> Bool {
    (0..<hashes).allSatisfy { sees("#", at: offset + $0) }
  }

  /// What stands in `\(…)` is code again, with literals of its own.
  private mutating func takeInterpolation() {
    var depth = 0
    repeat {
      if sees("(") { depth += 1 }
      if sees(")") { depth -= 1 }
      takeCode()
    } while depth > 0 && position < source.count
  }
}
