#!/usr/bin/env bash
# A cluster of servers on this machine, each in a directory of its own. `scripts/cluster.sh --help` teaches.
set -euo pipefail

self=${0##*/}
top=$(cd "$(dirname "$0")/.." && pwd)
host=127.0.0.1
servers_max=7
# shellcheck source=scripts/processes.sh
. "$top/scripts/processes.sh"

usage() {
  cat <<HELP
$self: a cluster of Quorate servers on this machine, to try things on.

  $self start N [kvnode options]   start N servers (1 to $servers_max), wait until all answer linearizably
  $self stop [I]                   end all servers, or server I, in good order (SIGTERM)
  $self kill I                     end server I as a crash would (SIGKILL)
  $self pause I                    freeze server I (SIGSTOP)
  $self resume I                   let it go on (SIGCONT)
  $self restart I                  start server I; if it runs, end it in good order first
  $self wipe I                     kill server I, remove its data, start it empty
  $self status                     each server's process, then what each says of itself
  $self logs I [-f]                server I's log; -f: and what will be added
  $self hosts                      the servers as kvclient -h takes them
  $self pids                       number and pid of each server that runs; exit 1: none does

Server I is 1 to N. It runs in its own directory I with its own servers.txt, data, log and pid file.
Options such as --memory or --strict go to every server, and again when it is restarted.

Environment
  QUORATE_DIR     where the directories are            (default ./cluster)
  BASE_PORT       port of server 1; others follow      (default 8081; for start)
  READY_SECONDS   how long start, restart and wipe wait for linearizable answers; 0: do not wait
                                                       (default 20)
  STOP_SECONDS    how long SIGTERM may take, then SIGKILL (default 10)
  KVNODE, KVCLIENT  the programs                       (default .build/release, else .build/debug)

Example
  $self start 4 && kvclient -h \$($self hosts) -k color -v blue
  $self kill 1 && $self status && $self restart 1
HELP
}

die() { # die MESSAGE [STATUS]
  echo "ERROR: $1" >&2
  exit "${2:-1}"
}
bad() { die "$1: see $self --help" 2; }

number() { # number NAME TEXT LEAST MOST
  if [[ ! $2 =~ ^(0|[1-9][0-9]{0,5})$ ]] || (($2 < $3 || $2 > $4)); then
    die "$1 is a number from $3 to $4, not '$2'" 2
  fi
}

find_program() { # find_program NAME OVERRIDE
  local path
  for path in ${2:+"$2"} "$top/.build/release/$1" "$top/.build/debug/$1" "$top/$1"; do
    if [ -f "$path" ] && [ -x "$path" ]; then
      (cd "$(dirname "$path")" && echo "$PWD/${path##*/}")
      return
    fi
    [ -z "${2-}" ] || die "$path is no program"
  done
  die "no $1 built: make build, or say where it is (${1^^}=PATH)"
}

# The cluster as its files tell it.

home() { echo "$directory/$1"; }
pidfile() { echo "$directory/$1/kvnode.pid"; }
has_ended() { is_gone "$(pidfile "$1")"; }

count_servers() {
  if [ -f "$directory/hosts" ]; then wc -l <"$directory/hosts"; else echo 0; fi
}

address() { sed -n "$1p" "$directory/hosts"; }

need_cluster() { [ "$(count_servers)" -gt 0 ] || die "no cluster in $directory: $self start N"; }

need_server() { # need_server COMMAND I
  need_cluster
  [ -n "${2-}" ] || bad "$1 which server"
  [ $# -le 2 ] || bad "unexpected argument '$3'"
  number "the server" "$2" 1 "$(count_servers)"
}

is_in_state() { [ "$(process_state "$1")" = "$2" ]; }
is_going_on() { ! is_in_state "$1" T; }

signal() { # signal NAME I
  local pid
  pid=$(running_pid "$(pidfile "$2")") || return 1
  kill -s "$1" "$pid" 2>/dev/null
}

must_signal() { signal "$1" "$2" || die "server $2 does not run"; }

# HTTP by hand, so that starting needs no other program.

ask() { # ask I PATH: the status line of the answer, then its body
  timeout 2 bash -s -- "$host" "$(port_of "$1")" "$2" 2>/dev/null <<'ASK'
exec 3<>"/dev/tcp/$1/$2" || exit 1
printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$3" "$1" >&3
IFS= read -r line <&3
printf '%s\n' "$line"
sed '1,/^\r*$/d' <&3
ASK
}

port_of() {
  local own
  own=$(address "$1")
  echo "${own##*:}"
}

is_taken() { (exec 3<>"/dev/tcp/$host/$1") 2>/dev/null; }

is_ready() { [[ $(ask "$1" /-/ready | head -n 1) == *" 200 "* ]]; }

is_settled() { has_ended "$1" || is_ready "$1"; } # Ready, or it never will be.

last_words() {
  local words
  words=$(tail -n 1 "$(home "$1")/kvnode.log" 2>/dev/null)
  echo "${words:-no word in its log}"
}

# Starting and ending one server.

launch() { # launch I
  local own options=()
  own=$(home "$1")
  mapfile -t options <"$directory/options"
  [ -d "$own" ] || die "$own is gone: remove $directory and start anew"
  ! is_taken "$(port_of "$1")" || die "port $(port_of "$1") is in use: another program serves there"
  {
    address "$1"
    sed "$1d" "$directory/hosts"
  } >"$own/servers.txt"
  rm -f "$(pidfile "$1")"
  # The process itself notes its pid, then gets a session of its own: whatever becomes of this script, and
  # whenever Ctrl-C comes, it can be found and ended. Descriptor 9 is this script's lock.
  (
    cd "$own"
    note_own_pid kvnode.pid
    exec setsid "$kvnode" "${options[@]}" </dev/null >>kvnode.log 2>&1 9>&-
  ) &
  wait_until 10 test -f "$(pidfile "$1")" || die "server $1 cannot be started in $own"
}

await() { # await I
  [ "$ready_seconds" -gt 0 ] || return 0
  if ! wait_until "$ready_seconds" is_settled "$1"; then
    complain "server $1 ($(address "$1")) runs, but does not answer linearizably after $ready_seconds s:" \
      "$(ask "$1" /-/ready | sed 1d | head -n 1)"
    return 1
  fi
  if has_ended "$1"; then
    complain "server $1 ($(address "$1")) has ended: $(last_words "$1")"
    return 1
  fi
}

complain() { echo "ERROR: $*" >&2; }

finish() { # finish I: it has been asked to end
  if ! wait_until "$stop_seconds" has_ended "$1"; then
    echo "server $1 did not end within $stop_seconds s: killed"
    slay "$(pidfile "$1")"
  fi
  rm -f "$(pidfile "$1")"
}

ask_to_end() { # A frozen one hears nothing until it goes on.
  signal TERM "$1" || return 1
  signal CONT "$1" || true
}

start_one() {
  launch "$1"
  await "$1" || exit 1
  echo "server $1 serves at $(address "$1"), pid $(running_pid "$(pidfile "$1")")"
}

# Commands.

check_options() {
  local option
  for option in "$@"; do
    case $option in
    --servers* | --data* | --listen*) bad "$option: each server has its own directory, address and data" ;;
    --help | --version) bad "$option is not for a cluster" ;;
    *$'\n'*) bad "an option with a line break" ;;
    esac
  done
}

command_start() { # command_start N OPTIONS...
  [ $# -gt 0 ] || bad "start how many servers"
  number "the number of servers" "$1" 1 $servers_max
  local count=$1 base=${BASE_PORT:-8081} i wanted='' is_new=no
  shift
  number BASE_PORT "$base" 1 $((65536 - count))
  check_options "$@"
  for ((i = 0; i < count; i++)); do wanted+=$host:$((base + i))$'\n'; done
  kvnode=$(find_program kvnode "${KVNODE-}")
  lock
  need_nothing_running
  if [ "$(count_servers)" -gt 0 ] && [ "$(cat "$directory/hosts")" != "${wanted%$'\n'}" ]; then
    die "$directory holds the data of other servers ($(hosts)): remove it, or set QUORATE_DIR"
  fi
  for ((i = 0; i < count; i++)); do
    ! is_taken $((base + i)) || die "port $((base + i)) is in use: end what serves there, or set BASE_PORT"
  done
  if [ "$(count_servers)" -eq 0 ]; then is_new=yes; fi
  printf %s "$wanted" >"$directory/hosts"
  printf '%s\n' "$@" | sed '/^$/d' >"$directory/options"
  for ((i = 1; i <= count; i++)); do
    mkdir -p "$(home "$i")"
    : >"$(home "$i")/kvnode.log"
  done
  for ((i = 1; i <= count; i++)); do launch "$i"; done
  for ((i = 1; i <= count; i++)); do
    await "$i" || {
      stop_all >/dev/null
      if [ $is_new = yes ]; then forget; fi
      exit 1
    }
  done
  echo "a cluster of $count serves at $(hosts), in $directory"
}

need_nothing_running() {
  local i count running=0
  count=$(count_servers)
  for ((i = 1; i <= count; i++)); do has_ended "$i" || running=$((running + 1)); done
  [ $running -eq 0 ] || die "a cluster runs already in $directory: $running of $count servers; $self stop ends it"
}

forget() { # What never served has no data worth keeping; its logs stay.
  rm -rf "$directory"/[1-7]/kvnode.data "$directory/hosts" "$directory/options"
}

hosts() { paste -sd, "$directory/hosts"; }

stop_all() {
  local i count running=0
  count=$(count_servers)
  for ((i = 1; i <= count; i++)); do ! ask_to_end "$i" || running=$((running + 1)); done
  for ((i = 1; i <= count; i++)); do finish "$i"; done
  if [ $running -eq 0 ]; then echo "nothing ran"; else echo "ended $running of $count servers"; fi
}

command_stop() {
  if [ $# -eq 0 ]; then
    lock
    stop_all
    return
  fi
  need_server stop "$@"
  lock
  if ask_to_end "$1"; then
    finish "$1"
    echo "ended server $1"
  else
    echo "server $1 did not run"
  fi
}

command_kill() {
  need_server kill "$@"
  must_signal KILL "$1"
  wait_until 10 has_ended "$1" || die "server $1 outlives SIGKILL"
  echo "killed server $1"
}

command_pause() {
  need_server pause "$@"
  must_signal STOP "$1"
  wait_until 10 is_in_state "$(running_pid "$(pidfile "$1")")" T || die "server $1 is not frozen"
  echo "server $1 is frozen"
}

command_resume() {
  need_server resume "$@"
  must_signal CONT "$1"
  wait_until 10 is_going_on "$(running_pid "$(pidfile "$1")")" || die "server $1 does not go on"
  echo "server $1 goes on"
}

command_restart() {
  need_server restart "$@"
  kvnode=$(find_program kvnode "${KVNODE-}")
  lock
  if ask_to_end "$1"; then finish "$1"; fi
  start_one "$1"
}

command_wipe() {
  need_server wipe "$@"
  kvnode=$(find_program kvnode "${KVNODE-}")
  lock
  slay "$(pidfile "$1")"
  rm -rf "$(home "$1")/kvnode.data"
  start_one "$1"
}

command_status() {
  local i count pid client
  [ $# -eq 0 ] || bad "unexpected argument '$1'"
  need_cluster
  client=$(find_program kvclient "${KVCLIENT-}")
  count=$(count_servers)
  for ((i = 1; i <= count; i++)); do
    if pid=$(running_pid "$(pidfile "$i")"); then
      if is_in_state "$pid" T; then pid+=" (frozen)"; fi
      echo "server $i $(address "$i") pid $pid"
    else
      echo "server $i $(address "$i") does not run"
    fi
  done
  "$client" status -h "$(hosts)" --timeout 1
}

command_logs() { # command_logs I [-f]
  [ $# -le 2 ] || bad "unexpected argument '$3'"
  need_server logs "${1-}"
  case ${2-} in
  '') cat "$(home "$1")/kvnode.log" ;;
  -f) exec tail -n +1 -f "$(home "$1")/kvnode.log" ;;
  *) bad "unexpected argument '$2'" ;;
  esac
}

command_hosts() {
  [ $# -eq 0 ] || bad "unexpected argument '$1'"
  need_cluster
  hosts
}

command_pids() {
  local i count pid status=1
  [ $# -eq 0 ] || bad "unexpected argument '$1'"
  need_cluster
  count=$(count_servers)
  for ((i = 1; i <= count; i++)); do
    if pid=$(running_pid "$(pidfile "$i")"); then
      echo "$i $pid"
      status=0
    fi
  done
  return $status
}

lock() { # One at a time changes a cluster.
  mkdir -p "$directory" 2>/dev/null || die "$directory cannot be made"
  exec 9>"$directory/lock"
  flock -w 60 9 || die "another $self is at work in $directory"
}

directory=${QUORATE_DIR:-cluster}
[[ $directory == /* ]] || directory=$PWD/$directory
ready_seconds=${READY_SECONDS:-20}
number READY_SECONDS "$ready_seconds" 0 3600
stop_seconds=${STOP_SECONDS:-10}
number STOP_SECONDS "$stop_seconds" 1 3600

command=${1-}
[ $# -eq 0 ] || shift
case $command in
--help | help) usage ;;
start | stop | kill | pause | resume | restart | wipe | status | logs | hosts | pids) "command_$command" "$@" ;;
'') bad "no command" ;;
*) bad "unknown command '$command'" ;;
esac
