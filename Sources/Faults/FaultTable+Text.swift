/// The table in words, for a terminal.
extension FaultTable {
  private static let textMax = 26

  package var text: String {
    let answered = (0..<serverCount).map { pad("\($0)", 6) }.joined()
    var lines = [
      pad("", 9 + Self.textMax) + " │ answers again after, ms" + spaces(max(0, serverCount * 6 - 24))
        + " │ longest gap without a success, ms      │ not done, or not known     │ wrong",
      pad("at, s", 8) + " " + "fault" + spaces(Self.textMax - 5) + " │" + answered
        + spaces(max(0, 24 - serverCount * 6)) + " │" + pad("reads", 7) + pad("others", 7) + pad("writes", 7)
        + pad("others", 7) + pad("kvclient", 10) + " │" + pad("503", 7) + pad("unknown", 8) + pad("down", 7)
        + pad("label", 6) + " │" + pad("stale", 6) + pad("old", 5) + pad("lost", 5) + "  views",
    ]
    lines += rows.map(line)
    lines.append(totalLine)
    return lines.map { $0 + "\n" }.joined()
  }

  private func line(_ row: FaultRow) -> String {
    let label = row.text.count > Self.textMax ? row.text.prefix(Self.textMax - 1) + "…" : row.text[...]
    let again = (0..<serverCount).map { server in
      pad(milliseconds(row.answersAgain[server]) + (row.hit.contains(server) ? "*" : ""), 6)
    }.joined()
    return pad(seconds(row.at), 8) + " " + label + spaces(Self.textMax - label.count) + " │" + again
      + spaces(max(0, 24 - serverCount * 6)) + " │" + pad(milliseconds(row.readGaps.nobody), 7)
      + pad(milliseconds(row.readGaps.others), 7) + pad(milliseconds(row.writeGaps.nobody), 7)
      + pad(milliseconds(row.writeGaps.others), 7) + pad(milliseconds(row.clientGap), 10) + " │"
      + counts(row.counts)
  }

  private var totalLine: String {
    let label = "\(rows.count - 1) moments of faults, \(total.reads) reads, \(total.writes) writes"
    let width = 9 + Self.textMax + 2 + max(serverCount * 6, 24) + 2 + 38
    return label + spaces(width - label.count) + " │" + counts(total)
  }

  private func counts(_ counts: FaultRow.Counts) -> String {
    pad("\(counts.refused)", 7) + pad("\(counts.unknown)", 8) + pad("\(counts.unreachable)", 7)
      + pad("\(counts.labelled)", 6) + " │" + pad("\(counts.outOfDate)", 6) + pad("\(counts.wrongOld)", 5)
      + pad("\(counts.lost)", 5) + pad("\(counts.views)", 7)
  }
}

/// Whole milliseconds; – for what never came.
private func milliseconds(_ nanoseconds: UInt64?) -> String {
  guard let nanoseconds else { return "–" }
  return "\((nanoseconds + 500_000) / 1_000_000)"
}

/// Seconds with one digit.
private func seconds(_ nanoseconds: UInt64) -> String {
  let tenths = (nanoseconds + 50_000_000) / 100_000_000
  return "\(tenths / 10).\(tenths % 10)"
}

private func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

/// To the right.
private func pad(_ text: String, _ width: Int) -> String { spaces(width - text.count) + text }
