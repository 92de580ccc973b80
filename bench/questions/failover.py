"""How long writes and reads stand still at the survivors when a server fails, beside etcd.

The probe is bench/failover.py: four writers and two readers at each survivor, which rest 2 ms after each answer.
"""

import os

import failover
from cluster import Cluster, Namespaces
from measure import say
from rivals import Etcd

THINK_SECONDS = 0.002
TITLES = ["writesAny", "writesEach", "readsAny", "readsEach", "well"]
# Faults for each round asked for: 50 kills at five.
FAULTS_A_ROUND = {"primary-killed": 10, "primary-frozen": 4, "primary-cut-off": 4, "backup-killed": 4}
THEIRS = {"primary-killed": 4, "primary-frozen": 4}


def series(system, name, servers, count):
    rounds = []
    for number in range(count):
        figures = dict(zip(TITLES, failover.one_round(name, servers, number, THINK_SECONDS)))
        rounds.append(figures)
        say(f"  {name} {number + 1} of {count}: {system:<12} writes {figures['writesEach']:8.1f} ms, "
            f"reads {figures['readsEach']:8.1f} ms")
    return {"case": name, "system": system, "rounds": rounds}


def measure(options):
    cells = []
    for name, count in FAULTS_A_ROUND.items():
        if name == "primary-cut-off" and os.geteuid() != 0:
            say("  primary-cut-off is left out: namespaces need root")
            continue
        ground = Namespaces(failover.SERVERS) if name == "primary-cut-off" else None
        with Cluster(failover.SERVERS, (), ground) as nodes:
            cells.append(series("kvnode x 4", name, nodes, count * options.rounds))
    with Etcd(3) as etcd:
        for name, count in THEIRS.items():
            cells.append(series("etcd x 3", name, etcd, count * options.rounds))
    return {"cells": cells}
