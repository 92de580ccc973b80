"""Pictures: panels of bars, and dots on a logarithmic axis. SVG that is read in light and in dark."""

import dataclasses
import math
import statistics
from xml.sax.saxutils import escape

WIDTH, MARGIN, COLUMN_GAP = 920, 16, 24
LABEL_WIDTH, VALUE_WIDTH = 190, 62
BAR, BAR_GAP, TITLE, PANEL_GAP = 14, 7, 22, 18
CAPTION = 34
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 } .caption { font-size: 15px; font-weight: 600 } .faint { fill: #6e7781; font-size: 11px }
  .paper { fill: #ffffff } .ours { fill: #2f6fd0 } .other { fill: #a9b1ba } .floor { fill: #d8dde2 }
  .range { stroke: #24292f; stroke-width: 1.2; opacity: .65 } .axis { stroke: #d0d7de; stroke-width: 1 }
  .goal { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 3 } .dot { opacity: .55 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .faint { fill: #8d96a0 } .paper { fill: #0d1117 } .ours { fill: #539bf5 }
    .other { fill: #6e7681 } .floor { fill: #373e47 } .range { stroke: #e6edf3 } .axis { stroke: #373e47 }
    .goal { stroke: #ff7b72 }
  }
"""


@dataclasses.dataclass
class Bar:
    """`kind`: ours, other or floor. `low` and `high`: the range of the rounds."""

    label: str
    value: float
    text: str
    kind: str
    low: float = None
    high: float = None


@dataclasses.dataclass
class Panel:
    title: str
    bars: list
    goal: float = None

    def height(self):
        return TITLE + len(self.bars) * (BAR + BAR_GAP)


def bars(caption, panels):
    """Panels in two columns, row by row."""
    width = (WIDTH - 2 * MARGIN - COLUMN_GAP) / 2
    parts, top = [], MARGIN + CAPTION
    for first in range(0, len(panels), 2):
        row = panels[first:first + 2]
        for place, panel in enumerate(row):
            parts += drawn(panel, MARGIN + place * (width + COLUMN_GAP), top, width)
        top += max(panel.height() for panel in row) + PANEL_GAP
    return picture(caption, parts, top)


def drawn(panel, left, top, width):
    scale_width = width - LABEL_WIDTH - VALUE_WIDTH
    greatest = max([bar.high or bar.value for bar in panel.bars] + [panel.goal or 0]) or 1
    start = left + LABEL_WIDTH

    def x(value):
        return start + value / greatest * scale_width

    parts = [text(left, top + 10, panel.title, "title")]
    for place, bar in enumerate(panel.bars):
        y = top + TITLE + place * (BAR + BAR_GAP)
        middle = y + BAR / 2
        parts += [text(start - 8, y + BAR - 3, bar.label, anchor="end"),
                  f'<rect class="{bar.kind}" x="{start:.1f}" y="{y}" width="{max(1, x(bar.value) - start):.1f}" '
                  f'height="{BAR}" rx="2"/>']
        if bar.high is not None and bar.high > bar.low:
            parts.append(line("range", x(bar.low), middle, x(bar.high), middle))
        parts.append(text(x(max(bar.value, bar.high or 0)) + 6, y + BAR - 3, bar.text))
    if panel.goal is not None:
        bottom = top + panel.height() - BAR_GAP
        parts.append(line("goal", x(panel.goal), top + TITLE - 4, x(panel.goal), bottom + 3))
    return parts


def dots(caption, rows, unit, goals=()):
    """`rows`: label, values, kind. One dot a value, a bar at the median. `goals`: values marked by a line."""
    values = [value for _, found, _ in rows for value in found]
    low = 10 ** math.floor(math.log10(min(values)))
    high = 10 ** math.ceil(math.log10(max(values)))
    left, right, top, step = MARGIN + 245, WIDTH - MARGIN - 110, MARGIN + CAPTION + 12, 30

    def x(value):
        return left + (math.log(value / low) / math.log(high / low)) * (right - left)

    bottom = top + len(rows) * step
    parts = []
    mark = low
    while mark <= high:
        parts += [line("axis", x(mark), top - 6, x(mark), bottom),
                  text(x(mark), bottom + 14, f"{mark:g} {unit}", "faint", "middle")]
        mark *= 10
    parts += [line("goal", x(goal), top - 6, x(goal), bottom) for goal in goals]
    for place, (label, found, kind) in enumerate(rows):
        y = top + place * step + step / 2 - 4
        parts.append(text(left - 12, y + 4, label, anchor="end"))
        parts += [f'<circle class="{kind} dot" cx="{x(value):.1f}" cy="{y}" r="4"/>' for value in found]
        middle = statistics.median(found)
        parts += [line("range", x(middle), y - 9, x(middle), y + 9),
                  text(right + 10, y + 4, f"{middle:.0f} / {max(found):.0f} {unit}")]
    return picture(caption, parts, bottom + 28)


def picture(caption, parts, height):
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
            f'height="{height:.0f}" role="img" aria-label="{escape(caption)}">\n<style>{STYLE}</style>\n'
            f'<rect class="paper" width="{WIDTH}" height="{height:.0f}" rx="8"/>')
    return "\n".join([head, text(MARGIN, MARGIN + 12, caption, "caption"), *parts, "</svg>"]) + "\n"


def text(x, y, words, kind="", anchor="start"):
    extra = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(words)}</text>'


def line(kind, x1, y1, x2, y2):
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
