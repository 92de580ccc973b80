/// Curves over one another in one frame, drawn as SVG. Colours and widths are the page's: all that is drawn has the
/// classes by which its style knows it.
struct Plot {
  /// `classes`: of the page's style, separated by blanks.
  struct Curve {
    let name: String
    let classes: String
    /// From left to right; nil: nothing is known there, and the curve is interrupted.
    var points: [(x: Double, y: Double?)]
    /// Dots at the points, in place of the line between them.
    var isDotted = false
  }

  /// Columns, each from one x to another and from one y to another.
  struct Columns {
    let name: String
    let classes: String
    var parts: [(x: ClosedRange<Double>, y: ClosedRange<Double>)]
  }

  /// What is told of a part of the picture when it is pointed at.
  struct Hint {
    let x: ClosedRange<Double>
    let text: String
  }

  static let width = 1040.0
  static let height = 250.0
  /// Below so many points of a curve each of them is shown.
  private static let dotsMax = 60
  private static let letterWidth = 6.4
  private static let left = 66.0
  private static let right = width - 14
  private static let top = 30.0
  private static let bottom = height - 24

  /// For those who do not see it, and its class.
  let name: String
  let title: String
  let x: PlotAxis
  let y: PlotAxis
  var columns: [Columns] = []
  var curves: [Curve] = []
  /// Parts of the ground, from one x to another.
  var shades: [(x: ClosedRange<Double>, name: String, classes: String)] = []
  /// Lines from top to bottom, with what is written beside them.
  var marks: [(x: Double, text: String, classes: String)] = []
  /// Lines from left to right.
  var levels: [(y: Double, text: String)] = []
  var hints: [Hint] = []
  /// Written across where there is nothing to draw.
  var note: String?

  func svg() -> String {
    let escape = Markup.escape
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.px(Self.width)) \(Self.px(Self.height))" \
      class="plot \(escape(name))" role="img" aria-label="\(escape(title))">

      """
    text += shades.map(shade).joined() + grid() + columns.map(column).joined()
    text += levels.map(level).joined() + marked() + curves.map(drawn).joined() + legend()
    if let note {
      let (x, y) = ((Self.left + Self.right) / 2, (Self.top + Self.bottom) / 2)
      text += Self.label("note", x: x, y: y, note)
    }
    return text + hints.map(hint).joined() + "</svg>\n"
  }

  // Places

  private func px(x value: Double) -> Double { Self.left + x.share(value) * (Self.right - Self.left) }
  private func px(y value: Double) -> Double { Self.bottom - y.share(value) * (Self.bottom - Self.top) }

  static func px(_ value: Double) -> String { Figures.fixed(value, digits: 1) }

  private func place(_ x: Double, _ y: Double) -> String { "\(Self.px(px(x: x))) \(Self.px(px(y: y)))" }

  private static func label(_ classes: String, x: Double, y: Double, _ text: String) -> String {
    "<text class=\"\(classes)\" x=\"\(px(x))\" y=\"\(px(y))\">\(Markup.escape(text))</text>\n"
  }

  // Parts

  private func grid() -> String {
    var text = ""
    for tick in y.ticks {
      let place = px(y: tick.value)
      text += "<path class=\"grid\" d=\"M\(Self.px(Self.left)) \(Self.px(place))H\(Self.px(Self.right))\"/>"
      text += Self.label("tick y", x: Self.left - 7, y: place + 4, tick.label)
    }
    for tick in x.ticks {
      let place = px(x: tick.value)
      text += "<path class=\"grid\" d=\"M\(Self.px(place)) \(Self.px(Self.top))V\(Self.px(Self.bottom))\"/>"
      text += Self.label("tick x", x: place, y: Self.bottom + 16, tick.label)
    }
    return text
  }

  private func rectangle(_ x: ClosedRange<Double>, _ y: ClosedRange<Double>, _ classes: String) -> String {
    let (from, to) = (px(x: x.lowerBound), px(x: x.upperBound))
    let (above, below) = (px(y: y.upperBound), px(y: y.lowerBound))
    return "<rect class=\"\(classes)\" x=\"\(Self.px(from))\" y=\"\(Self.px(above))\" "
      + "width=\"\(Self.px(to - from))\" height=\"\(Self.px(below - above))\""
  }

  private func shade(_ x: ClosedRange<Double>, _ name: String, _ classes: String) -> String {
    rectangle(x, y.low...y.high, classes) + "/>\n"
      + Self.label("shadename", x: px(x: x.lowerBound) + 4, y: Self.top + 12, name)
  }

  private func hint(_ hint: Hint) -> String {
    rectangle(hint.x, y.low...y.high, "hint") + "><title>\(Markup.escape(hint.text))</title></rect>\n"
  }

  private func level(_ y: Double, _ text: String) -> String {
    "<path class=\"level\" d=\"M\(Self.px(Self.left)) \(Self.px(px(y: y)))H\(Self.px(Self.right))\"/>"
      + Self.label("levelname", x: Self.right - 4, y: px(y: y) - 5, text)
  }

  /// A name that would lie over the one before it is left out; at the right edge it stands before its line.
  private func marked() -> String {
    var (text, free) = ("", 0.0)
    for mark in marks {
      let place = px(x: mark.x)
      text += "<path class=\"\(mark.classes)\" d=\"M\(Self.px(place)) \(Self.px(Self.top))"
      text += "V\(Self.px(Self.bottom))\"><title>\(Markup.escape(mark.text))</title></path>\n"
      let length = Double(mark.text.count) * Self.letterWidth
      let start = place + 4 + length > Self.right ? place - 4 - length : place + 4
      guard start >= free, !mark.text.isEmpty else { continue }
      text += Self.label("markname", x: start, y: Self.top + 12, mark.text)
      free = start + length + 6
    }
    return text
  }

  private func column(_ columns: Columns) -> String {
    var path = ""
    for part in columns.parts {
      let (from, to) = (px(x: part.x.lowerBound), px(x: part.x.upperBound))
      path += "M\(place(part.x.lowerBound, part.y.lowerBound))V\(Self.px(px(y: part.y.upperBound)))"
      path += "h\(Self.px(max(to - from - 0.5, 0.5)))V\(Self.px(px(y: part.y.lowerBound)))z"
    }
    return "<path class=\"columns \(columns.classes)\" d=\"\(path)\"/>\n"
  }

  private func drawn(_ curve: Curve) -> String {
    var (line, dots, isDown) = ("", "", false)
    for point in curve.points {
      guard let y = point.y else {
        isDown = false
        continue
      }
      line += (isDown ? "L" : "M") + place(point.x, y)
      dots += "M\(place(point.x, y))h0"
      isDown = true
    }
    let isSparse = curve.points.count <= Self.dotsMax
    var text = ""
    if !curve.isDotted { text += "<path class=\"curve \(curve.classes)\" d=\"\(line)\"/>\n" }
    if curve.isDotted || isSparse { text += "<path class=\"dots \(curve.classes)\" d=\"\(dots)\"/>\n" }
    return text
  }

  private func legend() -> String {
    var (text, x) = ("", Self.left)
    func put(_ name: String, _ swatch: (Double) -> String) {
      text += swatch(x) + Self.label("legend", x: x + 24, y: 16, name)
      x += 24 + Double(name.count) * Self.letterWidth + 20
    }
    for curve in curves {
      put(curve.name) { x in
        let form = curve.isDotted ? "dots" : "curve"
        let shift = curve.isDotted ? "M\(Self.px(x + 9)) 12h0" : "M\(Self.px(x)) 12h18"
        return "<path class=\"\(form) \(curve.classes)\" d=\"\(shift)\"/>"
      }
    }
    for column in columns {
      put(column.name) { x in
        "<path class=\"columns \(column.classes)\" d=\"M\(Self.px(x + 4)) 7h10v10h-10z\"/>"
      }
    }
    return text
  }
}
