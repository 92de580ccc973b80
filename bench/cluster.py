"""Clusters of kvnode for measurements: on loopback, or each server in a network namespace of its own.

Every process is started here and ended here by its own id; should this process die, the kernel ends them
(PR_SET_PDEATHSIG). Namespaces have no names: each lives as long as a process that sleeps in it.
"""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import servers

PATIENCE_SECONDS = 60
KVNODE = os.environ.get("KVNODE", servers.KVNODE)
DIES_WITH_US = ["setpriv", "--pdeathsig", "KILL", "--"]


def wait_until(what, condition, seconds=PATIENCE_SECONDS):
    """What the condition gave, once it holds."""
    limit = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > limit:
            raise RuntimeError(f"waited in vain for {what}")
        time.sleep(0.005)


class Loopback:
    """Addresses in 127/8 by this process's id, and one port below the kernel's own choices."""

    def __init__(self, count):
        pid = os.getpid()
        self.hosts = [f"127.{64 + pid // 256 % 64}.{pid % 256}.{1 + i}" for i in range(count)]
        self.port = 10_000 + pid % 20_000

    def prefix(self, _server):
        return []

    def end(self):
        pass


class Namespaces:
    """This process has to be in a namespace of its own, where it makes the bridge: see `enter`."""

    def __init__(self, count):
        self.hosts = [f"10.77.0.{1 + i}" for i in range(count)]
        self.port = 8081
        self.holders, self.cutting = [], None
        try:
            self.make()
        except BaseException:
            self.end()
            raise

    @staticmethod
    def enter():
        """Starts this program anew in a network namespace of its own, once."""
        if os.environ.get("KV_BENCH_INSIDE") == "1":
            run("ip link set lo up")
            return
        os.environ["KV_BENCH_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--", sys.executable, *sys.argv])

    def make(self):
        run("ip link add hub type bridge; ip address add 10.77.0.254/24 dev hub;"
            "ip link set hub up")
        for i, host in enumerate(self.hosts):
            holder = subprocess.Popen(["unshare", "--net", "--", *DIES_WITH_US, "sleep", "infinity"])
            self.holders.append(holder)
            wait_until("a namespace", lambda: words_of(holder.pid).startswith(b"sleep"))
            run(f"ip link add port{i} type veth peer name wire netns {holder.pid};"
                f"ip link set port{i} master hub up")
            self.run(i, f"ip link set lo up; ip address add {host}/24 dev wire; ip link set wire up")

    def prefix(self, server):
        return ["nsenter", f"--net=/proc/{self.holders[server].pid}/ns/net", "--"]

    def run(self, server, script):
        run(script, self.prefix(server))

    def isolate(self, server):
        """Cuts a server off from the other servers; clients still reach it. Not waited for: all rules come into
        force at once, a few milliseconds later."""
        rules = ["*filter"]
        for other, host in enumerate(self.hosts):
            if other != server:
                rules += [f"-A INPUT -s {host} -j DROP", f"-A OUTPUT -d {host} -j DROP"]
        words = [*self.prefix(server), "iptables-restore", "-w", "--noflush"]
        self.cutting = subprocess.Popen(words, stdin=subprocess.PIPE)
        self.cutting.stdin.write(("\n".join(rules) + "\nCOMMIT\n").encode())
        self.cutting.stdin.close()

    def heal(self, server):
        if self.cutting.wait() != 0:
            raise RuntimeError("iptables-restore failed")
        self.run(server, "iptables -w -F")

    def end(self):
        for holder in self.holders:
            holder.kill()
            holder.wait()


def run(script, prefix=()):
    subprocess.run([*prefix, "sh", "-ec", script], check=True)


def words_of(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as words:
        return words.read()


class Cluster:
    """Servers with a directory each. `alone`: each knows only itself."""

    def __init__(self, count, arguments=(), ground=None, alone=False):
        self.ground = ground or Loopback(count)
        self.count, self.arguments = count, list(arguments)
        self.top = servers.scratch()
        self.addresses = [f"{host}:{self.ground.port}" for host in self.ground.hosts]
        self.processes = [None] * count
        for i in range(count):
            os.mkdir(self.directory(i))
            lines = [self.addresses[i]] + ([] if alone else [a for a in self.addresses if a != self.addresses[i]])
            with open(os.path.join(self.directory(i), "servers.txt"), "w") as file:
                file.write("\n".join(lines) + "\n")

    def __enter__(self):
        try:
            began = time.monotonic()
            for i in range(self.count):
                self.start(i)
            self.launch_seconds = time.monotonic() - began
            wait_until("all to be ready", lambda: all(map(self.is_ready, range(self.count))))
            # From the last one's start on.
            self.ready_seconds = time.monotonic() - began - self.launch_seconds
            self.wait_until_well()
        except BaseException:
            self.show()
            self.end()
            raise
        return self

    def __exit__(self, kind, *_):
        if kind not in (None, KeyboardInterrupt):
            self.show()
        self.end()

    def directory(self, server):
        return os.path.join(self.top, f"server{server}")

    def start(self, server):
        with open(os.path.join(self.directory(server), "stderr"), "ab") as log:
            self.processes[server] = subprocess.Popen(
                [*self.ground.prefix(server), *DIES_WITH_US, KVNODE, *self.arguments],
                cwd=self.directory(server), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self, server):
        self.processes[server].kill()
        self.processes[server].wait()

    def signal(self, server, number):
        self.processes[server].send_signal(number)

    def end(self):
        for process in self.processes:
            if process and process.poll() is None:
                process.kill()
                process.wait()
        self.ground.end()
        shutil.rmtree(self.top, ignore_errors=True)

    def show(self):
        for i in range(self.count):
            path = os.path.join(self.directory(i), "stderr")
            if os.path.exists(path):
                with open(path, errors="replace") as log:
                    print(f"---- stderr of {self.addresses[i]}\n{log.read()[-3000:]}", file=sys.stderr)

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
        """Its replies are linearizable. Says so at once when it has ended."""
        if self.processes[server].poll() is not None:
            raise RuntimeError(f"{self.addresses[server]} ended with {self.processes[server].returncode}")
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

    def resident_bytes(self, server):
        with open(f"/proc/{self.processes[server].pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

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
