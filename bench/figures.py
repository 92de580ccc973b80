"""The raw data of the questions, and what is computed from it: medians, and ratios round by round."""

import json
import os
import statistics


class Figures:
    """`questions`: the raw data by name, as bench/question.py writes it. What was not measured is None."""

    def __init__(self, questions):
        self.questions = questions

    @classmethod
    def load(cls, directory):
        found = {}
        for name in sorted(os.listdir(directory)):
            if name.endswith(".json"):
                with open(os.path.join(directory, name)) as file:
                    question = json.load(file)
                found[question["name"]] = question
        return cls(found)

    def column(self, question, case, system, key):
        """A figure of each round; empty where there is none."""
        for cell in self.questions.get(question, {}).get("cells", []):
            if (cell["case"], cell["system"]) == (case, system):
                return [one[key] for one in cell["rounds"] if key in one]
        return []

    def median(self, *place):
        column = self.column(*place)
        return statistics.median(column) if column else None

    def worst(self, *place):
        return max(self.column(*place), default=None)

    def ratio(self, question, key, over, under):
        """Of one (case, system) to another, in each round; the median. A round shares its weather."""
        pairs = zip(self.column(question, *over, key), self.column(question, *under, key))
        ratios = [a / b for a, b in pairs if b]
        return statistics.median(ratios) if ratios else None

    def sum_of(self, question, key, places):
        """Of several (case, system), round by round."""
        return [sum(parts) for parts in zip(*(self.column(question, *place, key) for place in places))]

    def cases(self, question):
        """In order of appearance, each with its systems in order."""
        found = {}
        for cell in self.questions.get(question, {}).get("cells", []):
            found.setdefault(cell["case"], []).append(cell["system"])
        return found


def short(value):
    """Three digits that count."""
    if value is None:
        return "–"
    if value >= 1e6:
        return f"{value / 1e6:.2f} M"
    if value >= 1e4:
        return f"{value / 1e3:.0f} k"
    if value >= 1e3:
        return f"{value / 1e3:.1f} k"
    if value >= 100:
        return f"{value:.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
