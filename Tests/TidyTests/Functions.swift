/// The functions of a file, with their lengths from the declaration's line to the closing brace's.
struct Functions {
  struct Function: Equatable {
    var name: String
    var line: Int
    var lines: Int
  }

  private(set) var found: [Function] = []
  private let code: [UInt8]

  private static let declarations: Set<String> = ["func", "init", "deinit", "subscript", "var"]
  /// Where one of these stands before a body came, there was no body (a protocol's requirement).
  private static let stops: Set<String> = [
    "func", "init", "deinit", "subscript", "var", "let", "case", "struct", "enum", "class", "extension",
    "protocol", "typealias", "associatedtype", "import",
  ]

  init(_ source: String) {
    code = SwiftText(source).code
    var position = 0
    while position < code.count {
      let end = endOfWord(position)
      if end > position, let function = function(at: position, end) { found.append(function) }
      position = max(end, position + 1)
    }
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    byte == 0x5f || byte >= 0x80 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
      || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
  }

  private func endOfWord(_ start: Int) -> Int {
    var end = start
    while end < code.count, isWordByte(code[end]) { end += 1 }
    return end
  }

  private func word(_ start: Int, _ end: Int) -> String { String(decoding: code[start..<end], as: UTF8.self) }

  private func function(at start: Int, _ end: Int) -> Function? {
    let keyword = word(start, end)
    guard Functions.declarations.contains(keyword) else { return nil }
    if start > 0, code[start - 1] == UInt8(ascii: ".") || code[start - 1] == UInt8(ascii: "`") { return nil }
    guard let open = body(from: end, isProperty: keyword == "var") else { return nil }
    let close = closing(open)
    let line = newlines(0, start) + 1
    return Function(name: name(keyword, end), line: line, lines: newlines(start, close) + 1)
  }

  private func name(_ keyword: String, _ end: Int) -> String {
    guard keyword == "func" || keyword == "var" else { return keyword }
    var start = end
    while start < code.count, code[start] == 32 { start += 1 }
    let stop = endOfWord(start)
    return stop > start ? word(start, stop) : "operator"
  }

  /// Where the body's brace opens; nil when the declaration has none. A computed property opens its brace
  /// on the line on which its type ends.
  private func body(from start: Int, isProperty: Bool) -> Int? {
    var position = start
    var depth = 0
    while position < code.count {
      let byte = code[position]
      switch byte {
      case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "{") where depth == 0: return position
      case UInt8(ascii: "}") where depth <= 0: return nil
      case 10 where isProperty && depth == 0, UInt8(ascii: "=") where isProperty && depth == 0: return nil
      default: break
      }
      let end = endOfWord(position)
      if end > position {
        if depth == 0, Functions.stops.contains(word(position, end)) { return nil }
        position = end
      } else {
        position += 1
      }
    }
    return nil
  }

  private func closing(_ open: Int) -> Int {
    var depth = 0
    for position in open..<code.count {
      if code[position] == UInt8(ascii: "{") { depth += 1 }
      if code[position] == UInt8(ascii: "}") { depth -= 1 }
      if depth == 0 { return position }
    }
    return code.count
  }

  private func newlines(_ start: Int, _ end: Int) -> Int { code[start..<end].count { $0 == 10 } }
}
