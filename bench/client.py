#!/usr/bin/env python3
"""kvclient as a process beside curl for the same read: alternately, wall time from start to exit."""

import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import servers  # noqa: E402

RUNS = 200
KVCLIENT = os.path.join(servers.PROGRAMS, "kvclient")


def timed(command, expected):
    start = time.perf_counter()
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    took = time.perf_counter() - start
    if text != expected:
        raise RuntimeError(f"{command}: {text!r}, not {expected!r}")
    return took * 1e3


def measure(runs):
    """Milliseconds of each, alternately."""
    with servers.kvnode(["--memory"]) as server:
        host = f"127.0.0.1:{server.port}"
        subprocess.run([KVCLIENT, "-h", host, "-k", "color", "-v", "blue"], capture_output=True, check=True)
        commands = {
            "kvclient": ([KVCLIENT, "-h", host, "-k", "color"], "blue\n"),
            "curl": (["curl", "-s", f"http://{host}/color"], "color=blue"),
        }
        times = {name: [] for name in commands}
        for _ in range(runs):
            for name, (command, expected) in commands.items():
                times[name].append(timed(command, expected))
    return times


def main():
    times = measure(RUNS)
    for name, taken in times.items():
        quartiles = statistics.quantiles(taken, n=4)
        print(f"{name:<9} median {quartiles[1]:6.2f} ms, quartiles {quartiles[0]:.2f} to {quartiles[2]:.2f}, {RUNS} runs")
    ratio = statistics.median(ours / curls for ours, curls in zip(times["kvclient"], times["curl"]))
    print(f"kvclient takes {ratio:.2f} x curl's time, pair by pair (goal: at most 1)")


if __name__ == "__main__":
    main()
