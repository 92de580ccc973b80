#!/usr/bin/env bash
# Four virtual machines on a network of their own, to deploy to and to harm. `scripts/vms.sh --help` teaches.
set -euo pipefail

self=${0##*/}
top=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
machines_max=7
net=10.88.0
# shellcheck source=scripts/processes.sh
. "$top/scripts/processes.sh"
# shellcheck source=scripts/vms-parts.sh
. "$top/scripts/vms-parts.sh"

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
  $self hosts              their servers as kvclient -h takes them
  $self log N              machine N's serial console, as it was
  $self console N          the same, live; Ctrl-] leaves

Harm, and repair
  $self unplug N…          the power goes: QEMU is killed
  $self plug N…            boot again, with the disk as it was; waits for ssh
  $self freeze N…          QEMU stops emulating; nothing in the machine notices
  $self thaw N…            it goes on
  $self cable N… off|on    the network card's link goes down, or up again
  $self clock N… SECONDS   move the machine's clock: +3600, -3600
  $self server N start     boot the machine where it is off, and start the server that was deployed to it
  $self server N stop      end it in good order
  $self server N kill      end it as a crash would, and what would start it again
  $self server N wipe      the same, and remove its data
  $self server N crashes   how often it was started again after it had ended by itself
  $self server N mend      undo all harm to the machine; start nothing

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

command_hosts() {
  local i hosts=()
  for ((i = 1; i <= count; i++)); do hosts+=("$(address "$i"):8081"); done
  local IFS=,
  echo "${hosts[*]}"
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

# What is done to the server of one machine, as kvdrill wants it; each for a shell there.
# shellcheck disable=SC2016
declare -A server_deeds=(
  [start]='cd quorate && exec ./launch.sh start'
  [stop]='cd quorate && exec ./launch.sh stop'
  [kill]='cd quorate; for file in keeper kvnode; do read -r pid start <$file.pid && kill -9 $pid; rm -f $file.pid; done
    while pidof kvnode >/dev/null; do sleep 0.02; done'
  [crashes]='grep -c "event=ended status" quorate/kvnode.log; true'
  [mend]='iptables -F; ip6tables -F'
)
server_deeds[wipe]="${server_deeds[kill]}; rm -rf kvnode.data; sync"

ask_machine() { # ask_machine N COMMAND
  inside "${ssh[@]}" "$(address "$1")" "$2" </dev/null
}

command_server() { # command_server N DEED
  machine "${1-}"
  [ -n "${server_deeds[${2:-none}]-}" ] || bad "start, stop, kill, wipe, crashes or mend which server"
  need
  need_network
  case $2 in
  start | mend)
    if is_gone "$(home "$1")/pid"; then
      accelerator
      boot "$1"
    fi
    ;;
  esac
  if [ "$2" = mend ]; then
    qmp "$1" cont >/dev/null
    qmp "$1" set_link '{"name":"card","up":true}' >/dev/null
  fi
  case $2 in start | mend) await "$1" || exit 1 ;; esac
  if [ "$2" = mend ]; then ask_machine "$1" "date -s @$(date +%s) >/dev/null"; fi
  ask_machine "$1" "${server_deeds[$2]}" 2>"$(home "$1")/said" ||
    die "machine $1, $2: $(tail -n 1 "$(home "$1")/said" | sed 's/^ERROR: //')"
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
up | down | status | clean | env | hosts) [ $# -eq 0 ] || bad "unexpected argument '$1'" ;;
esac
case $command in
--help | help) usage ;;
up | down | status | clean | ssh | run | env | log | console | unplug | plug | freeze | thaw | cable | clock | \
  hosts | server)
  "command_$command" "$@"
  ;;
'') bad "no command" ;;
*) bad "unknown command '$command'" ;;
esac
