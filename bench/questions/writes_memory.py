"""Three servers in memory, linearizable SET, beside Redis with two replicas, which are told later."""

import drivers
from cluster import Cluster
from measure import Cell, measure_cells, named
from rivals import Redis

CASES = [(64, 1), (1, 1), (512, 1), (64, 16)]


def others(nodes, connections):
    """A lone connection cannot be at all: it is at a server that is not the primary."""
    if connections >= nodes.count:
        return "kvnode x 3, at all", nodes.addresses
    return "kvnode x 3, at a backup", [nodes.addresses[(nodes.primary() + 1) % nodes.count]]


def cells(stack):
    nodes, redis = stack.enter_context(Cluster(3, ["--memory"])), stack.enter_context(Redis(2))
    benchmark = drivers.RedisBenchmark()
    drivers.fill(nodes.addresses)
    primary = nodes.addresses[nodes.primary()]
    found = []
    for connections, pipeline in CASES:
        case = named(connections, pipeline)
        for name, addresses in [("kvnode x 3, at the primary", [primary]), others(nodes, connections)]:
            found.append(Cell(case, name, nodes, lambda seconds, a=addresses, c=connections, p=pipeline:
                              drivers.kvload(a, 0, c, p, seconds)))
        found.append(Cell(case, "redis 1 + 2", redis, lambda seconds, c=connections, p=pipeline:
                          benchmark(redis.addresses[0], "set", c, p, seconds)))
    return found


def measure(options):
    return measure_cells(cells, options)
