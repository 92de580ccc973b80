"""Where servers of a measurement stand: on loopback, or each in a network namespace of its own.

Namespaces have no names: each lives as long as a process that sleeps in it, which the kernel ends should this one die.
"""

import itertools
import os
import subprocess
import sys
import time

PATIENCE_SECONDS = 60
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
    """Addresses in 127/8 by this process's id, others each time, and one port below the kernel's own choices. The
    next port is free too."""

    taken = itertools.count()

    def __init__(self, count):
        pid, first = os.getpid(), 1 + next(self.taken) % 30 * 8
        self.hosts = [f"127.{64 + pid // 256 % 64}.{pid % 256}.{first + i}" for i in range(count)]
        self.port = 10_000 + pid % 10_000 * 2

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


def output_of(command, prefix=()):
    return subprocess.run([*prefix, *command], check=True, stdout=subprocess.PIPE, text=True).stdout


def words_of(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as words:
        return words.read()
