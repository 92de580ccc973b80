#!/usr/bin/env python3
"""One question of the benchmark: measures it and writes the raw data. `make bench` asks all.

Usage: bench/question.py NUMBER --rounds 5 --seconds 3 --out docs/benchmarks
"""

import argparse
import importlib
import json
import os
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import grounds  # noqa: E402
import machine  # noqa: E402
import measure  # noqa: E402

QUESTIONS = ["reads_one", "reads_three", "writes_memory", "writes_durable", "more_servers", "traffic", "failover",
             "footprint"]
IN_A_NAMESPACE = {"traffic", "failover"}


def leave(*_):
    sys.exit("ended by a signal")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("number", type=int, choices=range(1, len(QUESTIONS) + 1))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--out", required=True)
    parser.add_argument("--command", default="make bench", help="what to tell of how it was made")
    options = parser.parse_args()
    name = QUESTIONS[options.number - 1]
    if name in IN_A_NAMESPACE and os.geteuid() == 0:
        grounds.Namespaces.enter()
    signal.signal(signal.SIGTERM, leave)
    tempfile.tempdir = measure.scratch_place()
    began = time.monotonic()
    about = machine.about(tempfile.tempdir)
    result = importlib.import_module(f"questions.{name}").measure(measure.Options(options.rounds, options.seconds))
    about.update(command=options.command, rounds=options.rounds, seconds=options.seconds,
                 took=round(time.monotonic() - began))
    path = os.path.join(options.out, f"{name.replace('_', '-')}.json")
    with open(path, "w") as file:
        json.dump({"question": options.number, "name": name, "about": about, **result}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("ended")
