"""Redis and etcd as Debian ships them, with their defaults but for what is said here."""

import http.client
import json
import socket

import grpc_clients
from group import Group
from grounds import wait_until


class Redis(Group):
    """One server and its replicas, which follow it asynchronously. Without snapshots, so that no copy of the process
    disturbs; `is_synced`: every write is appended to a file and synced before its answer."""

    name = "redis"

    def __init__(self, replicas=0, is_synced=False, ground=None):
        super().__init__(1 + replicas, ground)
        self.is_synced = is_synced

    def command(self, server):
        words = ["redis-server", "--bind", self.ground.hosts[server], "--port", str(self.ground.port),
                 "--protected-mode", "no", "--loglevel", "warning", "--save", "",
                 "--repl-diskless-sync-delay", "0", "--dir", "."]
        if self.is_synced:
            words += ["--appendonly", "yes", "--appendfsync", "always"]
        if server > 0:
            words += ["--replicaof", self.ground.hosts[0], str(self.ground.port)]
        return words

    def ask(self, server, line):
        with socket.create_connection((self.ground.hosts[server], self.ground.port), 2) as connection:
            connection.sendall(line + b"\r\n")
            return connection.recv(65536)

    def is_ready(self, server):
        try:
            return self.ask(server, b"PING") == b"+PONG\r\n"
        except OSError:
            return False

    def wait_until_well(self):
        for server in range(1, self.count):
            wait_until("a replica", lambda one=server: b"master_link_status:up" in self.ask(one, b"INFO replication"))


class Etcd(Group):
    """Members of one cluster, with their data beside everyone else's."""

    name = "etcd"
    probe = grpc_clients

    def __init__(self, count, ground=None):
        super().__init__(count, ground)
        self.others = ",".join(
            f"e{i}=http://{host}:{self.ground.port + 1}" for i, host in enumerate(self.ground.hosts))

    def command(self, server):
        host, port = self.ground.hosts[server], self.ground.port
        clients, peers = f"http://{host}:{port}", f"http://{host}:{port + 1}"
        return ["etcd", "--name", f"e{server}", "--data-dir", "data", "--log-level", "error", "--logger", "zap",
                "--listen-client-urls", clients, "--advertise-client-urls", clients,
                "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
                "--initial-cluster", self.others]

    def ask(self, server, path, body):
        """What the JSON gateway answers; None when it does not. For questions about the cluster only."""
        connection = http.client.HTTPConnection(self.ground.hosts[server], self.ground.port, timeout=2)
        try:
            connection.request("POST", path, json.dumps(body))
            reply = connection.getresponse()
            return json.loads(reply.read()) if reply.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def is_ready(self, server):
        """It answers a linearizable read."""
        return self.ask(server, "/v3/kv/range", {"key": "eA=="}) is not None

    def wait_until_well(self):
        for i in range(self.count):
            wait_until(f"{self.addresses[i]} to answer", lambda one=i: self.is_ready(one))

    def primary(self):
        """Which one leads, in its own words."""
        def find():
            for server in range(self.count):
                status = self.ask(server, "/v3/maintenance/status", {})
                if status and status.get("leader") == status["header"]["member_id"]:
                    return server + 1
            return None
        return wait_until("an etcd that leads", find) - 1
