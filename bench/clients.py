"""Closed-loop clients on one selector: each connection has one request under way."""

import heapq
import itertools
import selectors
import socket
import time

REST_SECONDS = 0.005


class Client:
    """One connection. `requests` yields the bytes of one request after the other."""

    def __init__(self, clients, server, address, requests, is_writer):
        self.clients, self.server, self.address = clients, server, address
        self.requests, self.is_writer = requests, is_writer
        self.socket, self.received = None, b""
        self.is_closed, self.asked = False, 0.0

    def dial(self):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(self.address)
        self.clients.selector.register(self.socket, selectors.EVENT_WRITE, self)

    def act(self):
        """Asks, on a connection that stands or on a new one."""
        if self.is_closed:
            return
        if self.socket is None:
            self.dial()
        else:
            self.send()

    def send(self):
        self.asked = time.monotonic()
        try:
            self.socket.send(next(self.requests))
        except OSError:
            self.lose()

    def on_event(self, mask):
        if mask & selectors.EVENT_WRITE:
            if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                return self.lose()
            self.clients.selector.modify(self.socket, selectors.EVENT_READ, self)
            return self.send()
        try:
            piece = self.socket.recv(65536)
        except OSError:
            piece = b""
        if not piece:
            return self.lose()
        self.received += piece
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if separator:
            self.on_head(head.lower(), body)

    def on_head(self, head, body):
        length = int(head.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self.received = b""
        is_good = head[9:12] == b"200" and b"\r\nkv-consistency:" not in head
        self.clients.count(self, is_good)
        if b"\r\nconnection: close" in head:
            self.hang_up()
        self.clients.later(self.act, self.clients.think if is_good else REST_SECONDS)

    def hang_up(self):
        if self.socket is not None:
            self.clients.selector.unregister(self.socket)
            self.socket.close()
            self.socket, self.received = None, b""

    def lose(self):
        self.hang_up()
        self.clients.later(self.act, REST_SECONDS)

    def close(self):
        self.is_closed = True
        self.hang_up()


class Clients:
    """In order of time, seconds of the monotonic clock: `successes` (when, server, is a write), and
    `refusals` (when, server, how long it took), which are all other answers."""

    def __init__(self, think=0.0, keeps_times=True, kind=Client):
        self.kind = kind
        self.think, self.keeps_times = think, keeps_times
        self.selector = selectors.DefaultSelector()
        self.due, self.order = [], itertools.count()
        self.all, self.successes, self.refusals, self.good, self.bad = [], [], [], 0, 0

    def add(self, server, address, requests, is_writer):
        client = self.kind(self, server, address, requests, is_writer)
        self.all.append(client)
        self.later(client.act, 0)

    def later(self, action, seconds):
        heapq.heappush(self.due, (time.monotonic() + seconds, next(self.order), action))

    def count(self, client, is_good):
        if is_good:
            self.good += 1
            if self.keeps_times:
                self.successes.append((time.monotonic(), client.server, client.is_writer))
        else:
            self.bad += 1
            if self.keeps_times:
                now = time.monotonic()
                self.refusals.append((now, client.server, now - client.asked))

    def run(self, is_over):
        """Until the condition holds; it is looked at once a turn."""
        while not is_over():
            now = time.monotonic()
            while self.due and self.due[0][0] <= now:
                heapq.heappop(self.due)[2]()
            wait = min(0.05, max(0.0, self.due[0][0] - now)) if self.due else 0.05
            for key, mask in self.selector.select(wait):
                if key.data.socket is key.fileobj:
                    key.data.on_event(mask)

    def run_for(self, seconds):
        limit = time.monotonic() + seconds
        self.run(lambda: time.monotonic() >= limit)

    def close(self):
        for client in self.all:
            client.close()
        self.selector.close()


def write(key, value):
    return b"PUT /%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (key, len(value), value)


def read(key):
    return b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % key
