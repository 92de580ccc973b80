"""Each question's words, tables and picture."""

import statistics

import chart
from figures import short

FLOORS = {"floor", "kvnode x 3, strangers", "round trip", "fdatasync + round trip"}
UNITS = {"rate": "requests a second", "cpu": "CPU per operation, µs", "p50": "median latency, ms",
         "p99": "99th percentile, ms", "driver": "driver, % of a processor", "packets": "packets per operation", "bytes": "bytes per operation"}

# Name: title, what was done, columns, references for ratios, metrics of the picture.
THROUGHPUT = {
    "reads_one": (
        "One server, GET",
        "`wrk -t1` asks for 10,000 keys in turn; Redis is asked by `redis-benchmark`. nginx has one worker and returns a "
        "text of the same length. The floor is a C program on libuv (`bench/floor.c`) that parses nothing; it answers "
        "each read once, so it has no pipelines. With pipelines wrk may itself be what is measured: see the driver's own "
        "CPU, and the same by `kvload`.",
        ["rate", "cpu", "p50", "p99", "driver"], ["floor", "redis"], ["rate", "cpu"]),
    "reads_three": (
        "Three servers, linearizable GET",
        "`kvload`, closed loop. *Strangers* are three servers that know nothing of each other: what spreading the load "
        "over three processes costs by itself. etcd is asked at all three by its own protocol (`bench/etcdload.c`). Redis "
        "is one server by itself.",
        ["rate", "cpu", "p50", "p99", "driver"], ["redis", "kvnode x 3, strangers"], ["rate", "cpu"]),
    "writes_memory": (
        "Three servers in memory, SET",
        "Each write is at a quorum before its answer. Redis answers first and tells its two replicas later, so what it "
        "has answered may be lost.",
        ["rate", "cpu", "p50", "p99", "driver"], ["redis 1 + 2"], ["rate", "cpu"]),
    "writes_durable": (
        "Three servers durable, SET",
        "Each write is on the disks of a quorum before its answer; etcd's likewise, on the same disk. etcd is driven by "
        "its own protocol, gRPC without TLS, by a small program of ours (`bench/etcdload.c`): a connection each client, "
        "one request under way, at the server that leads, which is its best case. *Redis, synced* is one server with "
        "`appendfsync always`: one disk, no replicas.",
        ["rate", "cpu", "p50", "p99", "driver"], ["etcd x 3, at the primary", "redis, synced"], ["rate", "cpu"]),
    "more_servers": (
        "Four servers against one",
        "64 connections, `kvload`. With four servers three have to know of each write, and all four are told.",
        ["rate", "cpu", "p50", "p99", "driver"], ["kvnode x 1"], ["rate", "cpu"]),
    "traffic": (
        "What servers say to each other",
        "SET at the primary, servers in network namespaces of their own; iptables counts what leaves a server for "
        "another, acknowledgements and heartbeats too, headers included. What TCP sends at one go counts as one packet.",
        ["packets", "bytes", "rate"], ["redis 1 + 2"], ["packets", "bytes"]),
}
FAULTS = {"primary-killed": "kill -9 of the primary", "primary-frozen": "primary frozen (SIGSTOP)",
          "primary-cut-off": "primary cut off", "backup-killed": "kill -9 of a backup"}


def kind(system):
    if system in FLOORS:
        return "floor"
    return "ours" if system.startswith("kvnode") else "other"


def ordered(systems):
    return sorted(systems, key=lambda one: ["ours", "other", "floor"].index(kind(one)))


def cell(key, value):
    if value is None:
        return "–"
    if key == "rate":
        return f"{value:,.0f}"
    return f"{value:.0f}" if key in ("bytes", "driver") else f"{value:.2f}"


def throughput_table(figures, name):
    _, _, columns, references, _ = THROUGHPUT[name]
    ratios = ["rate", "cpu"] if "cpu" in columns else ["packets", "bytes"]
    heads = [UNITS[key] for key in columns] + [
        f"{'throughput' if key == 'rate' else 'CPU' if key == 'cpu' else key} ÷ ({reference})"
        for reference in references for key in ratios]
    lines = ["| | | " + " | ".join(heads) + " |", "| --- | --- |" + " ---: |" * len(heads)]
    for case, systems in figures.cases(name).items():
        if case == "floors":
            continue
        for place, system in enumerate(ordered(systems)):
            cells = [cell(key, figures.median(name, case, system, key)) for key in columns]
            for reference in references:
                for key in ratios:
                    ratio = figures.ratio(name, key, (case, system), (case, reference))
                    cells.append("–" if ratio is None or system == reference else f"{ratio:.2f}")
            lines.append(f"| {case if place == 0 else ''} | {system} | " + " | ".join(cells) + " |")
    return lines


def bar(figures, place, key):
    column = figures.column(*place, key)
    value = statistics.median(column)
    return chart.Bar(place[2], value, short(value), kind(place[2]), min(column), max(column))


def throughput_picture(figures, name):
    title, _, _, _, metrics = THROUGHPUT[name]
    panels = []
    for case, systems in figures.cases(name).items():
        if case == "floors":
            continue
        for key in metrics:
            found = [bar(figures, (name, case, system), key) for system in ordered(systems)
                     if figures.column(name, case, system, key)]
            panels.append(chart.Panel(f"{case}: {UNITS[key]}", found))
    if name == "writes_durable":
        panels.append(lone_write(figures))
    return chart.bars(title, panels)


def lone_write(figures):
    """One client's latency beside what it cannot do without."""
    name, case = "writes_durable", "1 connection"
    found = [bar(figures, (name, case, system), "p50") for system in ordered(figures.cases(name)[case])]
    least = least_of_lone_write(figures)
    value = statistics.median(least)
    found.append(chart.Bar("fdatasync + round trip", value, short(value), "floor", min(least), max(least)))
    return chart.Panel("1 connection: median latency, ms", found)


def least_of_lone_write(figures):
    return figures.sum_of("writes_durable", "p50", [("floors", "fdatasync, appending"), ("floors", "round trip")])


def durable_words(figures):
    """What the disk and the network take by themselves."""
    lines = ["", "What one write takes at the least, each by itself, medians in ms (`bench/syncs.c`, 4 KiB each; the round "
             "trip is that of the floor of question 1):", "", "| | median | 99th percentile |", "| --- | ---: | ---: |"]
    for system in figures.cases("writes_durable").get("floors", []):
        cells = [cell(key, figures.median("writes_durable", "floors", system, key)) for key in ("p50", "p99")]
        lines.append(f"| {system} | {' | '.join(cells)} |")
    check = figures.questions["writes_durable"].get("etcdPerformanceCheck")
    if check:
        lines += ["", "For comparison etcd's own driver, with other work: `etcdctl check perf --load=xl` (1,000 clients, at "
                  "most 15,000 writes a second, for a minute, keys of 256 bytes, values of 1,024, at all three), its "
                  f"members took {check['cpuSeconds']:.0f} s of CPU, and it said:", ""]
        lines += [f"- {line}" for line in check["said"]]
    return lines


def failover_table(figures):
    lines = ["| | | rounds | writes: median | worst | reads: median | worst |",
             "| --- | --- | ---: | ---: | ---: | ---: | ---: |"]
    for case, systems in figures.cases("failover").items():
        for place, system in enumerate(systems):
            cells = [str(len(figures.column("failover", case, system, "writesEach")))]
            for key in ("writesEach", "readsEach"):
                cells += [f"{how('failover', case, system, key):.1f}" for how in (figures.median, figures.worst)]
            lines.append(f"| {FAULTS[case] if place == 0 else ''} | {system} | {' | '.join(cells)} |")
    return lines


def failover_picture(figures):
    rows = [(f"{FAULTS[case]}: {system}", figures.column("failover", case, system, "writesEach"), kind(system))
            for case, systems in figures.cases("failover").items() for system in systems]
    return chart.dots("Longest gap between writes at a survivor (each round; median / worst)", rows, "ms")


def footprint_rows(figures):
    data = figures.questions["footprint"]
    client = data["client"]
    rows = [("resident, empty, 4 servers, the largest", f"{data['data']['emptyBytes'] / 1e6:.1f} MB"),
            ("resident with 10 MB of data, each value overwritten four times", f"{data['data']['withDataBytes'] / 1e6:.1f} MB"),
            ("the same, Redis with two replicas", f"{data['data']['redisWithDataBytes'] / 1e6:.1f} MB"),
            (f"{data['idle']['connections']:,} idle connections add", f"{data['idle']['addedBytes'] / 1e6:.1f} MB")]
    for name, found in data["starts"].items():
        rows.append((f"start of four servers, {name}: median, worst of {len(found)}",
                     f"{statistics.median(found):.0f}, {max(found):.0f} ms"))
    for name, found in client.items():
        rows.append((f"{name} as a process, one read: median of {len(found)}", f"{statistics.median(found):.2f} ms"))
    rows.append(("simulator, events a second on one core", f"{statistics.median(data['simulator']):,.0f}"))
    return rows


def footprint_table(figures):
    return ["| | |", "| --- | ---: |", *(f"| {what} | {value} |" for what, value in footprint_rows(figures))]


def footprint_picture(figures):
    data = figures.questions["footprint"]

    def one(label, value, text, kind_name="ours", column=None):
        return chart.Bar(label, value, text, kind_name, min(column or [value]), max(column or [value]))

    def megabytes(label, size, kind_name="ours"):
        return one(label, size / 1e6, f"{size / 1e6:.1f} MB", kind_name)

    memory, idle = data["data"], data["idle"]
    starts = [one(name, statistics.median(found), f"{statistics.median(found):.0f} ms", "ours", found)
              for name, found in data["starts"].items()]
    clients = [one(name, statistics.median(found), f"{statistics.median(found):.2f} ms",
                   "ours" if name == "kvclient" else "other") for name, found in data["client"].items()]
    rate = statistics.median(data["simulator"])
    return chart.bars("Memory, start, client, simulator (dashed: the goal)", [
        chart.Panel("Resident with 10 MB of data", [
            megabytes("kvnode", memory["withDataBytes"]), megabytes("redis 1 + 2", memory["redisWithDataBytes"], "other"),
            megabytes("kvnode, empty", memory["emptyBytes"])], 40),
        chart.Panel("Added by idle connections", [megabytes(f"{idle['connections']:,} connections", idle["addedBytes"])], 40),
        chart.Panel("Start: until all four answer linearizably", starts, 300),
        chart.Panel("One read, the client as a process", clients),
        chart.Panel("Simulator: events a second on one core",
                    [one("kvsim", rate, short(rate), "ours", data["simulator"])], 100_000)])
