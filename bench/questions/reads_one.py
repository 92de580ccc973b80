"""One server, GET: kvnode beside a libuv floor, nginx and Redis."""

import drivers
import servers
from cluster import Cluster
from measure import Cell, measure_cells, named
from rivals import Redis

CASES = [(64, 1), (1, 1), (512, 1), (64, 16)]


def cells(stack):
    floor, nginx = stack.enter_context(servers.floor()), stack.enter_context(servers.nginx())
    redis, node = stack.enter_context(Redis()), stack.enter_context(Cluster(1, ["--memory"]))
    drivers.fill(node.addresses)
    benchmark = drivers.RedisBenchmark()
    benchmark(redis.addresses[0], "set", 64, 16, 0.1)
    found = []
    for connections, pipeline in CASES:
        case = named(connections, pipeline)
        hosts = [("kvnode", node, node.addresses[0]), ("nginx", nginx, f"127.0.0.1:{nginx.port}")]
        if pipeline == 1:  # the floor answers each read once, whatever was in it
            hosts.append(("floor", floor, f"127.0.0.1:{floor.port}"))
        for name, group, address in hosts:
            found.append(Cell(case, name, group, lambda seconds, a=address, c=connections, p=pipeline:
                              drivers.wrk(a, c, p, seconds)))
        if pipeline > 1:  # wrk itself may be what is measured
            found.append(Cell(case, "kvnode, by kvload", node, lambda seconds, c=connections, p=pipeline:
                              drivers.kvload(node.addresses, 100, c, p, seconds)))
        found.append(Cell(case, "redis", redis, lambda seconds, c=connections, p=pipeline:
                          benchmark(redis.addresses[0], "get", c, p, seconds)))
    return found


def measure(options):
    return measure_cells(cells, options)
