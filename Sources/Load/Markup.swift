/// Text of the page.
enum Markup {
  /// Stands for itself in an element and in a quoted attribute. What XML has no place for becomes U+FFFD.
  static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\n", "\t": escaped.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
        escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// The first cell of each row is its name.
  static func table(_ classes: String, head: [String], _ rows: [[String]]) -> String {
    let head = head.map { "<th>\(escape($0))</th>" }.joined()
    let body = rows.map { row in
      let cells = row.enumerated().map { index, cell in
        index == 0 ? "<th scope=\"row\">\(escape(cell))</th>" : "<td>\(escape(cell))</td>"
      }
      return "<tr>\(cells.joined())</tr>\n"
    }
    return "<div class=\"wide\"><table class=\"\(classes)\"><thead><tr>\(head)</tr></thead>\n"
      + "<tbody>\(body.joined())</tbody></table></div>\n"
  }

  /// Names and what they stand for.
  static func list(_ pairs: [(name: String, value: String)]) -> String {
    "<dl>" + pairs.map { "<dt>\(escape($0.name))</dt><dd>\(escape($0.value))</dd>\n" }.joined() + "</dl>\n"
  }
}
