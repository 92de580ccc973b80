import Faults

/// The timeline as SVG: rows of a minute, in each a lane a server, a pixel or more for each 50 ms.
struct TimelinePicture {
  private static let left = 92
  private static let width = 1200
  private static let laneHeight = 26
  private static let laneGap = 12
  private static let clientHeight = 14
  private static let nameLines = 3
  private static let letterWidth = 6
  private static let markHeight = 47
  private static let rowGap = 18
  private static let rowCells = 1200

  private let timeline: Timeline
  private let names: [String]
  private let cellsInRow: Int
  private let cellWidth: Int
  private let full: Int
  private var text = ""

  init(_ timeline: Timeline, names: [String]) {
    (self.timeline, self.names) = (timeline, names)
    // A short drill takes wider cells, in one row.
    let widths = [6, 4, 3, 2, 1]
    cellWidth = widths.first { Self.width / $0 >= timeline.cellCount } ?? 1
    cellsInRow = Self.width / cellWidth
    full = timeline.fullCount
  }

  private var servers: Int { timeline.record.serverCount }
  private var rowCount: Int { (timeline.cellCount + cellsInRow - 1) / cellsInRow }
  private var rowHeight: Int {
    Self.markHeight + servers * (Self.laneHeight + Self.laneGap) + Self.clientHeight + 16 + Self.rowGap
  }

  mutating func draw() -> String {
    let (width, height) = (Self.left + Self.width + 16, rowCount * rowHeight + 40)
    text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
      height="\(height)" role="img" aria-label="Answers of each server over time">
      <style>\(Self.style)</style>
      <rect class="back" width="\(width)" height="\(height)"/>

      """
    drawLegend()
    for row in 0..<rowCount { drawRow(row, top: 40 + row * rowHeight) }
    text += "</svg>\n"
    return text
  }

  private mutating func drawLegend() {
    var x = Self.left
    for (name, title, width) in [
      ("write", "writes", 70), ("read", "reads", 66), ("refused", "refused (503)", 112),
      ("unanswered", "no answer", 96), ("labelled", "labelled", 86), ("wrong", "wrong", 70),
      ("hit", "hit by a fault", 112),
    ] {
      text += "<rect class=\"\(name)\" x=\"\(x)\" y=\"12\" width=\"11\" height=\"11\"/>"
      text += "<text class=\"label\" x=\"\(x + 16)\" y=\"22\">\(title)</text>\n"
      x += width
    }
    text += "<path class=\"view\" d=\"M\(x) 17l5 -5l5 5l-5 5z\"/>"
    text += "<text class=\"label\" x=\"\(x + 16)\" y=\"22\">new view at this primary</text>\n"
    x += 180
    let rate = full * 1_000_000_000 / Int(Timeline.cellNanoseconds)
    text +=
      "<text class=\"quiet\" x=\"\(x)\" y=\"22\">a full lane: \(rate) answers a second, in 50 ms</text>\n"
  }

  private mutating func drawRow(_ row: Int, top: Int) {
    let cells = row * cellsInRow..<min((row + 1) * cellsInRow, timeline.cellCount)
    let lanesTop = top + Self.markHeight
    let bottom = lanesTop + servers * (Self.laneHeight + Self.laneGap) + Self.clientHeight
    drawSeconds(cells, top: lanesTop, bottom: bottom)
    for server in 0..<servers {
      let y = lanesTop + server * (Self.laneHeight + Self.laneGap)
      drawTroubles(timeline.troubles[server], cells, y: y)
      let label = names[server]
      text +=
        "<text class=\"label\" text-anchor=\"end\" x=\"\(Self.left - 8)\" y=\"\(y + 17)\">\(label)</text>\n"
      drawLane(timeline.lanes[server], cells, base: y + Self.laneHeight, height: Self.laneHeight, full: full)
    }
    let y = bottom - Self.clientHeight
    text +=
      "<text class=\"label\" text-anchor=\"end\" x=\"\(Self.left - 8)\" y=\"\(y + 12)\">kvclient</text>\n"
    drawLane(timeline.lanes[servers], cells, base: y + Self.clientHeight, height: Self.clientHeight, full: 3)
    drawMarks(cells, top: top, bottom: bottom)
    drawViews(cells, top: lanesTop)
  }

  private func x(_ cell: Int, _ cells: Range<Int>) -> Int {
    Self.left + (cell - cells.lowerBound) * cellWidth
  }

  /// A line each second, and a number where there is room.
  private mutating func drawSeconds(_ cells: Range<Int>, top: Int, bottom: Int) {
    let perSecond = Int(1_000_000_000 / Timeline.cellNanoseconds)
    let step = cellWidth >= 2 ? 1 : 5
    for cell in cells where cell % (perSecond * step) == 0 {
      let x = x(cell, cells)
      text += "<path class=\"grid\" d=\"M\(x).5 \(top)V\(bottom)\"/>"
      text += "<text class=\"quiet\" x=\"\(x)\" y=\"\(bottom + 13)\">\(cell / perSecond)"
      text += (cell == cells.lowerBound ? " s" : "") + "</text>\n"
    }
  }

  private mutating func drawTroubles(_ troubles: [Range<Int>], _ cells: Range<Int>, y: Int) {
    for trouble in troubles where trouble.overlaps(cells) {
      let part = trouble.clamped(to: cells)
      text += "<rect class=\"hit\" x=\"\(x(part.lowerBound, cells))\" y=\"\(y)\" "
      text += "width=\"\(part.count * cellWidth)\" height=\"\(Self.laneHeight)\"/>\n"
    }
  }

  private mutating func drawLane(
    _ lane: [Timeline.Cell], _ cells: Range<Int>, base: Int, height: Int, full: Int
  ) {
    text += "<path class=\"axis\" d=\"M\(Self.left) \(base).5H\(Self.left + cells.count * cellWidth)\"/>\n"
    func scaled(_ count: Int) -> Int { min(height, count == 0 ? 0 : max(1, count * height / full)) }
    area("read", cells, base: base) { scaled(lane[$0].reads + lane[$0].writes) }
    area("write", cells, base: base) { scaled(lane[$0].writes) }
    // What was no success hangs below the line.
    for (name, count) in [
      ("labelled", { lane[$0].labelled }), ("refused", { lane[$0].refused }),
      ("unanswered", { lane[$0].unanswered }), ("wrong", { lane[$0].wrong }),
    ] as [(String, (Int) -> Int)] {
      area(name, cells, base: base + 1) { count($0) == 0 ? 0 : -min(9, 3 + count($0)) }
    }
  }

  /// One outline from left to right; cells of one height are one step of it. Heights below zero hang.
  private mutating func area(_ name: String, _ cells: Range<Int>, base: Int, _ height: (Int) -> Int) {
    var path = ""
    var level = 0
    var cell = cells.lowerBound
    while cell < cells.upperBound {
      let first = cell
      let next = height(cell)
      while cell < cells.upperBound, height(cell) == next { cell += 1 }
      if next != level { path += "v\(level - next)" }
      path += "h\((cell - first) * cellWidth)"
      level = next
    }
    // Nothing but the line itself.
    guard path.contains("v") else { return }
    text += "<path class=\"\(name)\" d=\"M\(Self.left) \(base)\(path)V\(base)z\"/>\n"
  }

  /// Names of faults stand in three lines, so that neighbours do not cover each other.
  private mutating func drawMarks(_ cells: Range<Int>, top: Int, bottom: Int) {
    var ends = [Int](repeating: 0, count: Self.nameLines)
    for mark in timeline.record.marks where cells.contains(timeline.cell(mark.at)) {
      let x = x(timeline.cell(mark.at), cells)
      let length = mark.text.count * Self.letterWidth
      // At the right edge a name stands before its line.
      let isLast = x + 3 + length > Self.left + Self.width + 12
      let line = mark.isFault ? ends.indices.first { ends[$0] <= (isLast ? x - length : x) } : nil
      let start = top + (line.map { 4 + 13 * $0 } ?? Self.markHeight - 4)
      text += "<path class=\"\(mark.isFault ? "fault" : "repair")\" d=\"M\(x).5 \(start)V\(bottom)\"/>"
      guard let line else { continue }
      let anchor = isLast ? "text-anchor=\"end\" x=\"\(x - 3)\"" : "x=\"\(x + 3)\""
      text +=
        "<text class=\"name\" \(anchor) y=\"\(top + 13 + 13 * line)\">\(Self.escape(mark.text))</text>\n"
      ends[line] = isLast ? x : x + 8 + length
    }
  }

  private mutating func drawViews(_ cells: Range<Int>, top: Int) {
    for view in timeline.record.views where cells.contains(timeline.cell(view.at)) {
      guard let primary = view.primary else { continue }
      let y = top + primary * (Self.laneHeight + Self.laneGap)
      text += "<path class=\"view\" d=\"M\(x(timeline.cell(view.at), cells)) \(y - 5)l5 5l-5 5l-5 -5z\">"
      text += "<title>view \(view.view) of epoch \(view.epoch)</title></path>\n"
    }
  }

  static func escape(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }

  private static let style = """
    text{font:11px ui-sans-serif,system-ui,"DejaVu Sans",sans-serif}
    .back{fill:#fff}.label{fill:#222}.quiet{fill:#777}.name{fill:#a11}.grid{stroke:#e6e6e6}.axis{stroke:#999}
    .read{fill:#7aa9d8}.write{fill:#1f5f99}.refused{fill:#e39b1e}.unanswered{fill:#c9302c}.labelled{fill:#8e5bb5}
    .wrong{fill:#ff00c8}.hit{fill:#f7dcdc}.fault{stroke:#c9302c;stroke-width:1}
    .repair{stroke:#3c8f4a;stroke-dasharray:2 2}.view{fill:#111}
    @media (prefers-color-scheme:dark){.back{fill:#15181c}.label{fill:#e4e6e8}.quiet{fill:#8d949b}.name{fill:#ff8d85}
    .grid{stroke:#262b31}.axis{stroke:#59616a}.read{fill:#3f6f9f}.write{fill:#8cc4f5}.hit{fill:#45262a}
    .fault{stroke:#ff6b61}.repair{stroke:#62bd72}.view{fill:#fff}.unanswered{fill:#ff5b52}}
    """
}
