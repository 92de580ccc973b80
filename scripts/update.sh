#!/usr/bin/env bash
# Bring programs and servers.txt to the machines of a cluster over ssh. `scripts/update.sh --help` teaches.
set -euo pipefail

self=${0##*/}
top=$(cd "$(dirname "$0")/.." && pwd)
servers_max=7
lag_max=64         # Ops that a server without lag may be behind: what is under way at any moment.
spare_kib=1024     # To be left on a machine's disk.
control_path_max=90 # Bytes, of about 108 that a socket's path may have.

usage() {
  cat <<HELP
$self: bring Quorate to the machines that are to run it, over plain ssh.

  $self HOST[:PORT]…                              copy, and start nothing
  $self --start HOST[:PORT]… [-- kvnode options]  copy; then start or renew, one server after the other

Each machine gets kvnode and kvclient (as scripts/standalone.sh links them), launch.sh with service.sh, and a
servers.txt with itself first, in REMOTE_DIR. Only sh and the usual small tools are needed there (busybox will
do). A file that is there already is not sent again; run twice, the second run changes nothing.

All machines are looked at before anything changes on any: one that cannot be reached, has no space, another
processor, the data of another set of servers, or another program on the port, and nothing is done. Then all files
arrive under other names, are compared, and kvnode must run; only then each takes its place.

--start then goes from server to server: those that do not run, then backups, the primary last. One with an older
program or other options is ended in order (it hands over) and started anew, and must answer linearizably and be
without lag before the next one's turn. At the first that does not, everything stops, and it is said how to go on.
A server is not taken down while no other one holds everything, unless FORCE=1.

Hosts are names or addresses, [IPv6] in brackets, with spaces or commas between; PORT is the server's own.

Environment
  PORT        the servers' port, where none is given        (default 8081)
  REMOTE_DIR  directory there; relative: to the login's home (default quorate)
  SSH_USER    login name                                    (default: as ssh decides)
  SSH_KEY     file of the private key                       (default: as ssh decides)
  SSH_PORT    port of sshd                                  (default: as ssh decides)
  SSH_OPTIONS further options for ssh, such as "-o StrictHostKeyChecking=accept-new"
  PROGRAMS    directory of kvnode and kvclient              (default .build/deploy)
  QUORATE_NETNS  network namespace in which the machines are: ssh and kvclient run there
  DRY_RUN     1: look, and say what would be done
  FORCE       1: take servers down even where nobody else would answer, or data would be lost
  AT_BOOT     yes: start it at boot too; no: no longer; '': as it was   (default yes)
  KEEP        no: do not start it again after a crash       (default yes)
  WAIT_SECONDS  time for a server to be ready and without lag (default 60)

One line a host on stdout; what takes longer than a second is told on stderr. Exit status: 0 all good, 1 not, 2 usage.

Example
  SSH_USER=quorate $self --start 192.168.8.160 192.168.8.161 192.168.8.162 192.168.8.163
HELP
}

die() { # die MESSAGE [STATUS]
  echo "ERROR: $1" >&2
  exit "${2:-1}"
}
bad() { die "$1: see $self --help" 2; }

is_port() { [[ $1 =~ ^[1-9][0-9]{0,4}$ ]] && (($1 <= 65535)); }

take_host() { # take_host TEXT: appends to hosts and servers
  local host=$1 port=${PORT:-8081}
  if [[ $host =~ ^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:([0-9]+))?$ && $host != -* ]]; then
    host=${BASH_REMATCH[1]}
    port=${BASH_REMATCH[3]:-$port}
  else
    bad "'$host' is not HOST or HOST:PORT"
  fi
  is_port "$port" || die "the port is a number from 1 to 65535, not '$port'" 2
  local other
  for other in ${hosts[@]+"${hosts[@]}"}; do
    [ "$other" != "$host" ] || bad "$host is given twice: one machine, one server"
  done
  hosts+=("$host")
  servers+=("$host:$port")
}

quote() { # quote WORDS…: as one line for a shell there
  local word
  for word in "$@"; do printf "'%s' " "${word//\'/\'\\\'\'}"; done
}

remote() { # remote HOST COMMAND: stdin and stdout are the command's, whatever the login shell is
  local host=${1#\[}
  "${ssh[@]}" "${host%\]}" "sh -c $(quote "$2")"
}

sum() { sha256sum "$1" | cut -d ' ' -f 1; }

# What takes long is told.

ticker=
doing() { # doing TEXT: says so every few seconds, until the next `doing` or `quiet`
  quiet
  (
    waited=0
    while :; do
      pause=$((waited == 0 ? 1 : 5))
      read -rt $pause _ || true
      waited=$((waited + pause))
      echo "$1 … $waited s" >&2
    done
  ) <>"$scratch/never" &
  ticker=$!
  disown "$ticker"
}
quiet() {
  [ -n "$ticker" ] || return 0
  kill -s KILL "$ticker" 2>/dev/null || true
  ticker=
}

# What is sent, made ready in a directory of our own.

prepare() {
  local name
  mkfifo "$scratch/never"
  for name in kvnode kvclient; do
    [ -f "$programs/$name" ] || die "no $programs/$name: make standalone"
    if command -v strip >/dev/null; then
      strip -o "$scratch/$name" "$programs/$name" || die "$programs/$name cannot be stripped"
    else
      cp "$programs/$name" "$scratch/$name"
    fi
  done
  # Options are read before --version is done: a wrong one ends here, and no server.
  why=$("$scratch/kvnode" ${options[@]+"${options[@]}"} --version 2>&1 >/dev/null) || {
    [ $? -ne 2 ] || die "${why#ERROR: }" 2
    die "$programs/kvnode does not run here"
  }
  cp "$top"/scripts/{launch,service}.sh "$scratch/"
  chmod 755 "$scratch"/{kvnode,kvclient,launch.sh,service.sh}
  for name in "${!hosts[@]}"; do servers_file "${servers[name]}" >"$scratch/servers.$name"; done
}

servers_file() { # servers_file SERVER: itself first
  local server
  echo "$1"
  for server in "${servers[@]}"; do
    if [ "$server" != "$1" ]; then echo "$server"; fi
  done
}

source_of() { # source_of INDEX FILE
  if [ "$2" = servers.txt ]; then echo "$scratch/servers.$1"; else echo "$scratch/$2"; fi
}

reason() {
  local words
  words=$(tail -n 1 "$scratch/stderr" | tr -d '\r')
  echo "${words:-ssh gave no reason}"
}

# Looking. Each of these takes a host's index, and sets `why` where it fails.

fact() { # fact INDEX NAME: what host-check.sh said of it
  sed -n "s/^$2 \{0,1\}//p" "$scratch/facts.$1"
}
has() { grep -q "^$2\( \|$\)" "$scratch/facts.$1"; }

look() {
  local server=${servers[$1]}
  remote "${hosts[$1]}" "sh -s -- $directory $(quote "$(bare "${hosts[$1]}")" "${server##*:}")" \
    <"$top/scripts/host-check.sh" >"$scratch/facts.$1" 2>"$scratch/stderr" || {
    why="not reached: $(reason)"
    return 1
  }
  compare "$1"
  judge "$1"
}

bare() { # bare HOST: an IPv6 address without its brackets
  local host=${1#\[}
  echo "${host%\]}"
}

compare() { # Sets `changed`, the files to be sent, and `wants`: why it must be started, or nothing.
  local file list=()
  for file in "${files[@]}"; do
    if ! grep -qx "sum $(sum "$(source_of "$1" "$file")")  $file" "$scratch/facts.$1"; then list+=("$file"); fi
  done
  changed[$1]="${list[*]-}"
  if ! has "$1" running; then
    wants[$1]=start
  elif [[ " ${list[*]-} " == *" kvnode "* ]] || ! has "$1" current; then
    wants[$1]="another program"
  elif [[ " ${list[*]-} " == *" servers.txt "* ]]; then
    wants[$1]="another servers.txt"
  elif [ "$(fact "$1" options)" != "${options[*]+${options[*]} }" ]; then
    wants[$1]="other options"
  elif [ "$keep" = yes ] && ! has "$1" kept; then
    wants[$1]="nobody to start it again"
  else
    wants[$1]=
  fi
}

judge() {
  local file need=$spare_kib set
  for file in ${changed[$1]}; do need=$((need + ($(wc -c <"$(source_of "$1" "$file")") + 1023) / 1024)); done
  set=$(sort "$scratch/servers.$1" | tr '\n' ' ')
  if has "$1" lacks; then
    why="no $(fact "$1" lacks | paste -sd ' ') there"
  elif [ "$(fact "$1" machine)" != "$(uname -m)" ]; then
    why="its processor is $(fact "$1" machine), the programs are for $(uname -m)"
  elif has "$1" unwritable; then
    why="$(fact "$1" unwritable) cannot be written"
  elif [ -n "${changed[$1]}" ] && (($(fact "$1" free) < need)); then
    why="no space: $(fact "$1" free) KiB free, $need needed"
  elif has "$1" port; then
    why="port ${servers[$1]##*:} is $(fact "$1" port | sed -n 1p)"
  elif [ "$force" != 1 ] && has "$1" set && [ "$(fact "$1" set)" != "$set" ] &&
    { has "$1" data || has "$1" running; }; then
    why="it belongs to the servers $(fact "$1" set | sed 's/ $//'): a set of servers is fixed"
  else
    return 0
  fi
  return 1
}

# Copying.

stage() { # All that changes, under other names.
  local file
  for file in ${changed[$1]}; do
    doing "${servers[$1]}: sending $file, $(wc -c <"$(source_of "$1" "$file")") bytes"
    send "$1" "$file" || return 1
  done
  if [[ " ${changed[$1]} " == *" kvnode "* ]]; then
    remote "${hosts[$1]}" "cd $directory && chmod 755 kvnode.new && ./kvnode.new --version >/dev/null" \
      </dev/null >/dev/null 2>"$scratch/stderr" || {
      why="the new program does not run there: $(reason)"
      return 1
    }
  fi
}

send() { # send INDEX FILE
  local got size wanted source
  source=$(source_of "$1" "$2")
  size=$(wc -c <"$source")
  wanted=$(sum "$source")
  got=$(remote "${hosts[$1]}" "mkdir -p $directory && cd $directory && cat >$2.new && wc -c <$2.new &&
    { sha256sum <$2.new 2>/dev/null || true; }" <"$source" 2>"$scratch/stderr") || {
    why="$2 did not arrive: $(reason)"
    return 1
  }
  local there=() # Size, and the sum where there is a sha256sum.
  read -r -d '' -a there <<<"$got" || true
  if [ "${there[0]-}" != "$size" ] || [ "${there[1]:-$wanted}" != "$wanted" ]; then
    why="$2 arrived mangled: ${there[0]:-no} bytes of $size"
    return 1
  fi
}

unstage() { # unstage INDEX…: as if nothing had been sent
  local index names
  names=$(printf '%s.new ' "${files[@]}")
  for index in "$@"; do
    remote "${hosts[index]}" "cd $directory && rm -f $names && rmdir \"\$PWD\"" \
      </dev/null >/dev/null 2>&1 || true
  done
}

place() { # What was staged takes its place.
  local moves='' file mode
  [ -n "${changed[$1]}" ] || return 0
  for file in ${changed[$1]}; do
    mode=755
    if [ "$file" = servers.txt ]; then mode=644; fi
    moves+=" && chmod $mode $file.new && mv $file.new $file"
  done
  remote "${hosts[$1]}" "cd $directory$moves && sync" </dev/null >/dev/null 2>"$scratch/stderr" || {
    why="the new files cannot take their place: $(reason)"
    return 1
  }
}

# shellcheck source=scripts/rolling.sh
. "$top/scripts/rolling.sh"

# Where nothing is to be ended.

settle_boot() { # What is asked for the machine's next start, where it is not so yet.
  local has_boot=no
  if has "$1" boot; then has_boot=yes; fi
  if [ $starts = no ] || [ -z "$at_boot" ] || [ $has_boot = "$at_boot" ]; then return 0; fi
  remote "${hosts[$1]}" "cd $directory && AT_BOOT=$at_boot ./launch.sh start" \
    </dev/null >/dev/null 2>"$scratch/stderr" || {
    why="its start at boot: $(reason | sed 's/^ERROR: //')"
    return 1
  }
}

settle() { # settle INDEX: a host whose server goes on as it is
  if ! place "$1" || ! settle_boot "$1"; then
    quiet
    echo "ERROR: ${servers[$1]}: $why"
    return 1
  fi
  why="nothing to do"
  if [ -n "${changed[$1]}" ]; then why="copied ${changed[$1]}"; fi
  echo "${servers[$1]}: $why"
}

each() { # each COMMAND TEXT: for every host; fails where any failed
  local index failed=0
  for index in "${!hosts[@]}"; do
    doing "${servers[index]}: $2"
    "$1" "$index" || {
      quiet
      echo "ERROR: ${servers[index]}: $why"
      failed=1
    }
  done
  quiet
  return $failed
}

foretell() { # What would be done, in order.
  local index did
  for index in "${!servers[@]}"; do
    did=no
    if [ -n "${changed[index]}" ]; then
      echo "${servers[index]}: would copy ${changed[index]}"
      did=yes
    fi
    if [ $starts = yes ] && [ -n "${wants[index]}" ]; then did=yes; fi
    [ $did = yes ] || echo "${servers[index]}: nothing to do"
  done
  [ $starts = yes ] || return 0
  choose
  while [ -n "$next" ]; do
    if [ "${wants[next]}" = start ]; then
      echo "${servers[next]}: would start"
    else
      why=${wants[next]}
      if [ "${servers[next]}" = "$primary" ]; then why+="; the primary"; fi
      echo "${servers[next]}: would end and start: $why"
    fi
    wants[next]=
    choose
  done
}

end() {
  local host
  quiet
  for host in ${hosts[@]+"${hosts[@]}"}; do
    [ $is_connected = no ] || "${ssh[@]}" -O exit "$(bare "$host")" 2>/dev/null || true
  done
  rm -rf "$scratch"
}

hosts=()
servers=()
options=()
changed=()
wants=()
finished=()
primary=
starts=no
while [ $# -gt 0 ]; do
  case $1 in
  --help)
    usage
    exit
    ;;
  --start) starts=yes ;;
  --)
    shift
    options=("$@")
    break
    ;;
  -*) bad "unknown option '$1'" ;;
  *)
    IFS=', ' read -r -a words <<<"$1"
    for word in "${words[@]}"; do take_host "$word"; done
    ;;
  esac
  shift
done
[ ${#hosts[@]} -gt 0 ] || bad "no hosts"
[ ${#hosts[@]} -le $servers_max ] || bad "${#hosts[@]} hosts: a cluster has at most $servers_max servers"
[ $starts = yes ] || [ ${#options[@]} -eq 0 ] || bad "kvnode options go with --start"

inside=() # What leads into the network of the machines.
if [ -n "${QUORATE_NETNS-}" ]; then inside=(ip netns exec "$QUORATE_NETNS"); fi
ssh=(${inside[@]+"${inside[@]}"} ssh -o BatchMode=yes -o ConnectTimeout=10)
if [ -n "${SSH_USER-}" ]; then ssh+=(-l "$SSH_USER"); fi
if [ -n "${SSH_PORT-}" ]; then
  is_port "$SSH_PORT" || die "SSH_PORT is a number from 1 to 65535, not '$SSH_PORT'" 2
  ssh+=(-p "$SSH_PORT")
fi
if [ -n "${SSH_KEY-}" ]; then
  [ -r "$SSH_KEY" ] || die "SSH_KEY=$SSH_KEY cannot be read" 2
  ssh+=(-i "$SSH_KEY" -o IdentitiesOnly=yes)
fi
read -r -a further <<<"${SSH_OPTIONS-}"
ssh+=(${further[@]+"${further[@]}"})
command -v ssh >/dev/null || die "no ssh here"
directory=$(quote "${REMOTE_DIR:-quorate}")
programs=${PROGRAMS:-$top/.build/deploy}
files=(kvnode kvclient launch.sh service.sh servers.txt)
force=${FORCE:-0}
at_boot=${AT_BOOT-yes}
keep=${KEEP:-yes}
wait_seconds=${WAIT_SECONDS:-60}
[[ $wait_seconds =~ ^[1-9][0-9]{0,3}$ ]] || die "WAIT_SECONDS is a number from 1 to 9999, not '$wait_seconds'" 2
[[ $at_boot =~ ^(yes|no|)$ ]] || die "AT_BOOT is yes, no or empty, not '$at_boot'" 2
[[ $keep =~ ^(yes|no)$ ]] || die "KEEP is yes or no, not '$keep'" 2

scratch=$(mktemp -d)
is_connected=no
control=
# One connection a host for all that is asked of it.
if [ ${#scratch} -lt $((control_path_max - 42)) ]; then
  control="$scratch/%C"
  ssh+=(-o ControlMaster=auto -o "ControlPath=$control" -o ControlPersist=60)
fi
trap end EXIT
trap 'exit 130' INT TERM HUP
prepare
if [ -n "$control" ]; then is_connected=yes; fi
each look "looking at it" || die "nothing has been changed"
if [ $starts = yes ]; then
  ask
  foresee || die "nothing has been changed"
fi
if [ "${DRY_RUN:-0}" = 1 ]; then
  foretell
  exit
fi
each stage "sending" || {
  unstage "${!hosts[@]}"
  die "nothing has been changed"
}
if [ $starts = yes ]; then roll; else each settle "putting files in place"; fi
