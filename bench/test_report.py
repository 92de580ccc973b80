"""What is parsed and computed: `python3 -m unittest discover -s bench`."""

import os
import sys
import unittest
import xml.dom.minidom

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chart  # noqa: E402
import drivers  # noqa: E402
import figures  # noqa: E402
import goals  # noqa: E402
import report  # noqa: E402

WRK = """Running 3s test @ http://127.0.0.1:1/
  Latency Distribution
     50%  417.00us
     75%    1.20ms
     90%    1.40ms
     99%    1.03s
  300000 requests in 3.00s, 60.00MB read
  Socket errors: connect 0, read 2, write 0, timeout 1
  Non-2xx or 3xx responses: 4
Requests/sec: 100000.50
"""


def cell(system, **columns):
    rounds = [dict(zip(columns, values)) for values in zip(*columns.values())]
    return {"case": "64 connections", "system": system, "rounds": rounds}


def some():
    return figures.Figures({"reads_one": {"name": "reads_one", "cells": [
        cell("kvnode", rate=[100, 50, 10], cpu=[8, 9, 30]), cell("floor", rate=[100, 25, 40], cpu=[4, 9, 10]),
        cell("nginx", rate=[50, 50, 20], cpu=[1, 1, 1])]}})


class ParsingTests(unittest.TestCase):
    def test_wrk(self):
        self.assertEqual(drivers.parsed_wrk(WRK), {
            "requests": 300_000, "rate": 100_000.5, "p50": 0.417, "p99": 1030.0, "failures": 7})

    def test_redis(self):
        text = '"test","rps","avg_latency_ms","p50_latency_ms","p99_latency_ms"\n"SET","892.06","0.385","0.343","0.783"\n'
        self.assertEqual(drivers.parsed_redis(text, 5), {
            "requests": 5, "rate": 892.06, "p50": 0.343, "p99": 0.783, "failures": 0})

    def test_kvload(self):
        kind = '{"successes": %d, "response": {"p50": 2000000, "p99": 3000000}}'
        text = '{"elapsed": 2000000000, "requests": 12, "reads": %s, "writes": %s}' % (kind % 0, kind % 10)
        self.assertEqual(drivers.parsed_kvload(text), {
            "requests": 10, "rate": 5.0, "p50": 2.0, "p99": 3.0, "failures": 2})


class FiguresTests(unittest.TestCase):
    def test_the_ratio_is_the_median_of_the_rounds_ratios(self):
        place = ("64 connections", "kvnode"), ("64 connections", "floor")
        self.assertEqual(some().ratio("reads_one", "rate", *place), 1)  # of 1, 2, 0.25; of the medians it were 1.25
        self.assertEqual(some().ratio("reads_one", "cpu", *place), 2)

    def test_what_was_not_measured_is_none(self):
        self.assertIsNone(some().median("traffic", "64 connections", "kvnode", "cpu"))
        self.assertIsNone(some().ratio("reads_one", "p50", ("64 connections", "kvnode"), ("64 connections", "floor")))

    def test_short(self):
        self.assertEqual([figures.short(one) for one in (0.0123, 0.123, 12.34, 123.4, 1234, 12345, 1234567)],
                         ["0.012", "0.12", "12.3", "123", "1.2 k", "12 k", "1.23 M"])


class ReportTests(unittest.TestCase):
    def test_verdicts_follow_the_bounds(self):
        found = {one.goal: one.is_met for one in goals.verdicts(some())}
        self.assertIs(found["CPU per op ≤ 1.15 × the floor's"], False)
        self.assertIs(found["throughput ≥ nginx's"], True)  # of 2, 1, 0.5
        self.assertIsNone(found["throughput ≥ Redis'"])

    def test_a_row_not_met_links_to_its_note_or_names_it_missing(self):
        missing = []
        lines = report.verdict_lines(goals.verdicts(some()), ["one server, GET"], missing)
        self.assertIn("**not met**: [why](notes.md#one-server-get)", lines[4])
        self.assertEqual(missing, [])
        report.verdict_lines(goals.verdicts(some()), [], missing)
        self.assertEqual(missing, ["one server, GET"])

    def test_pictures_are_xml(self):
        bars = [chart.Bar("a < b", 3, "3", "ours", 2, 4), chart.Bar("none", 0, "0", "floor")]
        xml.dom.minidom.parseString(chart.bars("A & B", [chart.Panel("one", bars, 5), chart.Panel("two", bars)]))
        xml.dom.minidom.parseString(chart.dots("gaps", [("a", [1, 200.5], "ours"), ("b", [1000], "other")], "ms", [20]))


if __name__ == "__main__":
    unittest.main()
