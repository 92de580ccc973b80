"""Several systems, one work each, in turn, round after round: the machine's weather changes, and meets all alike."""

import contextlib
import dataclasses
import os
import resource
import time
import typing


@dataclasses.dataclass
class Cell:
    """`run(seconds)` makes the load and gives a sample; `group` are the processes whose CPU counts."""

    case: str
    system: str
    group: typing.Any
    run: typing.Callable


@dataclasses.dataclass
class Options:
    rounds: int
    seconds: int


def say(text):
    print(text, flush=True)


def alternate(cells, options):
    """What each cell gave in each round. The order turns by one each round, so that none always follows the same."""
    figures = [[] for _ in cells]
    for number in range(options.rounds):
        order = [(place + number) % len(cells) for place in range(len(cells))]
        for place in order:
            cell = cells[place]
            sample = one(cell, options.seconds)
            figures[place].append(sample)
            say(f"  round {number + 1} of {options.rounds}: {cell.case:<32} {cell.system:<28} {told(sample)}")
    return [{"case": cell.case, "system": cell.system, "rounds": rounds} for cell, rounds in zip(cells, figures)]


def measure_cells(cells, options):
    """What a question measures whose `cells(stack)` starts its systems, which end with the stack."""
    with contextlib.ExitStack() as stack:
        return {"cells": alternate(cells(stack), options)}


def one(cell, seconds):
    before = cell.group.cpu_seconds() if cell.group else 0
    own, began = children_seconds(), time.monotonic()
    sample = cell.run(seconds)
    if cell.group:
        sample["cpu"] = (cell.group.cpu_seconds() - before) / sample["requests"] * 1e6
        sample["driver"] = (children_seconds() - own) / (time.monotonic() - began) * 100
    if sample.get("failures"):
        say(f"  {cell.system}, {cell.case}: {sample['failures']} of {sample['requests']} failed")
    return sample


def children_seconds():
    """CPU of the children that have ended: of the driver, since the servers run on."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def told(sample):
    words = []
    for name, unit in (("rate", "/s"), ("cpu", " us of CPU"), ("p50", " ms"), ("packets", " packets"),
                       ("bytes", " B")):
        if name in sample:
            words.append(f"{sample[name]:>9.{0 if name == 'rate' else 2}f}{unit}")
    return "".join(words)


def named(connections, pipeline):
    text = "1 connection" if connections == 1 else f"{connections} connections"
    return text if pipeline == 1 else f"{text}, pipelines of {pipeline}"


def scratch_place():
    """Where directories of the measured are made: beside the build, on a real disk, unless TMPDIR says otherwise."""
    import servers
    place = os.environ.get("TMPDIR") or os.path.join(servers.TOP, ".build", "bench")
    os.makedirs(place, exist_ok=True)
    return place
