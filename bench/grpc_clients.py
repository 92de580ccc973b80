"""Closed-loop clients of etcd for the probe of its fail-over, by its own protocol: gRPC on HTTP/2.

The same loop as in clients.py, but these do not wait for ever: a request without an answer is cancelled after
PATIENCE_SECONDS and asked anew. etcd keeps what it was told while nobody led for seconds, and then refuses it; a
client that waited for that would report etcd's time-out in place of its fail-over.
"""

import selectors
import struct
import time

import clients

PATIENCE_SECONDS = 0.1
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
CANCEL = 8
WINDOW_MORE = 1 << 30
FRAME_HEAD = 9


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def text(value):
    return bytes([len(value)]) + value


def field(number, value):
    return bytes([number << 3 | 2]) + text(value)


def write(key, value):
    return b"/etcdserverpb.KV/Put", field(1, key) + field(2, value)


def read(key):
    return b"/etcdserverpb.KV/Range", field(1, key)


class Client(clients.Client):
    """One connection, one request under way, `requests` yields paths with messages."""

    stream, is_asking, has_message = 0, False, False

    def act(self):
        if not self.is_asking:
            super().act()

    def dial(self):
        self.stream = 0
        super().dial()

    def send(self):
        self.asked, self.is_asking, self.has_message = time.monotonic(), True, False
        path, message = next(self.requests)
        # Literals that enter no table (RFC 7541, 6.2.2): a probe need not save bytes.
        block = (b"\x83\x86\x04" + text(path) + b"\x01" + text(b"etcd") + b"\x0f\x10" + text(b"application/grpc")
                 + b"\x00" + text(b"te") + text(b"trailers"))
        body = b"\0" + struct.pack(">I", len(message)) + message
        opening = b"" if self.stream else PREFACE + frame(SETTINGS, 0, 0) + frame(
            WINDOW, 0, 0, struct.pack(">I", WINDOW_MORE))
        self.stream += 2 if self.stream else 1
        self.put(opening + frame(HEADERS, END_HEADERS, self.stream, block)
                 + frame(DATA, END_STREAM, self.stream, body))
        asked = self.asked
        self.clients.later(lambda: self.give_up(asked), PATIENCE_SECONDS)

    def put(self, data):
        try:
            self.socket.send(data)
        except OSError:
            self.lose()

    def give_up(self, asked):
        if self.is_asking and self.asked == asked and self.socket is not None:
            self.put(frame(RESET, 0, self.stream, struct.pack(">I", CANCEL)))
            self.finish(False)

    def finish(self, is_good):
        if self.is_asking:
            self.is_asking = False
            self.clients.count(self, is_good)
            self.clients.later(self.act, self.clients.think if is_good else clients.REST_SECONDS)

    def lose(self):
        self.is_asking, self.received = False, b""
        super().lose()

    def on_event(self, mask):
        if mask & selectors.EVENT_WRITE:
            super().on_event(mask)
            return
        try:
            piece = self.socket.recv(65536)
        except OSError:
            piece = b""
        if not piece:
            self.lose()
            return
        self.received += piece
        while self.socket is not None and len(self.received) >= FRAME_HEAD:
            end = FRAME_HEAD + int.from_bytes(self.received[:3], "big")
            if len(self.received) < end:
                return
            head, payload = self.received[:FRAME_HEAD], self.received[FRAME_HEAD:end]
            self.received = self.received[end:]
            self.on_frame(head[3], head[4], int.from_bytes(head[5:], "big"), payload)

    def on_frame(self, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK:
            self.put(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self.put(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self.lose()
        elif stream == self.stream and kind in (DATA, HEADERS, RESET):
            # What failed has trailers alone.
            self.has_message |= kind == DATA and len(payload) > 0
            if kind == RESET or flags & END_STREAM:
                self.finish(self.has_message and kind != RESET)
