"""Servers of a measurement or a soak: started on loopback ports of their own, ended by their own ids."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Where kvnode and the other programs of this project are.
PROGRAMS = os.environ.get("QUORATE_PROGRAMS", os.path.join(TOP, ".build", "release"))
KVNODE = os.path.join(PROGRAMS, "kvnode")
START_SECONDS_MAX = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that listens on `port`; leaves with the `with` block, and its directory too."""

    def __init__(self, name, command, port, directory, measured=None):
        self.name, self.port, self.directory = name, port, directory
        self.log = open(os.path.join(directory, "log"), "wb")
        command = ["setpriv", "--pdeathsig", "TERM", "--", *command]  # should this process die
        self.process = subprocess.Popen(command, cwd=directory, stdout=self.log, stderr=self.log)
        try:
            self.wait_until_it_listens()
            self.pid = measured(self.process.pid) if measured else self.process.pid
        except BaseException:
            self.end()
            raise

    def wait_until_it_listens(self):
        limit = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > limit:
                    raise RuntimeError(f"{self.name} does not serve: {self.output()}") from error
                time.sleep(0.02)

    def output(self):
        with open(os.path.join(self.directory, "log"), errors="replace") as log:
            return log.read()[-2000:]

    def cpu_seconds(self):
        """utime + stime of the serving process."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def end(self):
        """The exit status after SIGTERM; a server that does not end by itself is killed, and that is -9."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def scratch():
    return tempfile.mkdtemp(prefix="quorate-")


def scratch_directory():
    """For a `with` block."""
    return tempfile.TemporaryDirectory(prefix="quorate-")


def kvnode(arguments=()):
    port, directory = free_port(), scratch()
    with open(os.path.join(directory, "servers.txt"), "w") as servers:
        servers.write(f"127.0.0.1:{port}\n")
    return Server("kvnode", [KVNODE, *arguments], port, directory)


def floor():
    port, directory = free_port(), scratch()
    flags = subprocess.check_output(["pkg-config", "--cflags", "--libs", "libuv"], text=True).split()
    return Server("floor", [compiled("floor", directory, flags), str(port)], port, directory)


def compiled(name, directory, flags=()):
    """The program of bench/NAME.c, made anew."""
    program, source = os.path.join(directory, name), os.path.join(TOP, "bench", f"{name}.c")
    subprocess.check_call(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source, *flags])
    return program


NGINX = """daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 1000000000;
  default_type text/plain;
  server { listen 127.0.0.1:%d; location / { return 200 "key00001234=value-of-twenty-and-ten-000"; } }
}
"""


def nginx_program():
    return shutil.which("nginx") or "/usr/sbin/nginx"


def nginx():
    """What is measured is its one worker."""
    port, directory = free_port(), scratch()
    os.chmod(directory, 0o755)
    with open(os.path.join(directory, "nginx.conf"), "w") as configuration:
        configuration.write(NGINX % port)
    command = [nginx_program(), "-p", directory, "-c", os.path.join(directory, "nginx.conf")]

    def worker(parent):
        with open(f"/proc/{parent}/task/{parent}/children") as children:
            return int(children.read().split()[0])

    return Server("nginx", command, port, directory, measured=worker)
