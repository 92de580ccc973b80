#!/usr/bin/env python3
"""Minutes of mixed load with kills: do memory and disk grow with the number of operations?

Four durable servers; half of the requests write one of KEYS keys, half read one. Every KILL_SECONDS one of three
servers is killed and started again; the last is spared, so that its memory tells of the whole time. Every
SAMPLE_SECONDS a line: resident memory and data directory of each server. In the end the means of the first and the
last third (after a tenth to warm up) are compared; exit 1 where one grew by more than GROWTH_MAX and SLACK_BYTES.

Usage: bench/longrun.py [--minutes 10]
"""

import argparse
import itertools
import os
import random
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients  # noqa: E402
import cluster  # noqa: E402

SERVERS = 4
CONNECTIONS = 8  # a server
KEYS = 2_000
VALUE_BYTES = 200
SAMPLE_SECONDS = 30
KILL_SECONDS = 20
WARM_PART = 0.1
GROWTH_MAX = 1.10
SLACK_BYTES = 4 << 20


def requests(seed):
    generator = random.Random(seed)
    for i in itertools.count():
        key = b"key%d" % generator.randrange(KEYS)
        if generator.random() < 0.5:
            yield clients.write(key, (b"%d.%d" % (seed, i)).ljust(VALUE_BYTES, b"."))
        else:
            yield clients.read(key)


class Run:
    def __init__(self, servers, seconds, every):
        self.servers, self.every = servers, every
        self.begin = time.monotonic()
        self.end = self.begin + seconds
        self.warm = self.begin + seconds * WARM_PART
        self.samples = []
        self.restarts = 0
        self.load = clients.Clients(think=0.002, keeps_times=False)
        for server in range(SERVERS):
            address = (servers.ground.hosts[server], servers.ground.port)
            for i in range(CONNECTIONS):
                self.load.add(server, address, requests(server * CONNECTIONS + i), True)

    def sample(self):
        each = [
            (self.servers.resident_bytes(i), self.servers.data_bytes(i)) for i in range(SERVERS)]
        now = time.monotonic()
        if now >= self.warm:
            self.samples.append((now, each))
        cells = " | ".join(f"{memory / 2**20:6.1f} {disk / 2**20:7.1f}" for memory, disk in each)
        print(f"{now - self.begin:5.0f} s {self.load.good:9d} | {cells}", flush=True)

    def go(self):
        print(f"{'':7} {'done':>9} | " + " | ".join(f"{f'{i}: MiB':>6} {'disk':>6}" for i in range(SERVERS)))
        next_sample, next_kill = self.begin, self.begin + KILL_SECONDS / 2
        while time.monotonic() < self.end:
            if time.monotonic() >= next_sample:
                self.sample()
                next_sample += self.every
            if time.monotonic() >= next_kill:
                self.kill_one()
                next_kill += KILL_SECONDS
            self.load.run_for(max(0, min(self.end, next_sample, next_kill) - time.monotonic()))
        self.sample()

    def kill_one(self):
        """Never the last."""
        victim = self.restarts % (SERVERS - 1)
        self.restarts += 1
        self.servers.kill(victim)
        self.load.run_for(1)
        self.servers.start(victim)
        limit = time.monotonic() + cluster.PATIENCE_SECONDS
        while not self.servers.is_well(victim):
            if time.monotonic() > limit:
                raise RuntimeError(f"{self.servers.addresses[victim]} does not come back")
            self.load.run_for(0.2)

    def judge(self):
        """True where nothing grew."""
        third = len(self.samples) // 3
        first, last = self.samples[:third], self.samples[-third:]
        grew = []
        for server in range(SERVERS):
            for what, name in enumerate(("memory", "disk")):
                before = statistics.mean(each[server][what] for _, each in first)
                after = statistics.mean(each[server][what] for _, each in last)
                growth = after > before * GROWTH_MAX and after > before + SLACK_BYTES
                grew.append(growth)
                print(f"server {server} {name:6}: {before / 2**20:7.1f} MiB in the first third, "
                      f"{after / 2**20:7.1f} in the last{': GREW' if growth else ''}")
        print(f"{self.load.good} requests done, {self.load.bad} refused, {self.restarts} kills")
        return not any(grew)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    seconds = options.minutes * 60
    every = min(SAMPLE_SECONDS, seconds / 12)
    with cluster.Cluster(SERVERS) as servers:
        run = Run(servers, seconds, every)
        run.go()
        run.load.close()
        good = run.judge()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
