#!/usr/bin/env python3
"""A soak of one server on loopback: it starts its own kvnode and ends it.

1. 10,000 idle connections and 200 that send a head byte by byte, beside working clients.
2. A million random and mutated requests, in batches.
After each the server must answer, hold what the working clients wrote, and have grown by no more than the bound.
"""

import argparse
import os
import random
import re
import resource
import selectors
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
import servers  # noqa: E402

GROWTH_MAX = 40 << 20
LEAK_MAX = 8 << 20
SILENCE_SECONDS_MAX = 20
HEAD_TIMEOUT_MS = 10_000
WORKERS = 16

failures = []


def check(holds, what):
    print(("good: " if holds else "BAD:  ") + what, flush=True)
    if not holds:
        failures.append(what)


def connect(port, attempts=5):
    for attempt in range(attempts):
        try:
            return socket.create_connection(("127.0.0.1", port), SILENCE_SECONDS_MAX)
        except OSError:
            if attempt == attempts - 1:
                raise


def reply(connection):
    """One reply with a Content-Length: status and body."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError(f"ended after {data[-200:]!r}")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    length = int(fields[b"content-length"])
    while len(body) < length:
        body += connection.recv(65536)
    return head.split(b" ")[1], body


class Worker:
    """A client with one kept connection that writes a key and reads it back."""

    def __init__(self, port, name):
        self.connection = connect(port)
        self.key = f"worker{name}"
        self.value = 0
        self.slowest = 0.0

    def turn(self):
        start = time.monotonic()
        self.value += 1
        self.ask(f"GET /{self.key}={self.value} HTTP/1.1\r\nHost: x\r\n\r\n")
        status, body = self.ask(f"GET /{self.key} HTTP/1.1\r\nHost: x\r\n\r\n")
        if status != b"200" or body != f"{self.key}={self.value}".encode():
            raise RuntimeError(f"{self.key}={self.value} was answered {status} {body[:80]}")
        self.slowest = max(self.slowest, time.monotonic() - start)

    def ask(self, request):
        self.connection.sendall(request.encode())
        return reply(self.connection)


def idle_and_slow(server, idle_count, slow_count, seconds):
    limit = idle_count + slow_count + 1000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < limit:
        raise SystemExit(f"ERROR: the descriptor limit is {hard}, {limit} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))

    workers = [Worker(server.port, number) for number in range(WORKERS)]
    for worker in workers:
        worker.turn()
    before = server.resident_bytes()
    idle = [connect(server.port) for _ in range(idle_count)]
    for connection in idle[: idle_count // 2]:
        connection.sendall(b"GET /idle HTTP/1.1\r\nHost: x\r\n\r\n")
        if reply(connection)[0] != b"200":
            raise RuntimeError("an idle client was refused")
    slow = {connect(server.port): 0 for _ in range(slow_count)}
    head = b"GET /slow HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"x" * 100_000
    cut_off, turns, slept = 0, 0, time.monotonic()
    selector = selectors.DefaultSelector()
    for connection in slow:
        selector.register(connection, selectors.EVENT_READ)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for worker in workers:
            worker.turn()
            turns += 1
        if time.monotonic() - slept > 0.1:
            slept = time.monotonic()
            cut_off += drip(slow, head, selector)
    while slow and time.monotonic() < end + SILENCE_SECONDS_MAX:
        time.sleep(0.1)
        cut_off += drip(slow, head, selector)

    grown = server.resident_bytes() - before
    slowest = max(worker.slowest for worker in workers)
    print(f"{idle_count} idle, {slow_count} slow: {turns} turns of working clients, the slowest {slowest * 1e3:.1f} ms")
    check(cut_off == slow_count, f"{cut_off} of {slow_count} slow heads were cut off (time-out {HEAD_TIMEOUT_MS} ms)")
    check(grown <= GROWTH_MAX, f"resident memory grew by {grown / 2**20:.1f} MiB (at most {GROWTH_MAX >> 20})")
    alive = sum(is_open(connection) for connection in idle)
    check(alive == idle_count, f"{alive} of {idle_count} idle connections are still open")
    for worker in workers:
        worker.turn()
    check(True, "every working client was answered throughout")
    for connection in [*idle, *slow, *(worker.connection for worker in workers)]:
        connection.close()
    selector.close()


def drip(slow, head, selector):
    """One more byte of each slow head; how many were cut off meanwhile."""
    gone = [key.fileobj for key, _ in selector.select(0)]
    for connection in gone:
        answer = b""
        try:
            answer = connection.recv(4096)
        except OSError:
            pass
        if b" 408 " not in answer.split(b"\r\n")[0]:
            failures.append(f"a slow head was answered {answer[:60]!r}")
        selector.unregister(connection)
        del slow[connection]
        connection.close()
    for connection in slow:
        try:
            connection.sendall(head[slow[connection] : slow[connection] + 1])
        except OSError:
            continue
        slow[connection] += 1
    return len(gone)


def is_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


SEEDS = [
    b"GET color HTTP/1.1\r\n\r\n",
    b"GET [color]=[blue] HTTP/1.1\nhost: x\nConnection: keep-alive\n\n",
    b"GET /color=blue HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /gr%C3%BCn HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"a-1\", *\r\n\r\n",
    b"PUT /color HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nIdempotency-Key: 17-a\r\n\r\ngreen",
    b"PUT /color HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: u\r\n\r\n",
    b"PUT /color HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
    b"DELETE /color HTTP/1.1\r\nHost: x\r\nIf-Match: *\r\n\r\n",
    b"HEAD http://h/color HTTP/1.1\r\nHost: x\r\nKV-Consistency: local\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /-/status HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n",
    b"GET /-/peer HTTP/1.1\r\nHost: x\r\nUpgrade: quorate/1\r\nConnection: upgrade\r\n\r\n",
]
PIECES = [
    b"\r", b"\n", b"\r\n\r\n", b" ", b"\t", b"\0", b":", b"=", b"[", b"]", b"%", b"%00", b"/", b"\xff", b"\xc3",
    b"HTTP/1.1", b"HTTP/9.9", b"Content-Length: 99999999999\r\n", b"Transfer-Encoding: chunked\r\n", b"ffffffffff\r\n",
    b"Host: y\r\n", b"-1", b"a" * 300, b"/-/", b"Connection: keep-alive\r\n",
]


def mutated(draw):
    """A request that once was well-formed, or never was."""
    if draw.random() < 0.05:
        return draw.randbytes(draw.randrange(1, 200))
    request = bytearray(draw.choice(SEEDS))
    for _ in range(draw.randrange(0, 4)):
        at = draw.randrange(len(request) + 1)
        kind = draw.randrange(5)
        if kind == 0:
            request[at:at] = draw.choice(PIECES)
        elif kind == 1:
            del request[at : at + draw.randrange(1, 8)]
        elif kind == 2 and at < len(request):
            request[at] = draw.randrange(256)
        elif kind == 3:
            request[at:at] = request[max(0, at - 20) : at]
        else:
            other = draw.choice(SEEDS)
            request[at:] = other[draw.randrange(len(other)) :]
    return bytes(request)


STATUS_LINE = re.compile(rb"HTTP/1\.[01] [2-5]\d\d ")


def exchange(server, requests):
    """Sends them on one connection; how many the server answered before it closed, which it may at each."""
    answered = 0
    with connect(server.port) as connection:
        try:
            connection.sendall(b"".join(requests))
            connection.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass
        tail = b""
        try:
            while piece := connection.recv(1 << 20):
                found = list(STATUS_LINE.finditer(tail + piece))
                answered += len(found)
                tail = (tail + piece)[found[-1].end() if found else 0 :][-12:]
        except ConnectionError:
            pass
    return answered


def mangle(server, total, batch, seed):
    """Mangled requests until `total` of them were answered."""
    draw = random.Random(seed)
    worker = Worker(server.port, "beside")
    answered, connections, warm, peak = 0, 0, None, 0
    start = time.monotonic()
    while answered < total and server.process.poll() is None:
        try:
            answered += exchange(server, [mutated(draw) for _ in range(batch)])
        except TimeoutError:
            check(False, f"silent for {SILENCE_SECONDS_MAX} s on connection {connections}, seed {seed}")
            break
        connections += 1
        if connections % 200 == 0:
            worker.turn()
        if warm is None and answered >= total // 4:
            warm = server.resident_bytes()
        if warm is not None and connections % 1000 == 0:
            peak = max(peak, server.resident_bytes())
    seconds = time.monotonic() - start
    print(f"{answered} mangled requests answered on {connections} connections in {seconds:.0f} s, seed {seed}")
    check(server.process.poll() is None, "the server still runs")
    worker.turn()
    check(True, "a client beside was answered throughout")
    grown = max(peak, server.resident_bytes()) - (warm or 0)
    check(grown < LEAK_MAX, f"their last three quarters made it grow by {grown / 2**20:.1f} MiB (at most {LEAK_MAX >> 20})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=int, default=10_000)
    parser.add_argument("--slow", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=15, help="of work beside the idle and slow ones")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), "big")
    with servers.kvnode(["--head-timeout", str(HEAD_TIMEOUT_MS)]) as server:
        idle_and_slow(server, options.idle, options.slow, options.seconds)
        mangle(server, options.requests, options.batch, seed)
        status = server.end()
        check(status == 0, f"SIGTERM ended it with status {status}")
    print("soak: " + ("good" if not failures else f"{len(failures)} failures"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
