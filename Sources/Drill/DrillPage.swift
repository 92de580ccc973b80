import Faults

/// The drill as one page that needs nothing else: the verdict, the timeline, the table, the schedule.
extension DrillReport {
  /// The timeline alone, as SVG.
  package func picture() -> String {
    var picture = TimelinePicture(Timeline(record), names: names)
    return picture.draw()
  }

  private var names: [String] {
    addresses.enumerated().map { index, address in addresses.count > 9 ? address : "server \(index)" }
  }

  package func page() -> String {
    let escape = TimelinePicture.escape
    let servers = addresses.enumerated().map { "\($0) = \($1)" }.joined(separator: ", ")
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>Quorate drill: \(escape(title))</title>
      <meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
      <style>\(Self.style)</style></head><body>
      <h1>Drill</h1>
      <p>\(escape(title)). Servers: \(escape(servers)).</p>
      <p class="\(isClean ? "clean" : "violated")">\(escape(verdict))</p>
      \(findings.isEmpty ? "" : "<pre class=\"violated\">\(escape(findings.joined(separator: "\n")))</pre>")
      <div class="wide">\(picture())</div>
      <h2>Fault by fault</h2>
      <p>Times in milliseconds. <b>Answers again</b>: from the fault until the server had answered a read and a
      write asked after it, marked where the fault hit that server. <b>Longest gap</b>: time without a success;
      <i>all</i>: no server answered; <i>others</i>: the server that stood still longest of those not hit;
      <i>kvclient</i>: the command that is given all hosts.</p>
      <div class="wide">\(htmlTable())</div>
      <h2>Schedule</h2>
      <pre>\(escape(options.schedule.text))</pre>
      </body></html>

      """
  }

  private func htmlTable() -> String {
    let count = table.serverCount
    var html = "<table><thead><tr><th rowspan=2>at, s<th rowspan=2 class=text>fault"
    html += "<th colspan=\(count)>answers again<th colspan=5>longest gap<th colspan=4>not done, or not known"
    html += "<th colspan=3>wrong<th rowspan=2>views</tr><tr>"
    html += (0..<count).map { "<th>\($0)" }.joined()
    html += "<th>reads: all<th>others<th>writes: all<th>others<th>kvclient"
    html +=
      "<th>refused<th>unknown<th>down<th>labelled<th>out of date<th>wrong old<th>lost</tr></thead><tbody>\n"
    for row in table.rows { html += htmlRow(row) }
    html += "<tr class=total><td><td class=text>\(table.rows.count - 1) moments of faults"
    html += "<td colspan=\(count + 5)>\(table.total.reads) reads, \(table.total.writes) writes"
    return html + cells(table.total) + "</tr></tbody></table>"
  }

  private func htmlRow(_ row: FaultRow) -> String {
    var html = "<tr><td>\(Self.tenths(row.at))<td class=text>\(TimelinePicture.escape(row.text))"
    for server in 0..<table.serverCount {
      let text = Self.milliseconds(row.answersAgain[server])
      html += row.hit.contains(server) ? "<td class=hit>\(text)" : "<td>\(text)"
    }
    for gap in [
      row.readGaps.nobody, row.readGaps.others, row.writeGaps.nobody, row.writeGaps.others, row.clientGap,
    ] { html += "<td>\(Self.milliseconds(gap))" }
    return html + cells(row.counts) + "</tr>\n"
  }

  private func cells(_ counts: FaultRow.Counts) -> String {
    let plain = [counts.refused, counts.unknown, counts.unreachable, counts.labelled].map { "<td>\($0)" }
    let wrong = [counts.outOfDate, counts.wrongOld, counts.lost].map {
      $0 == 0 ? "<td>0" : "<td class=violated>\($0)"
    }
    return (plain + wrong).joined() + "<td>\(counts.views)"
  }

  private static func milliseconds(_ nanoseconds: UInt64?) -> String {
    nanoseconds.map { "\(($0 + 500_000) / 1_000_000)" } ?? "–"
  }

  private static func tenths(_ nanoseconds: UInt64) -> String {
    let tenths = nanoseconds / 100_000_000
    return "\(tenths / 10).\(tenths % 10)"
  }

  private static let style = """
    body{font:14px/1.45 ui-sans-serif,system-ui,sans-serif;margin:24px;color:#222;background:#fff;max-width:1330px}
    h1{font-size:22px}h2{font-size:17px;margin-top:28px}.wide{overflow-x:auto}
    .clean{color:#23702f;font-weight:600}.violated{color:#c9302c;font-weight:600;white-space:pre-wrap}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:12.5px}
    th,td{padding:2px 7px;text-align:right;border-bottom:1px solid #e4e4e4}th{font-weight:600;vertical-align:bottom}
    th[colspan]{text-align:center}
    .text{text-align:left;white-space:nowrap}.hit{background:#f7dcdc}.total td{font-weight:600;border-top:2px solid}
    @media (prefers-color-scheme:dark){body{color:#e4e6e8;background:#15181c}th,td{border-color:#2b3037}
    .hit{background:#45262a}.clean{color:#77cf86}.violated{color:#ff8d85}}
    """
}
