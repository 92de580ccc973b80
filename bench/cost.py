#!/usr/bin/env python3
"""Instructions and allocations a request, counted by callgrind: a guard that no machine's weather moves.

Each case is driven over one connection in batches of a fixed size, so that one server has the same turns in every run;
of several servers the primary is asked, and all are counted. What the clock's ticks take is left out: a slow run has more of
them. One server's counts may exceed those in bench/cost.json by a tenth, as libraries and processors differ; three
servers' by a third, as their turns are not the same in every run. --record writes them anew. Needs: make build, valgrind.
"""

import argparse
import glob
import json
import os
import re
import socket
import subprocess
import sys

import servers
from cluster import Cluster

RECORD = os.path.join(servers.TOP, "bench", "cost.json")
# What is asked, how many at once, of how many servers.
CASES = {
    "get-1": ("get", 1, 1), "get-16": ("get", 16, 1), "put-1": ("put", 1, 1), "put-16": ("put", 16, 1),
    "get-16-of-3": ("get", 16, 3), "put-16-of-3": ("put", 16, 3)}
KEYS, WARMING, REQUESTS = 4000, 1600, 8000
# By servers: among several, what arrives together and what in a turn of its own is the machine's choice.
INSTRUCTIONS_MAX = {1: 1.10, 3: 1.35}
# By servers and batch: ticks allocate, too, and a lone request's share of them is larger.
ALLOCATIONS_MORE = {(1, 1): 0.2, (1, 16): 0.05, (3, 16): 1}
ALLOCATORS = {"malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign", "memalign"}
TICKS = "11DriverClockC9tellTicks"


def request(kind, number):
    head = b"%s /key%08d HTTP/1.1\r\nHost: 127.0.0.1:8081\r\n" % (b"GET" if kind == "get" else b"PUT", number % KEYS)
    value = b"value-of-twenty-and-ten-%06d" % number
    return head + b"\r\n" if kind == "get" else head + b"Content-Length: %d\r\n\r\n" % len(value) + value


class Client:
    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(60)
        self.number = 0

    def ask(self, kind, batch, count):
        for _ in range(0, count, batch):
            self.socket.sendall(b"".join(request(kind, self.number + i) for i in range(batch)))
            self.number += batch
            self.take(batch)

    def take(self, replies):
        """Until so many whole replies have come, each of them a success."""
        rest = b""
        while replies:
            piece = self.socket.recv(1 << 16)
            if not piece:
                raise RuntimeError("the server closed the connection")
            rest += piece
            while replies and (end := rest.find(b"\r\n\r\n")) >= 0:
                head = rest[:end]
                length = end + 4 + int(re.search(rb"content-length: *(\d+)", head, re.IGNORECASE).group(1))
                if len(rest) < length:
                    break
                if not head.startswith(b"HTTP/1.1 200"):
                    raise RuntimeError(f"not a success: {head.decode(errors='replace')}")
                rest, replies = rest[length:], replies - 1


def counts(path):
    """All instructions but the ticks', and all calls of allocators, in a file of callgrind's (its manual, 'Format')."""
    names, instructions, allocations, callee, is_call = {}, 0, 0, None, False
    with open(path) as lines:
        for line in lines:
            if named := re.match(r"c?fn=\((\d+)\)(?: (.*))?", line):
                if named.group(2):
                    names[named.group(1)] = named.group(2).strip()
                if line.startswith("cfn="):
                    callee = names[named.group(1)]
            elif line.startswith("calls="):
                is_call = True
                if callee.split("@")[0].split("'")[0] in ALLOCATORS:
                    allocations += int(line[6:].split()[0])
            elif line[0].isdigit() or line[0] in "+-*":
                # The line below `calls=` is what was spent in the callee, which has lines of its own.
                if not is_call:
                    instructions += int(line.split()[1])
                elif TICKS in callee:
                    instructions -= int(line.split()[1])
                is_call = False
    return instructions, allocations


class Counted(Cluster):
    """Each server under callgrind, in a directory of its own."""

    def out(self, server):
        return os.path.join(self.directory(server), "callgrind")

    def command(self, server):
        return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.out(server)}", *super().command(server)]

    def control(self, word):
        for process in self.processes:
            subprocess.run(["callgrind_control", word, str(process.pid)], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)

    def counts(self):
        found = [counts(sorted(glob.glob(self.out(server) + ".*"))[0]) for server in range(self.count)]
        return [sum(part) for part in zip(*found)]


def measure(kind, batch, count):
    with Counted(count, ["--memory"]) as cluster:
        client = Client(cluster.addresses[cluster.primary()])
        client.ask("put", 16, KEYS)
        client.ask(kind, batch, WARMING)
        cluster.control("--zero")
        client.ask(kind, batch, REQUESTS)
        cluster.control("--dump")
        instructions, allocations = cluster.counts()
    return {"instructions": round(instructions / REQUESTS), "allocations": round(allocations / REQUESTS, 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    found = {}
    for name, case in CASES.items():
        found[name] = measure(*case)
        print(f"{name}: {found[name]['instructions']} instructions, {found[name]['allocations']} allocations a request",
              flush=True)
    if options.record:
        with open(RECORD, "w") as file:
            json.dump(found, file, indent=2)
            file.write("\n")
        return 0
    with open(RECORD) as file:
        recorded = json.load(file)
    worse = [
        f"{name}: {what}: {found[name][what]} a request, at most {round(most, 2)}"
        for name in CASES for what, most in (
            ("instructions", recorded[name]["instructions"] * INSTRUCTIONS_MAX[CASES[name][2]]),
            ("allocations", recorded[name]["allocations"] + ALLOCATIONS_MORE[CASES[name][2], CASES[name][1]]))
        if found[name][what] > most]
    for line in worse:
        print(f"ERROR: {line}", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
