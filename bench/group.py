"""Processes that are one system together: each with a directory, an address and a log.

Every process is started here and ended here by its own id; should this process die, the kernel ends them
(PR_SET_PDEATHSIG).
"""

import os
import shutil
import subprocess
import sys
import time

import servers
from grounds import DIES_WITH_US, Loopback, wait_until

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
OUTPUT_BYTES = 3000


class Group:
    """Ended when the `with` block is left, its directories too. Subclasses say `command` and `is_ready`."""

    name = "group"

    def __init__(self, count, ground=None):
        self.ground = ground or Loopback(count)
        self.count = count
        self.top = servers.scratch()
        self.addresses = [f"{host}:{self.ground.port}" for host in self.ground.hosts]
        self.processes = [None] * count
        for i in range(count):
            os.mkdir(self.directory(i))

    def command(self, server):
        raise NotImplementedError

    def is_ready(self, server):
        raise NotImplementedError

    def wait_until_well(self):
        """After all are ready: what else has to hold before anything is measured."""

    def __enter__(self):
        try:
            began = time.monotonic()
            for i in range(self.count):
                self.start(i)
            launched = time.monotonic()
            wait_until(f"{self.name} to be ready", lambda: all(map(self.answers, range(self.count))))
            self.ready_seconds = time.monotonic() - launched  # from the last one's start on
            self.launch_seconds = launched - began
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

    def answers(self, server):
        """Whether it is ready. Says so at once when it has ended."""
        if self.processes[server].poll() is not None:
            raise RuntimeError(f"{self.addresses[server]} ended with {self.processes[server].returncode}")
        return self.is_ready(server)

    def directory(self, server):
        return os.path.join(self.top, f"server{server}")

    def start(self, server):
        with open(os.path.join(self.directory(server), "stderr"), "ab") as log:
            self.processes[server] = subprocess.Popen(
                [*self.ground.prefix(server), *DIES_WITH_US, *self.command(server)],
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
                    print(f"---- stderr of {self.addresses[i]}\n{log.read()[-OUTPUT_BYTES:]}", file=sys.stderr)

    def cpu_seconds(self):
        """User and system time of all its processes together."""
        return sum(cpu_seconds(process.pid) for process in self.processes)

    def resident_bytes(self, server):
        return resident_bytes(self.processes[server].pid)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * PAGE_BYTES
