"""The programs that make load. Each gives a sample: requests, requests a second, milliseconds of the median and the
99th percentile, failures. All are closed loops: a connection asks anew on each answer."""

import csv
import json
import os
import re
import subprocess

import servers
from grounds import DIES_WITH_US

KEYS = 10_000
VALUE_BYTES = 30
KVLOAD = os.path.join(servers.PROGRAMS, "kvload")
CYCLE = os.path.join(servers.TOP, "bench", "cycle.lua")
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


def output_of(command, environment=None):
    # Their own warnings (etcdload: errors) go to this program's stderr.
    return subprocess.run([*DIES_WITH_US, *command], check=True, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **(environment or {})}).stdout


def wrk(address, connections, pipeline, seconds):
    """GET of the keys in turn, at one server."""
    text = output_of(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", CYCLE, f"http://{address}/"],
        {"PIPELINE": str(pipeline)})
    sample = parsed_wrk(text)
    if pipeline > 1:  # wrk takes the time from the last it sent, which is not the request's
        del sample["p50"], sample["p99"]
    return sample


def parsed_wrk(text):
    def time(percent):
        number, unit = re.search(rf"\n\s+{percent}%\s+([\d.]+)(us|ms|s|m)\n", text).groups()
        return float(number) * UNITS[unit]
    broken = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return {
        "requests": int(re.search(r"(\d+) requests in", text).group(1)),
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),
        "p50": time(50), "p99": time(99),
        "failures": int(broken.group(1) if broken else 0) + sum(map(int, errors.groups() if errors else ())),
    }


def kvload(addresses, reads, connections, pipeline, seconds):
    """Reads of 100 requests; the others write. Connections are spread over the addresses."""
    return parsed_kvload(output_of(
        [KVLOAD, "-h", ",".join(addresses), "--closed", "--reads", str(reads), "--connections", str(connections),
         "--pipeline", str(pipeline), "--duration", str(seconds), "--keys", str(KEYS),
         "--value-size", str(VALUE_BYTES), "--no-fill", "--quiet", "--json", "-"]))


def parsed_kvload(text):
    result = json.loads(text)
    kind = max((result["reads"], result["writes"]), key=lambda one: one["successes"])
    done = result["reads"]["successes"] + result["writes"]["successes"]
    return {
        "requests": done, "rate": done / result["elapsed"] * 1e9,
        "p50": kind["response"]["p50"] / 1e6, "p99": kind["response"]["p99"] / 1e6,
        "failures": result["requests"] - done,
    }


def fill(addresses):
    """Every key once."""
    output_of([KVLOAD, "-h", ",".join(addresses), "--closed", "--reads", "0", "--requests", str(KEYS), "--keys",
               str(KEYS), "--value-size", str(VALUE_BYTES), "--quiet"])


class RedisBenchmark:
    """redis-benchmark counts requests and not seconds: how many is learned from the last time."""

    CLOCK_REQUESTS = 20_000

    def __init__(self):
        self.rates = {}

    def __call__(self, address, command, connections, pipeline, seconds):
        case = (command, connections, pipeline)
        if case not in self.rates:
            self.rates[case] = self.sample(address, case, self.CLOCK_REQUESTS * pipeline)["rate"]
        sample = self.sample(address, case, max(self.CLOCK_REQUESTS, int(self.rates[case] * seconds)))
        self.rates[case] = sample["rate"]
        return sample

    def sample(self, address, case, requests):
        command, connections, pipeline = case
        host, port = address.rsplit(":", 1)
        text = output_of(
            ["redis-benchmark", "-h", host, "-p", port, "-t", command, "-c", str(connections), "-P", str(pipeline),
             "-n", str(requests), "-d", str(VALUE_BYTES), "-r", str(KEYS), "--csv"])
        return parsed_redis(text, requests)


def parsed_redis(text, requests):
    row = next(csv.DictReader(text.splitlines()))
    return {"requests": requests, "rate": float(row["rps"]), "p50": float(row["p50_latency_ms"]),
            "p99": float(row["p99_latency_ms"]), "failures": 0}


class EtcdLoad:
    """bench/etcdload.c, made anew in the directory given."""

    def __init__(self, directory):
        self.program = servers.compiled("etcdload", directory)

    def __call__(self, addresses, command, connections, seconds):
        return parsed_etcdload(output_of([self.program, command, str(connections), str(seconds), ",".join(addresses)]))


def parsed_etcdload(text):
    result = json.loads(text)
    return {"requests": result["requests"], "rate": result["requests"] / result["seconds"],
            "p50": result["p50"] / 1e3, "p99": result["p99"] / 1e3, "failures": result["failures"]}
