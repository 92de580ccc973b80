"""Three servers, SET on the disks of a quorum before the answer, beside etcd on the same disk and one synced Redis.

Then what a lone write cannot be faster than: the disk, and the network's round trip.
"""

import contextlib
import json
import os
import re
import subprocess

import drivers
import servers
from cluster import Cluster
from grounds import DIES_WITH_US
from measure import Cell, alternate, named, say
from questions.writes_memory import others
from rivals import Etcd, Redis

CONNECTIONS = [64, 1, 512]
SYNC_SECONDS_MAX = 2
PERFORMANCE_CHECK_ROUNDS_MIN = 3  # it takes a minute


def cells(stack, directory):
    nodes, etcd = stack.enter_context(Cluster(3)), stack.enter_context(Etcd(3))
    redis, floor = stack.enter_context(Redis(is_synced=True)), stack.enter_context(servers.floor())
    benchmark, load = drivers.RedisBenchmark(), drivers.EtcdLoad(directory)
    drivers.fill(nodes.addresses)
    primary, theirs = nodes.addresses[nodes.primary()], etcd.addresses[etcd.primary()]
    found = []
    for connections in CONNECTIONS:
        case = named(connections, 1)
        for name, addresses in [("kvnode x 3, at the primary", [primary]), others(nodes, connections)]:
            found.append(Cell(case, name, nodes, lambda seconds, a=addresses, c=connections:
                              drivers.kvload(a, 0, c, 1, seconds)))
        found.append(Cell(case, "etcd x 3, at the primary", etcd, lambda seconds, c=connections:
                          load([theirs], "put", c, seconds)))
        found.append(Cell(case, "redis, synced", redis, lambda seconds, c=connections:
                          benchmark(redis.addresses[0], "set", c, 1, seconds)))
    found.append(Cell("64 connections", "etcd x 3, at all", etcd, lambda seconds:
                      load(etcd.addresses, "put", 64, seconds)))
    found.append(Cell("floors", "round trip", None, lambda seconds:
                      drivers.wrk(f"127.0.0.1:{floor.port}", 1, 1, min(seconds, SYNC_SECONDS_MAX))))
    program = servers.compiled("syncs", directory)
    for name, how, count in [("fdatasync, appending", "append", 1), ("fdatasync, in place", "overwrite", 1),
                             ("fdatasync, appending, three at once", "append", 3)]:
        found.append(Cell("floors", name, None, lambda seconds, h=how, n=count:
                          syncs(program, directory, h, n, min(seconds, SYNC_SECONDS_MAX))))
    return found, etcd


def syncs(program, directory, how, count, seconds):
    """Of several at once the mean of their medians."""
    running = [subprocess.Popen([*DIES_WITH_US, program, how, os.path.join(directory, f"sync{i}"), str(seconds)],
                                stdout=subprocess.PIPE, text=True) for i in range(count)]
    results = [json.loads(process.communicate()[0]) for process in running]
    return {"requests": sum(one["count"] for one in results),
            "p50": sum(one["p50"] for one in results) / count / 1e3, "p99": max(one["p99"] for one in results) / 1e3}


def performance_check(etcd):
    """etcd's own, beside bench/etcdload.c: 1,000 clients, at most 15,000 writes a second, larger ones, for a minute."""
    say("  etcdctl check perf --load=xl, a minute")
    before = etcd.cpu_seconds()
    text = subprocess.run(
        [*DIES_WITH_US, "etcdctl", "--endpoints", ",".join(etcd.addresses), "check", "perf", "--load=xl"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "ETCDCTL_API": "3"}).stdout  # its exit status is its verdict
    lines = [line for line in text.replace("\r", "\n").splitlines() if re.match("PASS:|FAIL:|Slowest|Stddev", line)]
    return {"said": lines, "cpuSeconds": etcd.cpu_seconds() - before}


def measure(options):
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(servers.scratch_directory())
        found, etcd = cells(stack, directory)
        result = {"cells": alternate(found, options)}
        if options.rounds >= PERFORMANCE_CHECK_ROUNDS_MIN:
            result["etcdPerformanceCheck"] = performance_check(etcd)
        return result
