#!/bin/sh
# Start, stop and show the one server of this machine. POSIX sh, busybox included. `launch.sh --help` teaches.
set -eu

self=${0##*/}
here=$(cd "$(dirname "$0")" && pwd)
script=$here/$self
pause_max=30 # Seconds between two starts of a server that crashes again and again.

usage() {
  cat <<HELP
$self: the Quorate server of this machine.

  $self start HOST:PORT… [-- kvnode options]   start the server
  $self renew HOST:PORT… [-- kvnode options]   the same; a server that runs with an older program, servers.txt
                                               or other options is ended and started anew, and must answer
                                               linearizably again
  $self stop                                   end it in good order
  $self status                                 whether it runs, and what all servers say

start is given the addresses of all servers, the same on every machine; commas will do for spaces. It finds
which one is this machine's, writes servers.txt with that one first, starts kvnode detached from the
terminal, and waits until it serves. Without addresses it takes the servers.txt that is there, without --
the options of the last time. Where the server runs already, nothing changes.

A server that crashes is started again, after 1 s, then 2, 4 … $pause_max, until stop: by systemd, where
AT_BOOT=yes made it a service (of the system for root, else of the user), or by this script's own loop. One that
ended in good order, or for a wrong servers.txt or option, is not.

Environment
  QUORATE_HOME   directory of servers.txt, data, kvnode.log and kvnode.pid
                 (default: where this script is, if kvnode is there too, else the current directory)
  AT_BOOT        yes: with start and renew, from now on start it at boot too: a service of systemd, or else
                 start-at-boot in QUORATE_HOME, which the machine is to run (crontab's @reboot does, where there
                 is a crontab); no: no longer                       (default: as it was)
  KEEP           no: do not start it again after a crash            (default yes)
  OWN            HOST:PORT of this machine, as in the list, where it cannot be found or several fit
  KVNODE         the program (default: kvnode beside this script, in QUORATE_HOME, or in PATH)
  WAIT_SECONDS   time to serve, and for renew to answer linearizably
                 (default 40: kvnode itself waits 30 for an address from DHCP)
  STOP_SECONDS   time to end after SIGTERM, then SIGKILL (default 10)
  ADDRESS_SECONDS  time for one of the addresses to become this machine's (default 0)
  PATIENT        yes: start does not wait, and goes on trying where kvnode cannot serve yet: for boot

Exit status: 0 done, or it runs; 1 failed, or it does not run; 2 usage.

Example, the same line on all four machines:
  $self start 192.168.8.160:8081 192.168.8.161:8081 192.168.8.162:8081 192.168.8.163:8081
HELP
}

die() { # die MESSAGE [STATUS]
  echo "ERROR: $1" >&2
  exit "${2:-1}"
}
bad() { die "$1: see $self --help" 2; }

nap() { sleep 0.05 2>/dev/null || sleep 1; }

seconds() { # seconds NAME TEXT
  case $2 in
  '' | *[!0-9]* | ?????*) die "$1 is a number of seconds up to 9999, not '$2'" 2 ;;
  esac
}

# The process. A pid alone may have passed to another program: its start time, in ticks since boot, tells.

process_fields() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null; } # From the state on.
process_start() { process_fields "$1" | cut -d ' ' -f 20; }

note_pid() { # note_pid FILE: this process's
  echo "$$ $(process_start $$)" >"$1.new" && mv "$1.new" "$1"
}

pid_in() { # pid_in FILE: the process that noted itself there, if it runs
  [ -f "$1" ] || return 1
  pid='' start=''
  read -r pid start <"$1" || return 1
  [ -n "$start" ] && [ "$(process_start "$pid")" = "$start" ] || return 1
  case $(process_fields "$pid") in
  '' | Z* | X*) return 1 ;;
  esac
  echo "$pid"
}

running_pid() { pid_in "$home/kvnode.pid"; }
is_running() (running_pid >/dev/null)
is_kept() (pid_in "$home/keeper.pid" >/dev/null)

own_line() { sed -n 1p "$home/servers.txt" 2>/dev/null || true; }

# Which address is this machine's.

machine_addresses() { # One a line.
  if command -v ip >/dev/null 2>&1; then
    ip -o addr show 2>/dev/null | awk '{ sub("/.*", "", $4); print $4 }'
  elif command -v hostname >/dev/null 2>&1 && hostname -I >/dev/null 2>&1; then
    hostname -I | tr ' ' '\n'
  elif command -v ifconfig >/dev/null 2>&1; then
    ifconfig -a | awk '/inet/ { for (i = 2; i <= NF; i++) if ($i ~ /[0-9a-f][.:]/) {
      sub("^addr:", "", $i); sub("/.*", "", $i); print $i; break } }'
  fi | tr 'A-F' 'a-f'
}

resolve() { # resolve HOST: its addresses, one a line; a numeric one is its own
  case $1 in
  *:*) echo "$1" | tr 'A-F' 'a-f' ;;
  *[!0-9.]*)
    if command -v getent >/dev/null 2>&1; then
      getent ahosts "$1" | awk '{ print $1 }'
    elif command -v nslookup >/dev/null 2>&1; then
      # The server's own address comes first, before the name.
      nslookup "$1" 2>/dev/null | awk '/^Name:/ { found = 1 }
        found && /^Address/ { sub("^Address[ 0-9]*: *", ""); print $1 }'
    fi
    awk -v name="$1" '{ for (i = 2; i <= NF && $i !~ /^#/; i++) if ($i == name) print $1 }' \
      /etc/hosts 2>/dev/null || true
    ;;
  *) echo "$1" ;;
  esac
}

is_here() { # is_here HOST:PORT: whether it is an address of this machine
  host=${1%:*}
  host=${host#\[}
  host=${host%\]}
  if [ "$host" = "$(hostname 2>/dev/null)" ]; then return 0; fi
  for address in $(resolve "$host"); do
    case $address in
    127.* | ::1) return 0 ;;
    esac
    if printf '%s\n' "$machine" | grep -Fqx "$address"; then return 0; fi
  done
  return 1
}

find_own() { # find_own HOST:PORT…: sets `own`; exit status 1: none of them is here
  machine=$(machine_addresses)
  own=
  for entry in "$@"; do
    is_here "$entry" || continue
    [ -z "$own" ] || die "$own and $entry are both this machine's: say which with OWN=HOST:PORT"
    own=$entry
  done
  [ -n "$own" ]
}

choose_own() { # choose_own HOST:PORT…
  if [ -n "${OWN-}" ]; then
    own=$OWN
    for entry in "$@"; do
      if [ "$entry" = "$own" ]; then return; fi
    done
    die "OWN=$OWN is not among the addresses: $*"
  fi
  end=$(($(date +%s) + address_seconds))
  until find_own "$@"; do
    if [ "$(date +%s)" -ge "$end" ]; then
      die "none of $* is an address of this machine ($(echo "$machine" | tr '\n' ' ')); OWN=HOST:PORT says which"
    fi
    nap
  done
}

check_entry() {
  case $1 in
  *[!A-Za-z0-9.:_\[\]-]* | :* | *: | *:*[!0-9]) bad "'$1' is not HOST:PORT" ;;
  *:*) ;;
  *) bad "'$1' is not HOST:PORT" ;;
  esac
}

# shellcheck source=scripts/service.sh
. "$here/service.sh"

# Starting.

find_kvnode() {
  if [ -n "${KVNODE-}" ]; then
    if [ ! -f "$KVNODE" ] || [ ! -x "$KVNODE" ]; then die "KVNODE=$KVNODE is no program"; fi
    kvnode=$(cd "$(dirname "$KVNODE")" && pwd)/${KVNODE##*/}
    return
  fi
  for kvnode in "$here/kvnode" "$home/kvnode" "$(command -v kvnode 2>/dev/null || true)"; do
    if [ -f "$kvnode" ] && [ -x "$kvnode" ]; then return; fi
  done
  die "no kvnode in $here, in $home or in PATH: KVNODE=PATH says where it is"
}

write_servers() { # write_servers HOST:PORT…: the own one first
  {
    echo "$own"
    for entry in "$@"; do
      if [ "$entry" != "$own" ]; then echo "$entry"; fi
    done
  } 2>/dev/null >"$home/servers.txt.new" || die "$home/servers.txt cannot be written"
}

answers() { # Whether HTTP is answered at the own address, where something here can ask.
  if command -v curl >/dev/null 2>&1; then
    curl -s -o /dev/null --noproxy '*' --max-time 2 "http://$own/-/healthy"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O /dev/null -T 2 "http://$own/-/healthy" 2>/dev/null
  else
    return 1
  fi
}

new_log() { tail -c "+$((log_size + 1))" "$home/kvnode.log" 2>/dev/null; }

serves() { new_log | grep -qE 'event=(listening|serving)' || answers; } # Also before the others are there.

write_command() { # write_command OPTIONS…: kvnode.command.new, a word a line
  for word in "$kvnode" "$@"; do
    case $word in
    *"
"*) bad "an option with a line break" ;;
    esac
  done
  printf '%s\n' "$kvnode" "$@" >"$home/kvnode.command.new"
}

detached() { # detached COMMAND…
  detach=$(command -v setsid || command -v nohup) || die "neither setsid nor nohup is here"
  (cd "$home" && "$detach" "$@" </dev/null >>kvnode.log 2>&1 &)
}

launch() {
  log_size=0
  if [ -f "$home/kvnode.log" ]; then log_size=$(wc -c <"$home/kvnode.log"); fi
  rm -f "$home/kvnode.pid"
  if [ -n "$manager" ]; then
    $manager start --no-block quorate.service || die "systemd does not start quorate.service"
  elif [ "$keep" = no ]; then
    detached env QUORATE_HOME="$home" sh "$script" --run
  else
    detached env QUORATE_HOME="$home" sh "$script" --keep
  fi
}

run() { # Becomes kvnode. Only the process itself knows its pid before anyone else does.
  set --
  while IFS= read -r word; do set -- "$@" "$word"; done <"$home/kvnode.command"
  cd "$home"
  note_pid kvnode.pid
  exec "$@"
}

await() {
  if [ "${PATIENT-}" = yes ]; then return; fi
  end=$(($(date +%s) + wait_seconds))
  until [ -f "$home/kvnode.pid" ] && { ! is_running || serves; }; do
    [ "$(date +%s)" -lt "$end" ] || give_up "kvnode does not serve after $wait_seconds s: $(last_words)"
    nap
  done
  is_running || give_up "kvnode has ended: $(last_words)"
}

give_up() { # give_up MESSAGE: what does not serve now is not tried again behind one's back
  words=$1
  stop >/dev/null
  die "$words"
}

last_words() {
  words=$(new_log | grep -v ' event=ended status=' | tail -n 1)
  echo "${words:-no word in $home/kvnode.log}"
}

is_current() { # is_current PID: whether the process runs the program that is there now, as asked
  running=$1
  cmp -s "/proc/$running/exe" "$kvnode" || return 1 # Also where the file it runs was replaced.
  [ -z "$(find "$home/servers.txt" -newer "$home/kvnode.pid")" ] || return 1
  [ "$(tr '\0' '\n' <"/proc/$running/cmdline")" = "$(cat "$home/kvnode.command.new")" ] || return 1
  if [ -n "$manager" ]; then
    is_main "$running"
  elif [ "$keep" = yes ]; then
    is_kept
  fi
}

is_main() { [ "$($manager show -p MainPID quorate.service 2>/dev/null)" = "MainPID=$1" ]; } # is_main PID

is_ready() { # True also where nothing here can ask.
  if [ -x "${kvnode%/*}/kvclient" ]; then
    "${kvnode%/*}/kvclient" status -h "$own" --timeout 2 >/dev/null
  elif command -v curl >/dev/null 2>&1; then
    curl -sf -o /dev/null --noproxy '*' --max-time 2 "http://$own/-/ready"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O /dev/null -T 2 "http://$own/-/ready" 2>/dev/null
  fi
}

await_ready() {
  end=$(($(date +%s) + wait_seconds))
  until is_ready; do
    is_running || die "kvnode has ended: $(last_words)"
    [ "$(date +%s)" -lt "$end" ] || die "$own serves, but does not answer linearizably after $wait_seconds s"
    nap
  done
}

take() { # take HOST:PORT… [-- OPTIONS…]: sets `entries` and `option_count`: the options are the last words
  entries=
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    for entry in $(echo "$1" | tr ',' ' '); do
      check_entry "$entry"
      entries="$entries $entry"
    done
    shift
  done
  option_count=$(($# > 0 ? $# - 1 : 0))
  has_options=$(($# > 0))
}

start() { # start HOST:PORT… [-- OPTIONS…]
  take "$@"
  shift $(($# - option_count))
  find_kvnode
  # shellcheck disable=SC2086 # A list of words without white space or wildcards.
  prepare $entries
  if [ $has_options -eq 0 ] && [ -f "$home/kvnode.command" ]; then
    while IFS= read -r word; do set -- "$@" "$word"; done <"$home/kvnode.command"
    shift
  fi
  write_command "$@"
  anew=no
  check_set
  settle_boot
  if pid=$(running_pid); then
    if [ "$command" = start ] || is_current "$pid"; then
      echo "$own runs already, pid $pid"
      return
    fi
    anew=yes
  fi
  stop >/dev/null
  ! answers || die "$own is in use: another program serves there"
  if [ -f "$home/servers.txt.new" ]; then mv "$home/servers.txt.new" "$home/servers.txt"; fi
  mv "$home/kvnode.command.new" "$home/kvnode.command"
  launch
  sync # Beside the start, not before it.
  await
  if [ "${PATIENT-}" = yes ]; then
    echo "$own starts, in $home"
    return
  fi
  if [ $anew = yes ]; then await_ready; fi
  echo "$own serves, pid $(running_pid), in $home"
}

check_set() { # One that runs keeps the servers.txt that it read.
  [ -f "$home/servers.txt.new" ] && pid=$(running_pid) || return 0
  cmp -s "$home/servers.txt.new" "$home/servers.txt" ||
    die "a server with another servers.txt runs in $home (pid $pid): end it first, $self stop"
}

renew() { start "$@"; }

prepare() { # prepare HOST:PORT…: sets `own`, writes servers.txt.new
  if [ $# -gt 0 ]; then
    choose_own "$@"
    write_servers "$@"
  else
    own=$(own_line)
    [ -n "$own" ] || bad "no addresses, and no servers.txt in $home"
  fi
}

stop() { # First whoever would start it again, then the server.
  is_told_by_systemd=no
  if [ -n "${manager-}" ]; then
    if pid=$(running_pid) && is_main "$pid"; then is_told_by_systemd=yes; fi
    $manager stop --no-block quorate.service
  fi
  if ! is_running && ! is_kept; then
    echo "no server runs in $home"
    return
  fi
  manner=ended
  if keeper=$(pid_in "$home/keeper.pid"); then
    kill -s TERM "$keeper" 2>/dev/null || true
  fi
  end=$(($(date +%s) + stop_seconds))
  told=
  while is_running || is_kept; do
    tell_to_end
    if [ "$(date +%s)" -ge "$end" ]; then
      manner="did not end within $stop_seconds s: killed"
      for file in kvnode keeper; do
        if pid=$(pid_in "$home/$file.pid"); then kill -s KILL "$pid" 2>/dev/null || true; fi
      done
      end=$((end + 10))
    fi
    nap
  done
  rm -f "$home/kvnode.pid" "$home/keeper.pid"
  echo "$(own_line) $manner"
}

tell_to_end() { # Once: a second signal would end it before it has handed over. systemd sends its own.
  pid=$(running_pid) || return 0
  if [ "$pid" != "$told" ]; then
    if [ $is_told_by_systemd = no ]; then kill -s TERM "$pid" 2>/dev/null || true; fi
    kill -s CONT "$pid" 2>/dev/null || true # A frozen one hears nothing until it goes on.
    told=$pid
  fi
}

status() {
  status=0
  if pid=$(running_pid); then
    echo "$(own_line) runs, pid $pid, in $home"
  else
    status=1
    if is_kept; then
      echo "$(own_line) has crashed, and is soon started again"
    else
      echo "no server runs in $home"
    fi
  fi
  if [ -x "$here/kvclient" ] && [ -f "$home/servers.txt" ]; then
    (cd "$home" && unset KV_HOSTS && "$here/kvclient" status --timeout 2) || true
  fi
  return $status
}

if [ -n "${QUORATE_HOME-}" ]; then
  home=$QUORATE_HOME
elif [ -x "$here/kvnode" ]; then
  home=$here
else
  home=.
fi
wait_seconds=${WAIT_SECONDS:-40}
seconds WAIT_SECONDS "$wait_seconds"
stop_seconds=${STOP_SECONDS:-10}
seconds STOP_SECONDS "$stop_seconds"
address_seconds=${ADDRESS_SECONDS:-0}
seconds ADDRESS_SECONDS "$address_seconds"

command=${1-}
[ $# -eq 0 ] || shift
case $command in
--help | help)
  usage
  exit
  ;;
start | renew | stop | status) ;;
--run | --keep) # For the loop and for systemd.
  home=${QUORATE_HOME:?}
  ${command#--}
  exit
  ;;
'') bad "no command" ;;
*) bad "unknown command '$command'" ;;
esac
case $command in
stop | status) [ $# -eq 0 ] || bad "unexpected argument '$1'" ;;
esac
mkdir -p "$home" 2>/dev/null || die "$home cannot be made"
home=$(cd "$home" && pwd)
keep=${KEEP:-yes}
case $keep in
yes | no) ;;
*) bad "KEEP is yes or no, not '$keep'" ;;
esac
trap 'rm -f "$home/servers.txt.new" "$home/kvnode.command.new"' EXIT
if [ "$command" = stop ]; then # It stays what it is: a service, or not.
  AT_BOOT=
  settle_boot
fi
"$command" "$@"
