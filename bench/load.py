#!/usr/bin/env python3
"""The CPU of the driver a request: kvload beside wrk, one kvnode in memory, 64 connections, closed loop, GET.

Rounds alternate between the two, since the machine's weather changes; the ratio of each round counts.
Needs: make build, make bench-deps.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess

import servers

KVLOAD = os.path.join(servers.PROGRAMS, "kvload")


def run(command):
    """Its output and the CPU that it took, seconds: user, system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return output, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime


def wrk(server, seconds):
    url = f"http://127.0.0.1:{server.port}/key00000042"
    output, user, system = run(["wrk", "-t1", "-c64", f"-d{seconds}s", url])
    return int(re.search(r"(\d+) requests in", output).group(1)), user, system


def kvload(server, seconds):
    command = [KVLOAD, "-h", f"127.0.0.1:{server.port}", "--closed", "--reads", "100", "--no-fill", "--quiet"]
    output, user, system = run(command + ["--duration", str(seconds), "--json", "-"])
    return json.loads(output)["reads"]["successes"], user, system


def measure(name, driver, server, seconds):
    requests, user, system = driver(server, seconds)
    cpu = (user + system) / requests * 1e6
    parts = f"user {user / requests * 1e6:.2f}, system {system / requests * 1e6:.2f}"
    print(f"{name:<8}{requests / seconds:>9.0f}/s {cpu:>7.2f} us a request ({parts})", flush=True)
    return cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    with servers.kvnode(["--memory"]) as server:
        run([KVLOAD, "-h", f"127.0.0.1:{server.port}", "--closed", "--duration", "1", "--quiet"])
        ratios = []
        for _ in range(options.rounds):
            theirs = measure("wrk", wrk, server, options.seconds)
            ratios.append(measure("kvload", kvload, server, options.seconds) / theirs)
    print(f"\nkvload's CPU a request, round by round: {statistics.median(ratios):.2f} x wrk's (goal: at most 1.3)")


if __name__ == "__main__":
    main()
