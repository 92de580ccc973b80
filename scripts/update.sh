#!/usr/bin/env bash
# Bring programs and servers.txt to the machines of a cluster over ssh. `scripts/update.sh --help` teaches.
set -euo pipefail

self=${0##*/}
top=$(cd "$(dirname "$0")/.." && pwd)
servers_max=7

usage() {
  cat <<HELP
$self: bring Quorate to the machines that are to run it, over plain ssh.

  $self HOST[:PORT]…                              copy, and start nothing
  $self --start HOST[:PORT]… [-- kvnode options]  copy; then start, one after the other

Each machine gets kvnode and kvclient (release build, stripped), launch.sh, and a servers.txt with itself first,
in REMOTE_DIR. Only sh and cat are needed there. A file arrives under another name, its size and sum are
compared, kvnode must run, and only then everything takes its place; what is there already is not sent again.
--start begins when all copies are good. A server that runs with an older program or other options is ended
and started anew, and must answer linearizably again before the next one's turn.

Hosts are names or addresses, [IPv6] in brackets, with spaces or commas between; PORT is the server's own.

Environment
  PORT        the servers' port, where none is given        (default 8081)
  REMOTE_DIR  directory there; relative: to the login's home (default quorate)
  SSH_USER    login name                                    (default: as ssh decides)
  SSH_KEY     file of the private key                       (default: as ssh decides)
  SSH_PORT    port of sshd                                  (default: as ssh decides)
  SSH_OPTIONS further options for ssh, such as "-o StrictHostKeyChecking=accept-new"
  PROGRAMS    directory of kvnode and kvclient              (default .build/deploy)
  QUORATE_NETNS  network namespace in which the machines are: ssh runs there

One line a host on stdout. Exit status: 0 all good, 1 some failed, 2 usage.

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

# What is sent, made ready in a directory of our own.

prepare() {
  local name
  for name in kvnode kvclient; do
    [ -f "$programs/$name" ] || die "no $programs/$name: make standalone"
    if command -v strip >/dev/null; then
      strip -o "$scratch/$name" "$programs/$name" || die "$programs/$name cannot be stripped"
    else
      cp "$programs/$name" "$scratch/$name"
    fi
  done
  cp "$top/scripts/launch.sh" "$scratch/launch.sh"
  chmod 755 "$scratch"/*
}

servers_file() { # servers_file SERVER: itself first
  local server
  echo "$1"
  for server in "${servers[@]}"; do
    if [ "$server" != "$1" ]; then echo "$server"; fi
  done
}

# One host. These say on stdout why they fail, in one line, or what was done.

present() { # present HOST: the sums of the files that are there, as sha256sum prints them
  remote "$1" "mkdir -p $directory && cd $directory && { sha256sum ${files[*]} 2>/dev/null || true; }" </dev/null
}

send() { # send HOST FILE
  local got size wanted
  size=$(wc -c <"$scratch/$2")
  wanted=$(sum "$scratch/$2")
  got=$(remote "$1" "cd $directory && cat >$2.new && wc -c <$2.new && { sha256sum <$2.new 2>/dev/null || true; }" \
    <"$scratch/$2" 2>"$scratch/stderr") || {
    echo "$2 did not arrive: $(reason)"
    return 1
  }
  local there=() # Size, and the sum where there is a sha256sum.
  read -r -d '' -a there <<<"$got" || true
  if [ "${there[0]-}" != "$size" ] || [ "${there[1]:-$wanted}" != "$wanted" ]; then
    echo "$2 arrived mangled: ${there[0]:-no} bytes of $size"
    return 1
  fi
}

place() { # place HOST FILE…: all at once, if the new kvnode runs there
  local host=$1 moves='' file
  shift
  for file in "$@"; do moves+=" && chmod $(stat -c %a "$scratch/$file") $file.new"; done
  if [[ " $* " == *" kvnode "* ]]; then moves+=" && ./kvnode.new --version >/dev/null"; fi
  for file in "$@"; do moves+=" && mv $file.new $file"; done
  remote "$host" "cd $directory$moves" </dev/null >/dev/null 2>"$scratch/stderr" || {
    echo "the new files do not work there: $(reason)"
    return 1
  }
}

reason() {
  local words
  words=$(tail -n 1 "$scratch/stderr" | tr -d '\r')
  echo "${words:-ssh gave no reason}"
}

update() { # update HOST SERVER
  local there file changed=()
  servers_file "$2" >"$scratch/servers.txt"
  there=$(present "$1" 2>"$scratch/stderr") || {
    echo "not reached: $(reason)"
    return 1
  }
  for file in "${files[@]}"; do
    if [[ $'\n'$there$'\n' == *$'\n'"$(sum "$scratch/$file")  $file"$'\n'* ]]; then continue; fi
    send "$1" "$file" || return 1
    changed+=("$file")
  done
  if [ ${#changed[@]} -eq 0 ]; then
    echo "nothing to do"
    return
  fi
  place "$1" "${changed[@]}" || return 1
  echo "copied ${changed[*]}"
}

launch() { # launch HOST
  local said
  said=$(remote "$1" "cd $directory && ./launch.sh renew -- $(quote ${options[@]+"${options[@]}"})" \
    </dev/null 2>"$scratch/stderr") || {
    echo "does not serve: $(reason)"
    return 1
  }
  tail -n 1 <<<"$said"
}

each() { # each COMMAND: runs it for every host; fails where any failed
  local index said failed=0
  for index in "${!hosts[@]}"; do
    if said=$("$1" "${hosts[index]}" "${servers[index]}"); then
      echo "${servers[index]}: $said"
    else
      echo "ERROR: ${servers[index]}: ${said#ERROR: }"
      failed=$((failed + 1))
      # One that does not come back is enough: the others go on with what they have.
      [ "$1" != launch ] || break
    fi
  done
  [ $failed -eq 0 ]
}

hosts=()
servers=()
options=()
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
files=(kvnode kvclient launch.sh servers.txt)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prepare
each update || exit 1
[ $starts = no ] || each launch
