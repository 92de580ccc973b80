"""Memory, start, the client as a process, and the simulator's pace."""

import os
import re
import resource
import socket
import struct

import client
import drivers
import failover
import servers
from cluster import Cluster
from measure import say
from rivals import Redis

DATA_KEYS, DATA_VALUE_BYTES = 5_000, 2_048  # 10 MB
OVERWRITES = 4
IDLE_CONNECTIONS = 10_000
IDLE_BATCH = 200
STARTS_A_ROUND, CLIENT_RUNS_A_ROUND, SEEDS_A_ROUND = 4, 40, 40
KVSIM = os.path.join(servers.PROGRAMS, "kvsim")


def resident(group):
    return max(group.resident_bytes(i) for i in range(group.count))


def with_data():
    """Four servers, every value overwritten some times; the largest counts. Redis likewise."""
    with Cluster(4) as nodes:
        empty = resident(nodes)
        drivers.output_of([
            drivers.KVLOAD, "-h", ",".join(nodes.addresses), "--closed", "--reads", "50", "--requests",
            str(DATA_KEYS * OVERWRITES * 2), "--keys", str(DATA_KEYS), "--value-size", str(DATA_VALUE_BYTES), "--quiet"])
        full = resident(nodes)
    with Redis(2) as redis:
        host, port = redis.addresses[0].rsplit(":", 1)
        drivers.output_of(["redis-benchmark", "-h", host, "-p", port, "-t", "set", "-d", str(DATA_VALUE_BYTES), "-r",
                           str(DATA_KEYS), "-n", str(DATA_KEYS * (OVERWRITES + 1)), "-c", "64", "-q"])
        theirs = resident(redis)
    say(f"  resident: {empty / 2**20:.1f} MiB empty, {full / 2**20:.1f} with 10 MB of data; redis {theirs / 2**20:.1f}")
    return {"emptyBytes": empty, "withDataBytes": full, "redisWithDataBytes": theirs}


def dial(host, port):
    connection = socket.create_connection((host, port), 10)
    # Ended by a reset, so that ten thousand ports are free again at once.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return connection


def idle():
    """Connections that have each asked once and then stay."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(IDLE_CONNECTIONS, hard - 100)
    connections = []
    with Cluster(1, ["--memory"]) as node:
        before = resident(node)
        try:
            while len(connections) < count:
                batch = [dial(node.ground.hosts[0], node.ground.port)
                         for _ in range(min(IDLE_BATCH, count - len(connections)))]
                connections += batch
                for one in batch:
                    one.sendall(b"GET /key HTTP/1.1\r\nHost: x\r\n\r\n")
                for one in batch:
                    if not one.recv(4096).startswith(b"HTTP/1.1 200"):
                        raise RuntimeError("an idle connection was refused")
            after = resident(node)
        finally:
            for one in connections:
                one.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    say(f"  {count} idle connections add {(after - before) / 2**20:.1f} MiB")
    return {"connections": count, "addedBytes": after - before}


def simulator(rounds):
    """Events a second on one core, in each of some sweeps."""
    rates = []
    for number in range(rounds):
        first = 1 + number * SEEDS_A_ROUND
        text = drivers.output_of([KVSIM, "--seeds", f"{first}..{first + SEEDS_A_ROUND - 1}", "--jobs", "1"])
        rates.append(int(re.search(r"events per second (\d+)", text).group(1)))
        say(f"  simulator: {rates[-1]} events a second")
    return rates


def measure(options):
    result = {"data": with_data(), "idle": idle()}
    starts = {}
    for name, arguments in [("durable", []), ("in memory", ["--memory"])]:
        starts[name] = failover.starts(STARTS_A_ROUND * options.rounds, arguments)
        say(f"  start, {name}: " + " ".join(f"{figure:.0f}" for figure in starts[name]) + " ms")
    client_times = client.measure(CLIENT_RUNS_A_ROUND * options.rounds)
    return {**result, "starts": starts, "client": client_times, "simulator": simulator(options.rounds)}
