"""Clusters of kvnode for measurements."""

import http.client
import json
import os
import signal

import clients
import servers
from group import Group
from grounds import Loopback, Namespaces, PATIENCE_SECONDS, wait_until  # noqa: F401: for those who import this

KVNODE = os.environ.get("KVNODE", servers.KVNODE)


class Cluster(Group):
    """`alone`: each server knows only itself."""

    name = "kvnode"
    probe = clients

    def __init__(self, count, arguments=(), ground=None, alone=False):
        super().__init__(count, ground)
        self.arguments = list(arguments)
        for i in range(count):
            lines = [self.addresses[i]] + ([] if alone else [a for a in self.addresses if a != self.addresses[i]])
            with open(os.path.join(self.directory(i), "servers.txt"), "w") as file:
                file.write("\n".join(lines) + "\n")

    def command(self, _server):
        return [KVNODE, *self.arguments]

    def get(self, server, path):
        """Status code and body; None when there is no answer."""
        connection = http.client.HTTPConnection(self.ground.hosts[server], self.ground.port, timeout=2)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def status(self, server):
        """/-/status; None when it does not answer."""
        answer = self.get(server, "/-/status")
        return answer and json.loads(answer[1])

    def is_ready(self, server):
        """Its replies are linearizable."""
        answer = self.get(server, "/-/ready")
        return answer is not None and answer[0] == 200

    def is_well(self, server):
        """It votes, answers linearizably, and has a link to every peer."""
        status = self.status(server)
        return (
            status is not None and status["status"] == "normal" and status["linearizable"]
            and any(m["id"] == status["id"] and m["incarnation"] == status["incarnation"] and m["voting"]
                    for m in status["members"])
            and all(peer["link"] == "up" for peer in status["peers"]))

    def wait_until_well(self):
        for i in range(self.count):
            wait_until(f"{self.addresses[i]} to be a voting member", lambda: self.is_well(i))

    def heavy(self):
        """The member of weight 2, of an even number."""
        return next(self.addresses.index(m["id"]) for m in self.status(0)["members"] if m["weight"] > 1)

    def primary(self):
        def find():
            status = self.status(0)
            named = status and status["primary"]
            return self.addresses.index(named) + 1 if named in self.addresses else None
        return wait_until("a primary", find) - 1

    def data_bytes(self, server):
        """Blocks on the disk, of all that is below the data directory."""
        total = 0
        for place, _, names in os.walk(os.path.join(self.directory(server), "kvnode.data")):
            for name in names:
                try:
                    total += os.stat(os.path.join(place, name)).st_blocks * 512
                except FileNotFoundError:
                    pass  # recycled meanwhile
        return total


FREEZE, THAW = signal.SIGSTOP, signal.SIGCONT
