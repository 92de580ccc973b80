#!/usr/bin/env python3
"""How long writes and reads stand still at the surviving servers when a server of four fails.

For each fault, again and again: clients at the survivors, the fault, the longest time without a success, the
repair. `any`: no survivor answered; `each`: the survivor that stood still longest. Reads are of keys that nobody
writes. `well`: from the repair until all vote and see each other. Median and worst of all rounds. `floor`: the same when servers that know nothing of each other are
killed, which is what the measuring itself costs.

Usage: bench/failover.py [--rounds 20] [--memory] [FAULT...]
"""

import argparse
import http.client
import itertools
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients  # noqa: E402
import cluster  # noqa: E402

SERVERS = 4
WRITERS, READERS = 4, 2  # connections to each survivor
WARM_SECONDS = 0.3
# What every survivor must have answered after the fault, of each kind, before the round ends.
AFTER_SUCCESSES = 50
QUORUM_LOST_SECONDS = 3
GAP_TITLES = ("writes, any", "writes, each", "reads, any", "reads, each", "well")
FAULTS = {
    "floor": "one of strangers killed",
    "primary-killed": "kill -9 of the primary",
    "backup-killed": "kill -9 of a backup",
    "primary-frozen": "SIGSTOP of the primary",
    "primary-cut-off": "the primary cut off from the others (namespaces, root)",
    "primary-stopped": "SIGTERM of the primary",
    "quorum-lost": "kill -9 of the heavy one and another, with --strict: how soon, and how fast, the others refuse",
    "last-one": "kill -9 of three at the same moment: when the last one answers, labelled, with the newest value",
    "start": "four new servers: from the last one's start until all are ready",
}


def write_requests(probe, number):
    for i in itertools.count():
        yield probe.write(b"w%d" % number, b"value-%d" % i)


def read_requests(probe, number):
    while True:
        yield probe.read(b"r%d" % number)


def connect(servers, survivors, think):
    probe = servers.probe
    load = clients.Clients(think=think, kind=probe.Client)
    for server in survivors:
        address = (servers.ground.hosts[server], servers.ground.port)
        for i in range(WRITERS):
            load.add(server, address, write_requests(probe, server * WRITERS + i), True)
        for i in range(READERS):
            load.add(server, address, read_requests(probe, server * READERS + i), False)
    return load


def longest_gap(times, fault):
    """Between successes of which the later one came after the fault, in milliseconds."""
    gaps = [b - a for a, b in itertools.pairwise(times) if b >= fault]
    return max(gaps) * 1000


def gaps(load, survivors, fault, is_write):
    mine = [(at, server) for at, server, kind in load.successes if kind == is_write]
    each = [longest_gap([at for at, server in mine if server == one], fault) for one in survivors]
    return longest_gap([at for at, _ in mine], fault), max(each)


def strike(name, servers, victim):
    if name in ("floor", "primary-killed", "backup-killed"):
        servers.processes[victim].kill()
    elif name == "primary-frozen":
        servers.signal(victim, cluster.FREEZE)
    elif name == "primary-cut-off":
        servers.ground.isolate(victim)
    else:
        servers.processes[victim].terminate()


def repair(name, servers, victim):
    """Seconds until all is well."""
    if name != "primary-frozen" and name != "primary-cut-off":
        servers.processes[victim].wait()
    began = time.monotonic()
    if name == "primary-frozen":
        servers.signal(victim, cluster.THAW)
    elif name == "primary-cut-off":
        servers.ground.heal(victim)
    else:
        servers.start(victim)
    servers.wait_until_well()
    return time.monotonic() - began


def run_until_all_answer(load, survivors):
    """Until each survivor has answered enough of each kind since now."""
    counts = {(server, kind): 0 for server in survivors for kind in (True, False)}
    place, limit = len(load.successes), time.monotonic() + cluster.PATIENCE_SECONDS

    def is_over():
        nonlocal place
        while place < len(load.successes):
            _, server, kind = load.successes[place]
            counts[server, kind] += 1
            place += 1
        if time.monotonic() > limit:
            raise RuntimeError(f"not all survivors answer: {counts}")
        return min(counts.values()) >= AFTER_SUCCESSES

    load.run(is_over)


def one_round(name, servers, number, think):
    count = servers.count
    primary = number % count if name == "floor" else servers.primary()
    victim = (primary + 1 + number % (count - 1)) % count if name == "backup-killed" else primary
    survivors = [i for i in range(count) if i != victim]
    load = connect(servers, survivors, think)
    load.run_for(WARM_SECONDS)
    fault = time.monotonic()
    strike(name, servers, victim)
    run_until_all_answer(load, survivors)
    found = gaps(load, survivors, fault, True) + gaps(load, survivors, fault, False)
    load.close()
    return *found, repair(name, servers, victim) * 1000


def show(name, columns, titles, options):
    cells = [f"{statistics.median(column):6.1f} /{max(column):7.1f}" for column in columns]
    print(f"{name:16} | " + " | ".join(cells), flush=True)
    if options.verbose:
        for column, title in zip(columns, titles):
            print(f"    {title:14}" + " ".join(f"{figure:.1f}" for figure in column), flush=True)


def measure(name, options):
    ground = cluster.Namespaces(SERVERS) if name == "primary-cut-off" else None
    arguments = ["--memory"] if options.memory or name == "floor" else []
    with cluster.Cluster(SERVERS, arguments, ground, alone=name == "floor") as servers:
        rounds = [one_round(name, servers, i, options.think / 1000) for i in range(options.rounds)]
    show(name, list(zip(*rounds)), GAP_TITLES, options)


def lose_quorum(servers, number, think):
    """Until every survivor has refused, and the slowest refusal, in milliseconds; then all is well again."""
    heavy = servers.heavy()
    victims = [heavy, (heavy + 1 + number % (SERVERS - 1)) % SERVERS]
    survivors = [i for i in range(SERVERS) if i not in victims]
    load = connect(servers, survivors, think)
    load.run_for(WARM_SECONDS)
    fault = time.monotonic()
    for victim in victims:
        servers.processes[victim].kill()
    load.run_for(QUORUM_LOST_SECONDS)
    refusals = [refusal for refusal in load.refusals if refusal[0] > fault]
    first = [min((at for at, server, _ in refusals if server == one), default=None) for one in survivors]
    if None in first:
        raise RuntimeError(f"no refusal in {QUORUM_LOST_SECONDS} s")
    load.close()
    for victim in victims:
        servers.processes[victim].wait()
    began = time.monotonic()
    for victim in victims:
        servers.start(victim)
    servers.wait_until_well()
    return ((max(first) - fault) * 1000, max(took for _, _, took in refusals) * 1000,
            (time.monotonic() - began) * 1000)


def measure_quorum_lost(options):
    if options.memory:
        print("quorum-lost      | in memory there is no way back")
        return
    with cluster.Cluster(SERVERS, ["--strict"]) as servers:
        rounds = [lose_quorum(servers, i, options.think / 1000) for i in range(options.rounds)]
    print(f"{'':16} | all have refused | slowest refusal | well")
    show("quorum-lost", list(zip(*rounds)), ("all refused", "slowest refusal", "well"), options)


def ask(servers, server, method, path, body=None):
    connection = http.client.HTTPConnection(servers.ground.hosts[server], servers.ground.port, timeout=10)
    try:
        connection.request(method, path, body)
        reply = connection.getresponse()
        return reply.read().decode(), reply.getheader("KV-Consistency")
    finally:
        connection.close()


def leave_one(servers, number):
    """From the kill until the last one has answered a read, and a write, both labelled; and until all are well."""
    last, value = number % SERVERS, f"value-{number}"
    ask(servers, last, "PUT", "/last", value)
    start = time.monotonic()
    others = [server for server in range(SERVERS) if server != last]
    for server in others:
        servers.processes[server].kill()
    text, label = ask(servers, last, "GET", "/last")
    read = (time.monotonic() - start) * 1000
    if (text, label) != (f"last={value}", "degraded"):
        sys.exit(f"the last one said {text}, {label}")
    text, label = ask(servers, last, "PUT", "/last", value + "-degraded")
    written = (time.monotonic() - start) * 1000
    if label != "degraded":
        sys.exit(f"the last one wrote {text}, {label}")
    for server in others:
        servers.processes[server].wait()
    began = time.monotonic()
    for server in others:
        servers.start(server)
    servers.wait_until_well()
    well = (time.monotonic() - began) * 1000
    deadline = time.monotonic() + 10
    while any(ask(servers, server, "GET", "/last") != (f"last={value}-degraded", None) for server in range(SERVERS)):
        if time.monotonic() > deadline:
            sys.exit("what the last one kept is not there")
    return read, written, well


def measure_last_one(options):
    if options.memory:
        print("last-one         | in memory there is no way back")
        return
    with cluster.Cluster(SERVERS) as servers:
        rounds = [leave_one(servers, i) for i in range(options.rounds)]
    print(f"{'':16} | read | write | well")
    show("last-one", list(zip(*rounds)), ("read", "write", "well"), options)


def starts(rounds, arguments):
    """Milliseconds, of new servers each time."""
    figures = []
    for _ in range(rounds):
        with cluster.Cluster(SERVERS, arguments) as servers:
            figures.append(servers.ready_seconds * 1000)
    return figures


def measure_start(options):
    figures = starts(options.rounds, ["--memory"] if options.memory else [])
    print(f"{'':16} | all ready")
    show("start", [figures], ("all ready",), options)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {name:16} {text}" for name, text in FAULTS.items()))
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="all of them unless named")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--memory", action="store_true", help="servers that keep nothing on disk")
    parser.add_argument("--think", type=float, default=2.0, help="milliseconds between answer and request")
    parser.add_argument("--verbose", action="store_true", help="every round's figures")
    options = parser.parse_args()
    unknown = [name for name in options.faults if name not in FAULTS]
    if unknown:
        parser.error(f"no such fault: {' '.join(unknown)}")
    names = options.faults or list(FAULTS)
    if "primary-cut-off" in names:
        if os.geteuid() != 0:
            names.remove("primary-cut-off")
            print("primary-cut-off is left out: namespaces need root")
        else:
            cluster.Namespaces.enter()
    print(f"{options.rounds} rounds, {'in memory' if options.memory else 'durable'}, {SERVERS} servers, "
          f"{WRITERS} writers and {READERS} readers a survivor; longest gap in ms, median / worst")
    print(f"{'':16} | " + " | ".join(f"{title:15}" for title in GAP_TITLES), flush=True)
    for name in names:
        if name == "start":
            measure_start(options)
        elif name == "quorum-lost":
            measure_quorum_lost(options)
        elif name == "last-one":
            measure_last_one(options)
        else:
            measure(name, options)


if __name__ == "__main__":
    main()
