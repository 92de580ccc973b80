#!/usr/bin/env bash
# Install from Debian what the named purposes need and this machine lacks; says nothing when nothing is missing.
# Usage: scripts/deps.sh build|test|lint|cost|bench|vms…
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
need() { # need PACKAGE COMMAND...: the package is missing when the command fails
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}
program() { need "$1" command -v "$2"; }
daemons=()
daemon() { # daemon PACKAGE COMMAND SERVICE: Debian would start the service, now and at each boot
  command -v "$2" >/dev/null || daemons+=("$3")
  program "$1" "$2"
}

# What Debian asks before it starts a service (invoke-rc.d); 101 forbids it.
policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}
is_policy_ours=no
forbid_starts() {
  if [ ${#daemons[@]} -eq 0 ] || [ -e "$policy" ]; then return; fi
  trap 'rm -f "$policy"' EXIT
  is_policy_ours=yes
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}
keep_from_booting() { # only what was installed here: a service that was there before is its owner's
  local service
  for service in "${daemons[@]}"; do PATH=$PATH:/usr/sbin update-rc.d "$service" disable >/dev/null; done
  if [ ${#daemons[@]} -gt 0 ]; then echo "deps: installed and neither started nor enabled: ${daemons[*]}"; fi
}

virtual_machines() {
  PATH=$PATH:/usr/sbin
  program qemu-system-x86 qemu-system-x86_64
  program iproute2 ip
  program util-linux nsenter
  program socat socat
  program openssh-client ssh
  # Of the disk image.
  program binutils readelf
  program cpio cpio
  program zstd zstd
  program kmod depmod
  program fdisk sfdisk
  program mtools mformat
  program syslinux syslinux
  program e2fsprogs mke2fs
}

if ! command -v swift >/dev/null; then
  echo "ERROR: no swift in PATH: install Swift 6.1 or later from https://www.swift.org/install/linux/" >&2
  exit 1
fi

promtool=no
for purpose in "$@"; do
  case $purpose in
  build)
    program pkg-config pkg-config
    need libuv1-dev pkg-config --exists libuv
    ;;
  test)
    program curl curl
    program netcat-openbsd nc
    program busybox busybox
    program util-linux nsenter
    program openssh-client ssh
    program dropbear-bin dropbearkey
    program binutils objcopy
    PATH=$PATH:/usr/sbin program iproute2 ip
    PATH=$PATH:/usr/sbin program iptables iptables
    promtool=yes
    # Where none can run, their tests are skipped.
    if [ "$(id -u)" -eq 0 ] && [ -c /dev/net/tun ]; then virtual_machines; fi
    ;;
  lint) program shellcheck shellcheck ;;
  cost)
    program python3 python3
    program valgrind valgrind
    ;;
  bench)
    program gcc gcc
    program python3 python3
    program curl curl
    program netcat-openbsd nc
    program wrk wrk
    program apache2-utils ab
    program util-linux setpriv
    PATH=$PATH:/usr/sbin program iproute2 ip
    PATH=$PATH:/usr/sbin program iptables iptables
    PATH=$PATH:/usr/sbin daemon nginx-light nginx nginx
    daemon redis-server redis-server redis-server
    program redis-tools redis-benchmark
    daemon etcd-server etcd etcd
    program etcd-client etcdctl
    ;;
  vms) virtual_machines ;;
  *)
    echo "ERROR: unknown purpose '$purpose'" >&2
    exit 2
    ;;
  esac
done

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "ERROR: missing packages; as root: apt-get update && apt-get install -y ${missing[*]}" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  echo "deps: installing ${missing[*]}"
  apt-get -qq update
  forbid_starts
  apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
  keep_from_booting
fi

# promtool comes with Prometheus; unpacked here it brings neither the daemon nor its dependencies.
if [ $promtool = yes ] && ! command -v promtool >/dev/null && [ ! -x .build/tools/promtool ]; then
  mkdir -p .build/tools
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"; if [ $is_policy_ours = yes ]; then rm -f "$policy"; fi' EXIT
  echo "deps: unpacking promtool from Debian's prometheus into .build/tools"
  if [ "$(id -u)" -eq 0 ]; then apt-get -qq update; fi
  if (cd "$scratch" && apt-get -qq -o APT::Sandbox::User=root download prometheus) 2>/dev/null; then
    dpkg-deb -x "$scratch"/prometheus_*.deb "$scratch/root"
    install -m 755 "$scratch/root/usr/bin/promtool" .build/tools/promtool
  else
    echo "deps: no promtool to be had: its test will be skipped" >&2
  fi
fi
