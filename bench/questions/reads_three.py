"""Three servers, linearizable GET, beside Redis, etcd, and three servers that know nothing of each other."""

import drivers
from cluster import Cluster
from measure import Cell, measure_cells, named
from rivals import Etcd, Redis
from servers import scratch_directory

CASES = [(64, 1), (64, 16)]


def cells(stack):
    nodes = stack.enter_context(Cluster(3, ["--memory"]))
    strangers = stack.enter_context(Cluster(3, ["--memory"], alone=True))
    redis, etcd = stack.enter_context(Redis()), stack.enter_context(Etcd(3))
    benchmark, load = drivers.RedisBenchmark(), drivers.EtcdLoad(stack.enter_context(scratch_directory()))
    drivers.fill(nodes.addresses)
    for address in strangers.addresses:
        drivers.fill([address])
    benchmark(redis.addresses[0], "set", 64, 16, 0.1)
    load(etcd.addresses, "put", 64, 2)
    primary = nodes.addresses[nodes.primary()]
    found = []
    for connections, pipeline in CASES:
        case = named(connections, pipeline)
        for name, group, addresses in [("kvnode x 3, at all", nodes, nodes.addresses),
                                       ("kvnode x 3, at the primary", nodes, [primary]),
                                       ("kvnode x 3, strangers", strangers, strangers.addresses)]:
            found.append(Cell(case, name, group, lambda seconds, a=addresses, c=connections, p=pipeline:
                              drivers.kvload(a, 100, c, p, seconds)))
        found.append(Cell(case, "redis", redis, lambda seconds, c=connections, p=pipeline:
                          benchmark(redis.addresses[0], "get", c, p, seconds)))
        if pipeline == 1:
            found.append(Cell(case, "etcd x 3, at all", etcd, lambda seconds, c=connections:
                              load(etcd.addresses, "range", c, seconds)))
    return found


def measure(options):
    return measure_cells(cells, options)
