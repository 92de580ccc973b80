"""What servers say to each other: IP packets and bytes a write, three servers in network namespaces.

Counted by iptables where they leave a server for another: answers of TCP are packets too, and so are heartbeats. What
TCP sends at one go counts once, as on loopback, also where a network would cut it into frames of 1,500 bytes.
"""

import re

import drivers
import servers
from cluster import Cluster
from grounds import Namespaces, output_of
from measure import Cell, measure_cells, named
from rivals import Etcd, Redis

CONNECTIONS = [64, 1]
SERVERS_NET = "10.77.0.0/29"  # the servers; the clients are beyond
PORTS = {"kvnode": 8081, "durable": 8082, "redis": 6379, "etcd": 2379}


class Place:
    """A port in the same namespaces: several systems share them."""

    def __init__(self, namespaces, port):
        self.hosts, self.port, self.prefix = namespaces.hosts, port, namespaces.prefix

    def end(self):
        """The namespaces end by themselves."""


def count(namespaces, port):
    """From now on, what leaves a server for the others from or to this port."""
    for server in range(len(namespaces.hosts)):
        namespaces.run(server, "".join(
            f"iptables -w -A OUTPUT -d {SERVERS_NET} -p tcp --{end} {port};" for end in ("dport", "sport")))


def counted(namespaces, port):
    packets = size = 0
    for server in range(len(namespaces.hosts)):
        text = output_of(["iptables-save", "-c", "-t", "filter"], namespaces.prefix(server))
        for one, other in re.findall(rf"^\[(\d+):(\d+)\] -A OUTPUT .*port {port}\b", text, re.MULTILINE):
            packets, size = packets + int(one), size + int(other)
    return packets, size


def with_traffic(namespaces, port, run):
    def counting(seconds):
        before = counted(namespaces, port)
        sample = run(seconds)
        packets, size = (after - then for after, then in zip(counted(namespaces, port), before))
        return {**sample, "packets": packets / sample["requests"], "bytes": size / sample["requests"]}
    return counting


def cells(stack):
    namespaces = Namespaces(3)
    stack.callback(namespaces.end)
    place = {name: Place(namespaces, port) for name, port in PORTS.items()}
    memory = stack.enter_context(Cluster(3, ["--memory"], place["kvnode"]))
    durable = stack.enter_context(Cluster(3, (), place["durable"]))
    redis = stack.enter_context(Redis(2, ground=place["redis"]))
    etcd = stack.enter_context(Etcd(3, place["etcd"]))
    benchmark, load = drivers.RedisBenchmark(), drivers.EtcdLoad(stack.enter_context(servers.scratch_directory()))
    for name, port in PORTS.items():
        count(namespaces, port + (name == "etcd"))
    found = []
    for connections in CONNECTIONS:
        case = named(connections, 1)
        for name, nodes in [("kvnode", memory), ("durable", durable)]:
            drivers.fill(nodes.addresses)
            primary = nodes.addresses[nodes.primary()]
            system = "kvnode x 3, in memory" if name == "kvnode" else "kvnode x 3, durable"
            found.append(Cell(case, system, nodes, with_traffic(
                namespaces, PORTS[name],
                lambda seconds, a=primary, c=connections: drivers.kvload([a], 0, c, 1, seconds))))
        found.append(Cell(case, "redis 1 + 2", redis, with_traffic(
            namespaces, PORTS["redis"],
            lambda seconds, c=connections: benchmark(redis.addresses[0], "set", c, 1, seconds))))
        theirs = etcd.addresses[etcd.primary()]
        found.append(Cell(case, "etcd x 3", etcd, with_traffic(
            namespaces, PORTS["etcd"] + 1,
            lambda seconds, a=theirs, c=connections: load([a], "put", c, seconds))))
    return found


def measure(options):
    return measure_cells(cells, options)
