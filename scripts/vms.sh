#!/usr/bin/env bash
# Four virtual machines on a network of their own, to deploy to and to harm. `scripts/vms.sh --help` teaches.
set -euo pipefail

self=${0##*/}
top=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
machines_max=7
net=10.88.0

usage() {
  cat <<HELP
$self: virtual machines in QEMU, on a bridge in a network namespace of their own.

  $self up                 build the image where needed, boot all machines, wait for their ssh
  $self down               end all in good order (power button), and take the network away
  $self status             each machine: process, ssh, server
  $self clean              down, and remove the machines' disks
  $self ssh N [COMMAND…]   a shell in machine N, or a command there
  $self run COMMAND…       run a command here, within the machines' network
  $self env                where the machines are, as shell assignments (scripts/update.sh takes them)
  $self log N              machine N's serial console, as it was
  $self console N          the same, live; Ctrl-] leaves

Harm, and repair
  $self unplug N…          the power goes: QEMU is killed
  $self plug N…            boot again, with the disk as it was; waits for ssh
  $self freeze N…          QEMU stops emulating; nothing in the machine notices
  $self thaw N…            it goes on
  $self cable N… off|on    the network card's link goes down, or up again
  $self clock N… SECONDS   move the machine's clock: +3600, -3600

Machine N is 1 to VMS and has the address $net.N; this machine is $net.254 there. Nothing leaves the
namespace. Each machine has a disk, a serial log and a pid file in .build/vms/N.

Environment
  VMS        how many machines, 1 to $machines_max            (default 4)
  VMS_MB     memory of each                        (default 192)
  KVM=1      use the processor's virtualization; without it all is emulated
  VMS_NETNS  name of the network namespace         (default quorate-vms)
  VMS_DIR    directory of image, key and machines  (default .build/vms)
  VMS_SECONDS  how long a machine may take to boot, and to end (default 90)

Exit status: 0 done, 1 failed, 2 usage.
HELP
}

die() { # die MESSAGE [STATUS]
  echo "ERROR: $1" >&2
  exit "${2:-1}"
}
bad() { die "$1: see $self --help" 2; }
complain() { echo "ERROR: $*" >&2; }

number() { # number NAME TEXT LEAST MOST
  if [[ ! $2 =~ ^(0|[1-9][0-9]{0,5})$ ]] || (($2 < $3 || $2 > $4)); then
    die "$1 is a number from $3 to $4, not '$2'" 2
  fi
}

machine() { # machine N: checks it
  [ -n "${1-}" ] || bad "which machine"
  number "the machine" "$1" 1 "$count"
  [ -f "$(home "$1")/disk" ] || die "there is no machine $1: make vms"
}

home() { echo "$directory/$1"; }
address() { echo "$net.$1"; }

# Processes. A pid alone may have passed to another program: its start time, in ticks since boot, tells.

process_field() { # process_field PID NUMBER: a field of /proc/PID/stat, counted from the one behind the name
  local line fields
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -r -a fields <<<"${line##*) }"
  echo "${fields[$2]}"
}
process_start() { process_field "$1" 19; }

running_pid() { # running_pid PIDFILE: the pid of the process that it tells of, if that runs
  local pid start state
  { read -r pid start <"$1"; } 2>/dev/null || return 1
  [ -n "${start-}" ] && [ "$(process_start "$pid")" = "$start" ] || return 1
  state=$(process_field "$pid" 0) || return 1
  [[ $state != [ZX] ]] || return 1
  echo "$pid"
}
is_gone() { ! running_pid "$1" >/dev/null; }

detach() { # detach PIDFILE LOG COMMAND…: in the namespace, in a session of its own; it notes its own pid
  local pidfile=$1 log=$2
  shift 2
  rm -f "$pidfile"
  (
    pid=$BASHPID
    echo "$pid $(process_start "$pid")" >"$pidfile.new"
    mv "$pidfile.new" "$pidfile"
    exec setsid nsenter --net="/run/netns/$namespace" "$@" </dev/null >"$log" 2>&1 9>&-
  ) &
  wait_until 10 test -f "$pidfile" || die "$1 cannot be started"
}

now() { date +%s%N; }

wait_until() { # wait_until SECONDS COMMAND...
  local end
  end=$(($(now) + $1 * 1000000000))
  shift
  until "$@"; do
    [ "$(now)" -lt "$end" ] || return 1
    sleep 0.1
  done
}

slay() { # slay PIDFILE
  local pid
  pid=$(running_pid "$1") || return 0
  kill -s KILL "$pid" 2>/dev/null || true
  wait_until 10 is_gone "$1" || die "process $pid outlives SIGKILL"
}

# What is needed here.

need() {
  [ "$(id -u)" -eq 0 ] || die "virtual machines on a network of their own need root: run this as root"
  [ -c /dev/net/tun ] || die "there is no /dev/net/tun here: the machines cannot have a network"
  local program
  for program in qemu-system-x86_64 ip nsenter socat ssh; do
    command -v $program >/dev/null || die "no $program here: scripts/deps.sh vms installs what is missing"
  done
}

accelerator() { # Sets `processor`. The emulated one has what makes a kernel's random numbers quick to come.
  processor=(-accel tcg -cpu "qemu64,+rdrand,+rdseed")
  [ "${KVM-}" = 1 ] || return 0
  if (echo quit | timeout 20 qemu-system-x86_64 -accel kvm -cpu host -m 32 -nodefaults -display none -S \
    -monitor stdio) >/dev/null 2>&1; then
    processor=(-accel kvm -cpu host)
  else
    echo "vms: KVM does not work here: all is emulated"
  fi
}

# The network: a namespace, a bridge in it, a tap for each machine, and an address from DHCP by the card's.

has_network() { ip netns list 2>/dev/null | grep -qE "^$namespace( |$)"; }
inside() { nsenter --net="/run/netns/$namespace" -- "$@"; }
network_owner() { ip -n "$namespace" link show vms 2>/dev/null | sed -n 's/^ *alias //p'; }
need_network() { has_network || die "no machine runs: make vms"; }

need_own_network() {
  local owner
  owner=$(network_owner)
  [ "$owner" = "$directory" ] ||
    die "the network namespace $namespace is ${owner:+that of $owner}${owner:-not of our making}: VMS_NETNS=NAME"
}

make_network() {
  if has_network; then
    need_own_network
    return
  fi
  ip netns add "$namespace"
  ip -n "$namespace" link set lo up
  ip -n "$namespace" link add vms type bridge forward_delay 0
  ip -n "$namespace" link set vms alias "$directory"
  ip -n "$namespace" address add "$net.254/24" dev vms
  ip -n "$namespace" link set vms up
}

make_tap() { # make_tap N
  ip -n "$namespace" link show "vm$1" >/dev/null 2>&1 || ip -n "$namespace" tuntap add "vm$1" mode tap
  ip -n "$namespace" link set "vm$1" master vms up
}

card() { printf '52:54:00:88:00:%02x' "$1"; }

start_dhcp() {
  local i
  is_gone "$directory/dhcp.pid" || return 0
  {
    printf '%s\n' "interface vms" "start $(address 1)" "end $(address $machines_max)" \
      "max_leases $machines_max" "option subnet 255.255.255.0" "option lease 864000" \
      "lease_file $directory/dhcp.leases" "pidfile $directory/dhcp.own.pid"
    for ((i = 1; i <= machines_max; i++)); do echo "static_lease $(card "$i") $(address "$i")"; done
  } >"$directory/dhcp.conf"
  : >"$directory/dhcp.leases"
  detach "$directory/dhcp.pid" "$directory/dhcp.log" "$directory/busybox" udhcpd -f "$directory/dhcp.conf"
}

# A machine.

make_disk() { # make_disk N: a copy of the image; one that is there keeps its data, and gets what boots anew
  local disk boot
  disk=$(home "$1")/disk
  mkdir -p "$(home "$1")"
  if [ ! -f "$disk" ]; then
    cp --sparse=always "$image" "$disk.new"
    mv "$disk.new" "$disk"
    # A new machine has a new key.
    [ ! -f "$directory/known_hosts" ] || ssh-keygen -q -f "$directory/known_hosts" -R "$(address "$1")" 2>/dev/null
    rm -f "$directory/known_hosts.old"
  elif [ "$image" -nt "$(home "$1")/boot" ]; then
    boot=$(sfdisk -l -o Start "$image" | tail -n 1)
    dd if="$image" of="$disk" bs=512 count="$((boot))" conv=notrunc,sparse status=none
  fi
  touch "$(home "$1")/boot"
}

boot() { # boot N
  local own arguments
  own=$(home "$1")
  make_tap "$1"
  rm -f "$own/qmp" "$own/serial"
  # shellcheck disable=SC2054 # The commas are QEMU's.
  arguments=(
    -name "quorate-$1" -machine pc "${processor[@]}" -smp 1 -m "$memory" -nodefaults -display none
    -drive "file=$own/disk,if=none,id=disk,format=raw" -device virtio-blk-pci,drive=disk,bootindex=0
    -netdev "tap,id=net,ifname=vm$1,script=no,downscript=no"
    -device "virtio-net-pci,id=card,netdev=net,mac=$(card "$1"),romfile="
    -device virtio-rng-pci
    -chardev "socket,id=serial,path=$own/serial,server=on,wait=off,logfile=$own/serial.log"
    -serial chardev:serial
    -qmp "unix:$own/qmp,server=on,wait=off"
  )
  detach "$own/pid" "$own/qemu.log" qemu-system-x86_64 "${arguments[@]}"
}

qmp() { # qmp N COMMAND [ARGUMENTS]: what QEMU answered; fails where it refused
  local socket answers=0 line out in pid words
  socket=$(home "$1")/qmp
  words="{\"execute\":\"$2\",\"arguments\":${3:-"{}"}}"
  ! is_gone "$(home "$1")/pid" || die "machine $1 does not run"
  wait_until 10 test -S "$socket" || die "machine $1 has no monitor"
  coproc socat - "UNIX-CONNECT:$socket"
  # shellcheck disable=SC2153 # Coproc sets it.
  pid=$COPROC_PID in=${COPROC[1]} out=${COPROC[0]}
  printf '%s\n' '{"execute":"qmp_capabilities"}' "$words" >&"$in"
  while [ $answers -lt 2 ] && IFS= read -r -t 20 line <&"$out"; do
    case $line in
    '{"return"'*) answers=$((answers + 1)) ;;
    '{"error"'*) break ;;
    esac
  done
  exec {in}>&-
  wait "$pid" 2>/dev/null || true
  [ $answers -eq 2 ] || die "machine $1 refused $2: ${line:-no answer}"
  echo "$line"
}

ssh_words() { # Sets `ssh`.
  ssh=(ssh -o BatchMode=yes -o ConnectTimeout=5 -o LogLevel=ERROR -i "$directory/key" -o IdentitiesOnly=yes
    -o "UserKnownHostsFile=$directory/known_hosts" -o StrictHostKeyChecking=accept-new -l root)
}

answers_ssh() { inside "${ssh[@]}" "$(address "$1")" true </dev/null >/dev/null 2>&1; }
has_booted() { is_gone "$(home "$1")/pid" || answers_ssh "$1"; }

await() { # await N…
  local i failed=0
  for i in "$@"; do
    if ! wait_until "$patience" has_booted "$i"; then
      complain "machine $i does not answer ssh after $patience s: $self log $i"
      failed=1
    elif is_gone "$(home "$i")/pid"; then
      complain "machine $i has ended: $(tail -n 1 "$(home "$i")/qemu.log")"
      failed=1
    fi
  done
  return $failed
}

# Commands.

command_up() {
  local i booted=()
  need
  lock
  "$top/scripts/vms-image.sh"
  accelerator
  make_network
  start_dhcp
  for ((i = 1; i <= count; i++)); do
    is_gone "$(home "$i")/pid" || continue
    make_disk "$i"
    boot "$i"
    booted+=("$i")
  done
  if [ ${#booted[@]} -gt 0 ]; then echo "vms: booting ${booted[*]}"; fi
  for ((i = 1; i <= count; i++)); do await "$i" || exit 1; done
  cat <<NEXT
vms: $count machines run at $(address 1) to $(address "$count"), in the network namespace $namespace
Next:
  make deploy                    bring the server to them
  scripts/vms.sh run kvclient…   a command within their network
  scripts/vms.sh --help          unplug, plug, cable, clock, console …
  make drill TARGET=vms          harm them under load, and judge the answers
  make vms-stop                  end them; their disks stay
NEXT
}

command_down() {
  local i pidfile running=0
  need
  if ! has_network; then
    echo "vms: nothing ran"
    return
  fi
  need_own_network
  lock
  for ((i = 1; i <= machines_max; i++)); do
    pidfile=$(home "$i")/pid
    is_gone "$pidfile" && continue
    running=$((running + 1))
    # One that is frozen hears no button.
    (qmp "$i" cont && qmp "$i" system_powerdown) >/dev/null || true
  done
  for ((i = 1; i <= machines_max; i++)); do
    pidfile=$(home "$i")/pid
    wait_until "$patience" is_gone "$pidfile" || echo "vms: machine $i did not end by itself: killed"
    slay "$pidfile"
    rm -f "$pidfile"
  done
  slay "$directory/dhcp.pid"
  ip netns delete "$namespace"
  echo "vms: ended $running machines; their disks stay in $directory"
}

command_clean() {
  command_down
  rm -rf "$directory"/[1-7] "$directory/known_hosts"
  echo "vms: their disks are removed"
}

command_status() {
  local i pid said status=0
  need
  need_network
  for ((i = 1; i <= count; i++)); do
    if ! pid=$(running_pid "$(home "$i")/pid"); then
      said="off"
      status=1
    else
      said="pid $pid, $(qmp "$i" query-status | sed 's/.*"status": *"\([a-z-]*\)".*/\1/')"
      if said_there=$(inside "${ssh[@]}" "$(address "$i")" "$server_status" </dev/null 2>/dev/null); then
        said+=", $said_there"
      else
        said+=", no ssh"
        status=1
      fi
    fi
    echo "machine $i $(address "$i"): $said"
  done
  return $status
}

# For a shell there: what it says of the server.
# shellcheck disable=SC2016
server_status='up=$(cut -d . -f 1 /proc/uptime); cd quorate 2>/dev/null && set -- $(./launch.sh status | head -n 1)
echo "up $up s, ${*:-no server deployed}"'

command_ssh() {
  machine "${1-}"
  need_network
  local host
  host=$(address "$1")
  shift
  exec nsenter --net="/run/netns/$namespace" -- "${ssh[@]}" "$host" "$@"
}

command_run() {
  [ $# -gt 0 ] || bad "run what"
  need_network
  exec nsenter --net="/run/netns/$namespace" -- "$@"
}

command_env() {
  local i hosts=()
  for ((i = 1; i <= count; i++)); do hosts+=("$(address "$i")"); done
  local IFS=,
  printf 'export %s=%q\n' QUORATE_NETNS "$namespace" HOSTS "${hosts[*]}" SSH_USER root SSH_KEY "$directory/key" \
    SSH_OPTIONS "-o UserKnownHostsFile=$directory/known_hosts -o StrictHostKeyChecking=accept-new"
}

command_log() {
  machine "${1-}"
  cat "$(home "$1")/serial.log"
}

command_console() {
  machine "${1-}"
  echo "the console of machine $1; Ctrl-] leaves"
  exec socat "-,raw,echo=0,escape=0x1d" "UNIX-CONNECT:$(home "$1")/serial"
}

each() { # each COMMAND N…
  local command=$1 i
  shift
  [ $# -gt 0 ] || bad "which machine"
  for i in "$@"; do machine "$i"; done
  need
  need_network
  for i in "$@"; do "$command" "$i"; done
}

unplug() {
  ! is_gone "$(home "$1")/pid" || die "machine $1 does not run"
  slay "$(home "$1")/pid"
  echo "machine $1 is off"
}
command_unplug() { each unplug "$@"; }

plug() {
  is_gone "$(home "$1")/pid" || die "machine $1 runs"
  boot "$1"
}
command_plug() {
  accelerator
  each plug "$@"
  await "$@"
  for i in "$@"; do echo "machine $i has booted"; done
}

freeze() {
  qmp "$1" stop >/dev/null
  echo "machine $1 stands still"
}
command_freeze() { each freeze "$@"; }

thaw() {
  qmp "$1" cont >/dev/null
  echo "machine $1 goes on"
}
command_thaw() { each thaw "$@"; }

set_link() {
  qmp "$1" set_link "{\"name\":\"card\",\"up\":$up}" >/dev/null
  echo "machine $1: the cable is $manner"
}
command_cable() {
  case ${*: -1} in
  off) up=false manner=cut ;;
  on) up=true manner=whole ;;
  *) bad "the cable is off or on" ;;
  esac
  each set_link "${@:1:$#-1}"
}

move_clock() {
  inside "${ssh[@]}" "$(address "$1")" "date -s @\$((\$(date +%s) + $seconds))" </dev/null >/dev/null ||
    die "machine $1's clock cannot be moved"
  echo "machine $1: the clock is moved by $seconds s"
}
command_clock() {
  seconds=${*: -1}
  [[ $seconds =~ ^[+-][0-9]{1,9}$ ]] || bad "how many seconds, as +3600 or -3600"
  each move_clock "${@:1:$#-1}"
}

lock() { # One at a time changes the machines.
  mkdir -p "$directory"
  exec 9>"$directory/lock"
  flock -w 300 9 || die "another $self is at work in $directory"
}

directory=${VMS_DIR:-$top/.build/vms}
[[ $directory == /* ]] || directory=$PWD/$directory
export VMS_DIR=$directory
namespace=${VMS_NETNS:-quorate-vms}
[[ $namespace =~ ^[A-Za-z0-9_.-]{1,32}$ ]] || die "VMS_NETNS is a name, not '$namespace'" 2
image=$directory/quorate.img
count=${VMS:-4}
number VMS "$count" 1 $machines_max
memory=${VMS_MB:-192}
number VMS_MB "$memory" 128 8192
patience=${VMS_SECONDS:-90}
number VMS_SECONDS "$patience" 1 3600
ssh_words

command=${1-}
[ $# -eq 0 ] || shift
case $command in
up | down | status | clean | env) [ $# -eq 0 ] || bad "unexpected argument '$1'" ;;
esac
case $command in
--help | help) usage ;;
up | down | status | clean | ssh | run | env | log | console | unplug | plug | freeze | thaw | cable | clock)
  "command_$command" "$@"
  ;;
'') bad "no command" ;;
*) bad "unknown command '$command'" ;;
esac
