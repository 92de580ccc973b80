"""What was measured, on what, and when."""

import datetime
import os
import platform
import re
import subprocess

import servers


def first_line(command):
    """Of what it prints; None where there is no such program."""
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=servers.TOP)
    except OSError:
        return None
    lines = run.stdout.strip().splitlines()
    return lines[0] if lines else None


def version(command):
    found = re.search(r"\d+\.[\w.+:~-]+", first_line(command) or "")
    return found.group() if found else None


def field(path, name):
    with open(path) as file:
        for line in file:
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    return None


def about(place):
    """`place`: where the data of the measured is kept."""
    disk = first_line(["findmnt", "-n", "-o", "SOURCE,FSTYPE", "--target", place])
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": field("/proc/cpuinfo", "model name"), "processors": os.cpu_count(),
        "memoryMiB": int(field("/proc/meminfo", "MemTotal").split()[0]) // 1024,
        "kernel": platform.release(), "disk": " ".join((disk or "unknown").split()),
        "loadAverageBefore": os.getloadavg()[0],
        "commit": first_line(["git", "describe", "--always", "--dirty", "--exclude", "*"]),
        "versions": {
            "kvnode": (first_line([servers.KVNODE, "--version"]) or "").replace("kvnode ", ""),
            "libuv": version(["pkg-config", "--modversion", "libuv"]),
            "nginx": version([servers.nginx_program(), "-v"]),
            "redis": version(["redis-server", "--version"]),
            "etcd": version(["etcd", "--version"]),
            "wrk": version(["wrk", "-v"]),
            "curl": version(["curl", "--version"]),
        },
    }
