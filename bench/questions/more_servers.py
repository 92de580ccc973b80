"""Four servers beside one: what more copies cost."""

import drivers
from cluster import Cluster
from measure import Cell, measure_cells

CONNECTIONS = 64


def cells(stack):
    found = []
    for keeps, arguments in [("in memory", ["--memory"]), ("durable", [])]:
        for count in (1, 4):
            nodes = stack.enter_context(Cluster(count, arguments))
            drivers.fill(nodes.addresses)
            places = [("at all", nodes.addresses)] if count > 1 else [("", nodes.addresses)]
            if count > 1:
                places.append(("at the primary", [nodes.addresses[nodes.primary()]]))
            for place, addresses in places:
                system = f"kvnode x {count}" + (f", {place}" if place else "")
                for work, reads in [("GET", 100), ("SET", 0)]:
                    if work == "GET" and keeps == "durable":
                        continue  # reads touch no disk
                    found.append(Cell(f"{work} {keeps}", system, nodes, lambda seconds, a=addresses, r=reads:
                                      drivers.kvload(a, r, CONNECTIONS, 1, seconds)))
    return sorted(found, key=lambda cell: cell.case)


def measure(options):
    return measure_cells(cells, options)
