#!/usr/bin/env python3
"""One server's reads beside a libuv floor and nginx: alternately, in one run, medians of several rounds.

CPU per request is user + system time of the serving process over the requests that wrk counted.
"""

import argparse
import contextlib
import http.client
import os
import re
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import servers  # noqa: E402

KEYS = 10_000
CYCLE = os.path.join(servers.TOP, "bench", "cycle.lua")


def fill(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for number in range(KEYS):
        connection.request("PUT", f"/key{number:08d}", body=f"value-of-twenty-and-ten-{number:06d}")
        reply = connection.getresponse()
        reply.read()
        if reply.status != 200:
            raise RuntimeError(f"could not fill: {reply.status}")
    connection.close()


def measure(server, seconds):
    """Requests a second, and microseconds of CPU a request."""
    before = server.cpu_seconds()
    command = ["wrk", "-t1", "-c64", f"-d{seconds}s", "-s", CYCLE, f"http://127.0.0.1:{server.port}/"]
    text = subprocess.check_output(command, text=True)
    used = server.cpu_seconds() - before
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(f"{server.name}: wrk saw errors:\n{text}")
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    return rate, used / requests * 1e6


def table(results):
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in results.items()}
    base_rate, base_cpu = medians["floor"]
    print(f"\n{'server':<8} {'requests/s':>11} {'CPU us/request':>15} {'rate / floor':>13} {'CPU / floor':>12}")
    for name, (rate, cpu) in medians.items():
        print(f"{name:<8} {rate:>11.0f} {cpu:>15.2f} {rate / base_rate:>13.2f} {cpu / base_cpu:>12.2f}")
    # Ratios of one round share its weather; their median says more than the ratio of medians.
    ratios = [ours[1] / floor[1] for ours, floor in zip(results["kvnode"], results["floor"])]
    against = [ours[0] / nginx[0] for ours, nginx in zip(results["kvnode"], results["nginx"])]
    print(f"\nkvnode's CPU a request, round by round: {statistics.median(ratios):.2f} x the floor's (goal: at most 1.15)")
    print(f"kvnode's throughput, round by round: {statistics.median(against):.2f} x nginx's (goal: at least 1)")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(start()) for start in (servers.floor, servers.nginx, servers.kvnode)]
        fill(running[-1])
        results = {server.name: [] for server in running}
        for number in range(options.rounds):
            for server in running:
                rate, cpu = measure(server, options.seconds)
                results[server.name].append((rate, cpu))
                print(f"round {number + 1}: {server.name:<8} {rate:>9.0f} requests/s {cpu:>7.2f} us", flush=True)
        table(results)


if __name__ == "__main__":
    main()
