#!/usr/bin/env python3
"""All questions of the benchmark, or some, one after the other, each in a process of its own; then the report.

Usage: bench/run.py [--questions 1,3] [--rounds 5] [--seconds 3] [--out docs/benchmarks]
"""

import argparse
import os
import signal
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "bench"))
import question  # noqa: E402

ENDING_SECONDS = 20


def numbers(text):
    found = sorted({int(word) for word in text.split(",")}) if text else list(range(1, len(question.QUESTIONS) + 1))
    if not set(found) <= set(range(1, len(question.QUESTIONS) + 1)):
        raise ValueError(text)
    return found


def ask(number, options):
    """Its exit status. Ended by its own id when this program is told to end."""
    name = question.QUESTIONS[number - 1]
    print(f"question {number}, {name.replace('_', ' ')}:", flush=True)
    command = f"make bench QUESTIONS={number} ROUNDS={options.rounds} SECONDS={options.seconds}"
    child = subprocess.Popen([
        "setpriv", "--pdeathsig", "TERM", "--", sys.executable, os.path.join(TOP, "bench", "question.py"), str(number),
        "--rounds", str(options.rounds), "--seconds", str(options.seconds), "--out", options.out,
        "--command", command])
    try:
        return child.wait()
    except BaseException:
        child.terminate()
        try:
            child.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise


def leave(*_):
    sys.exit("ended by a signal")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=numbers, default=numbers(""), help="by number and commas; else all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    parser.add_argument("--out", default=os.path.join(TOP, "docs", "benchmarks"))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, leave)
    os.makedirs(options.out, exist_ok=True)
    began = time.monotonic()
    failed = []
    try:
        for number in options.questions:
            if ask(number, options) != 0:
                failed.append(number)
    except KeyboardInterrupt:
        sys.exit("ended")
    print(f"measured in {time.monotonic() - began:.0f} s", flush=True)
    report = subprocess.run([sys.executable, os.path.join(TOP, "bench", "report.py"), options.out]).returncode
    if failed:
        print(f"ERROR: not measured: questions {', '.join(map(str, failed))}", file=sys.stderr)
    sys.exit(1 if failed or report else 0)


if __name__ == "__main__":
    main()
