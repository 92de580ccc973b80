"""What is asked of the whole, row by row, and whether it was met."""

import dataclasses
import statistics

MIB, MB = 2**20, 1e6


@dataclasses.dataclass
class Verdict:
    """`is_met`: None where nothing was measured."""

    work: str
    goal: str
    measured: str
    is_met: bool | None
    note: str  # the heading of a note, should it not be met


class Judge:
    def __init__(self, figures):
        self.figures, self.verdicts = figures, []

    def bound(self, work, goal, note, value, limit, form, is_least=False):
        """One figure with one bound."""
        if value is None:
            self.verdicts.append(Verdict(work, goal, "not measured", None, note))
        else:
            is_met = value >= limit if is_least else value <= limit
            self.verdicts.append(Verdict(work, goal, form.format(value), is_met, note))

    def ratio(self, work, goal, note, question, key, over, under, limit, is_least=False):
        value = self.figures.ratio(question, key, over, under)
        if value is None:
            self.bound(work, goal, note, None, limit, "")
            return
        names = {"rate": "/s", "cpu": " µs", "p50": " ms"}
        a, b = self.figures.median(question, *over, key), self.figures.median(question, *under, key)
        digits = 0 if key == "rate" else 2
        form = f"{{:.2f}} × ({a:,.{digits}f} to {b:,.{digits}f}{names[key]})"
        self.bound(work, goal, note, value, limit, form, is_least)


C1, C64, C512, P16 = "1 connection", "64 connections", "512 connections", "64 connections, pipelines of 16"
PRIMARY, ALL = "kvnode x 3, at the primary", "kvnode x 3, at all"


def of_throughput(judge):
    work = "one server, GET, 64 connections"
    judge.ratio(work, "CPU per op ≤ 1.15 × the floor's", "one server, GET", "reads_one", "cpu",
                (C64, "kvnode"), (C64, "floor"), 1.15)
    for name, theirs in [("nginx", "nginx's"), ("redis", "Redis'")]:
        judge.ratio(work, f"throughput ≥ {theirs}", "one server, GET", "reads_one", "rate",
                    (C64, "kvnode"), (C64, name), 1, True)
    judge.ratio("3 servers, linearizable GET, load on all three", "CPU per op ≤ 1.25 × Redis' GET",
                "three servers, GET", "reads_three", "cpu", (C64, ALL), (C64, "redis"), 1.25)
    work = "3 servers in memory, linearizable SET at the primary, 64 connections"
    note = "three servers, SET in memory"
    judge.ratio(work, "CPU per op ≤ that of Redis' asynchronous replication to two", note, "writes_memory", "cpu",
                (C64, PRIMARY), (C64, "redis 1 + 2"), 1)
    judge.ratio(work, "throughput ≥ Redis'", note, "writes_memory", "rate", (C64, PRIMARY), (C64, "redis 1 + 2"), 1,
                True)
    for case in (C64, C512):
        work = f"3 servers durable, SET at the primary, {case}"
        note, theirs = "three servers, SET durable", (case, "etcd x 3, at the primary")
        judge.ratio(work, "throughput ≥ 10 × etcd's on the same disk", note, "writes_durable", "rate", (case, PRIMARY),
                    theirs, 10, True)
        judge.ratio(work, "CPU per op ≤ 1/8 of etcd's", note, "writes_durable", "cpu", (case, PRIMARY), theirs, 0.125)
    of_lone_write(judge)
    note = "pipelines of 16"
    judge.ratio("one server, GET, pipelines of 16", "throughput ≥ Redis'", note, "reads_one", "rate",
                (P16, "kvnode, by kvload"), (P16, "redis"), 1, True)
    judge.ratio("3 servers, GET at all, pipelines of 16", "throughput ≥ Redis' (one server)", note, "reads_three", "rate",
                (P16, ALL), (P16, "redis"), 1, True)
    judge.ratio("3 servers in memory, SET at the primary, pipelines of 16", "throughput ≥ Redis' with two replicas", note,
                "writes_memory", "rate", (P16, PRIMARY), (P16, "redis 1 + 2"), 1, True)


def of_lone_write(judge):
    """Latency against what it cannot do without."""
    work = "3 servers durable, SET at the primary, 1 connection"
    goal = "median latency ≤ 1.3 × (one fdatasync + one round trip)"
    places = [("floors", "fdatasync, appending"), ("floors", "round trip")]
    least = judge.figures.sum_of("writes_durable", "p50", places)
    ours = judge.figures.column("writes_durable", C1, PRIMARY, "p50")
    value = statistics.median(a / b for a, b in zip(ours, least)) if ours and least else None
    form = "{:.2f} ×" + (f" ({statistics.median(ours):.2f} to {statistics.median(least):.2f} ms)" if ours and least else "")
    judge.bound(work, goal, "a lone durable write", value, 1.3, form)


def of_copies_and_traffic(judge):
    for work, limit in [("GET", 1.3), ("SET", 2.2)]:
        judge.ratio(f"4 servers against 1, {work} in memory, load on all", f"CPU per op ≤ {limit} ×", "four against one",
                    "more_servers", "cpu", (f"{work} in memory", "kvnode x 4, at all"),
                    (f"{work} in memory", "kvnode x 1"), limit)
    for case, packets, size in [(C64, 0.25, 140), (C1, 6, 500)]:
        work = f"peer traffic, SET on 3 servers, load at the primary, {case}"
        place = ("traffic", case, "kvnode x 3, in memory")
        judge.bound(work, f"≤ {packets} packets per op", "peer traffic", judge.figures.median(*place, "packets"),
                    packets, "{:.2f}")
        judge.bound(work, f"≤ {size} B per op", "peer traffic", judge.figures.median(*place, "bytes"), size, "{:.0f} B")


def of_failures(judge):
    def gap(fault, key, how):
        return getattr(judge.figures, how)("failover", fault, "kvnode x 4", key)

    def rounds(fault):
        return len(judge.figures.column("failover", fault, "kvnode x 4", "writesEach"))

    work, note = "kill -9 of the primary under load, 4 servers", "the primary killed"
    judge.bound(work, "longest gap between writes at the survivors: median ≤ 20 ms", note,
                gap("primary-killed", "writesEach", "median"), 20, "{:.1f} ms")
    judge.bound(work, "worst of 50 ≤ 100 ms", note, gap("primary-killed", "writesEach", "worst"), 100,
                f"{{:.1f}} ms, worst of {rounds('primary-killed')}")
    judge.bound(work, "reads of keys without a write in flight ≤ 20 ms", note,
                gap("primary-killed", "readsEach", "worst"), 20, f"{{:.1f}} ms, worst of {rounds('primary-killed')}")
    for fault, name in [("primary-frozen", "primary frozen"), ("primary-cut-off", "primary cut off")]:
        judge.bound(name, "worst of 20 ≤ 400 ms", "the primary frozen or cut off", gap(fault, "writesEach", "worst"), 400,
                    f"{{:.1f}} ms, worst of {rounds(fault)}")
    for kind in ("writes", "reads"):
        judge.bound("a backup killed", f"no gap of {kind} over 20 ms", "a backup killed",
                    gap("backup-killed", f"{kind}Each", "worst"), 20,
                    f"{{:.1f}} ms, worst of {rounds('backup-killed')}")


def of_footprint(judge):
    data = judge.figures.questions.get("footprint")
    resident = data and data["data"]["withDataBytes"] / MB
    judge.bound("memory", "≤ 40 MB resident with 10 MB of data", "memory", resident, 40, "{:.1f} MB")
    added = data and data["idle"]["addedBytes"] / MB
    judge.bound("memory", "10,000 idle connections add ≤ 40 MB", "memory", added, 40,
                f"{{:.1f}} MB by {data['idle']['connections']:,}" if data else "")
    for name in ("durable", "in memory"):
        judge.bound(f"start, four servers, {name}", "all answer linearizably within 300 ms of the last one's start",
                    "start", data and max(data["starts"][name]), 300,
                    f"{{:.0f}} ms, worst of {len(data['starts'][name])}" if data else "")
    ratio = data and statistics.median(a / b for a, b in zip(data["client"]["kvclient"], data["client"]["curl"]))
    judge.bound("kvclient -k KEY as a process", "no slower than curl", "the client as a process", ratio, 1,
                "{:.2f} × curl's time")
    judge.bound("simulator", "≥ 100,000 events a second on one core", "the simulator",
                data and statistics.median(data["simulator"]), 100_000, "{:,.0f}", True)


def verdicts(figures):
    judge = Judge(figures)
    of_throughput(judge)
    of_copies_and_traffic(judge)
    of_failures(judge)
    of_footprint(judge)
    return judge.verdicts
