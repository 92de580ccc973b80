#!/usr/bin/env python3
"""Writes the document and the pictures from the raw data; measures nothing.

Usage: bench/report.py [docs/benchmarks]
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import goals  # noqa: E402
import question  # noqa: E402
import sections  # noqa: E402
from figures import Figures  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEAD = """# Benchmarks

Made by `make bench` (`make bench-deps` installs the rivals from Debian), written by `bench/report.py`: do not edit;
what a person has to say stands in [notes.md](notes.md).

Keys of 11 bytes, values of 30, 10,000 keys, everything on one machine. Several systems run at the same time and are
loaded in turn, round after round, since the machine's weather changes; the one that is not loaded idles. Figures are
medians of the rounds, a ratio is the median of the ratios of each round: within a round the weather is alike. CPU is
user and system time of all processes of a system together, divided by operations. *At all*: connections are spread
over all servers. Servers and driver share the machine's processors, so absolute throughput says little; ratios and
CPU do.
"""


def anchor(heading):
    """As forges make it of a heading."""
    kept = "".join(one for one in heading.lower() if one.isalnum() or one in " -")
    return kept.replace(" ", "-")


def verdict_lines(verdicts, headings, missing):
    lines = ["## What was asked, and what came of it", "", "| | goal | measured | |", "| --- | --- | --- | --- |"]
    for one in verdicts:
        if one.is_met is None:
            word = ""
        elif one.is_met:
            word = "met"
        elif one.note in headings:
            word = f"**not met**: [why](notes.md#{anchor(one.note)})"
        else:
            word = "**not met**"
            missing.append(one.note)
        lines.append(f"| {one.work} | {one.goal} | {one.measured} | {word} |")
    met, judged = sum(one.is_met is True for one in verdicts), sum(one.is_met is not None for one in verdicts)
    lines += ["", f"{met} of {judged} rows met. The protocol's rules are held by the tests, the simulator "
              "([../simulator.md](../simulator.md)) and the drill ([../drill.md](../drill.md)), not by this."]
    return lines


def counted(number, what):
    return f"{number} {what}{'' if number == 1 else 's'}"


def machine_lines(about):
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items() if version)
    return ["", f"Measured {about['date']}, {counted(about['rounds'], 'round')} of {about['seconds']} s, in {about['took']} s, by "
            f"`{about['command']}` on commit `{about['commit']}`; {about['cpu']}, {about['processors']} processors, "
            f"Linux {about['kernel']}, disk {about['disk']}; {versions}. Load average before: "
            f"{about['loadAverageBefore']:.2f}."]


def section(figures, name, number):
    """Title, words, picture, table."""
    if name == "failover":
        title, lines = "Fail-over", sections.failover_table(figures)
        words = ("Four writers and two readers at each survivor rest 2 ms after each answer (`bench/failover.py`); the "
                 "figure is the longest time, in ms, in which the survivor that stood still longest answered nothing. All "
                 "durable; four servers of ours, three of etcd. etcd's clients give a request up after 100 ms and ask "
                 "anew; ours wait.")
        picture = sections.failover_picture(figures)
    elif name == "footprint":
        title, lines, words = "Memory, start, client, simulator", sections.footprint_table(figures), ""
        picture = sections.footprint_picture(figures)
    else:
        title, words = sections.THROUGHPUT[name][:2]
        lines, picture = sections.throughput_table(figures, name), sections.throughput_picture(figures, name)
        if name == "writes_durable":
            lines += sections.durable_words(figures)
    file = name.replace("_", "-")
    text = ["", f"## {number}. {title}", "", *([words, ""] if words else []), f"![{title}]({file}.svg)", "", *lines,
            *machine_lines(figures.questions[name]["about"]), "", f"Raw: [{file}.json]({file}.json)."]
    return text, (f"{file}.svg", picture)


def main():
    directory = sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "docs", "benchmarks")
    figures = Figures.load(directory)
    notes = os.path.join(directory, "notes.md")
    headings = []
    if os.path.exists(notes):
        with open(notes) as file:
            headings = [line.lstrip("#").strip() for line in file if line.startswith("#")]
    missing = []
    lines = [HEAD, *verdict_lines(goals.verdicts(figures), headings, missing)]
    for number, name in enumerate(question.QUESTIONS, 1):
        if name in figures.questions:
            text, (file, picture) = section(figures, name, number)
            lines += text
            with open(os.path.join(directory, file), "w") as out:
                out.write(picture)
    with open(os.path.join(directory, "README.md"), "w") as out:
        out.write("\n".join(lines) + "\n")
    print(f"written: {os.path.join(directory, 'README.md')}")
    for heading in sorted(set(missing)):
        print(f"no note in {notes} tells why this was not met: ## {heading}", file=sys.stderr)


if __name__ == "__main__":
    main()
