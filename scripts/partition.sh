#!/bin/sh
# Cut the network between servers, and heal it, with iptables. `scripts/partition.sh --help` teaches.
set -eu

self=${0##*/}
chain=QUORATE
PATH=$PATH:/usr/sbin:/sbin

usage() {
  cat <<HELP
$self: cut the network between servers, and heal it.

  $self [--ssh] cut A B               nothing passes between A and B, either way
  $self [--ssh] cut-one-way FROM TO   nothing passes from FROM to TO; the other way is left
  $self [--ssh] isolate A             nothing passes between A and every other server of SERVERS
  $self [--ssh] heal                  all passes again
  $self [--ssh] list                  what is cut, a line each

A, B, FROM and TO are servers as servers.txt has them; the port may be left out, as it does not matter: a cut
is between machines, by source and destination address. Packets are dropped silently, as by a pulled cable;
connections that stand are cut too. What is cut already stays cut. All rules are in a chain of their own,
$chain; heal removes it and leaves other rules alone.

Where the rules are made (root is needed there, or sudo without password for iptables)
  on this machine           without an option
  in network namespaces     NETNS=NAME[,NAME…]
  on the machines, by ssh   --ssh: cut at both ends, isolate at A, heal and list at all of SERVERS

Servers of one machine can be told apart if each has an address of its own in servers.txt, such as 127.0.0.2 and
127.0.0.3: they dial each other from there. Those of cluster.sh share 127.0.0.1, and cannot.

Environment
  SERVERS   HOST[:PORT],…: all servers, for isolate and --ssh (default: servers.txt in this directory)
  NETNS     network namespaces in which to make the rules
  SSH_USER, SSH_KEY, SSH_PORT, SSH_OPTIONS, QUORATE_NETNS   as for update.sh

Exit status: 0 done, 1 failed, 2 usage.

Example
  $self --ssh isolate 192.168.8.160 && sleep 10 && $self --ssh heal
HELP
}

die() { # die MESSAGE [STATUS]
  echo "ERROR: $1" >&2
  exit "${2:-1}"
}
bad() { die "$1: see $self --help" 2; }

# Servers and their addresses.

host_of() { # host_of HOST[:PORT] or [IPV6][:PORT]
  case $1 in
  \[*\] | \[*\]:*)
    host=${1#\[}
    host=${host%%\]*}
    ;;
  *:*:*) host=$1 ;;
  *) host=${1%:*} ;;
  esac
  case $host in
  '' | -* | *[!A-Za-z0-9.:_-]*) bad "'$1' is not a host" ;;
  esac
  echo "$host"
}

addresses() { # addresses HOST: one a line
  case $1 in
  *:*) echo "$1" ;;
  *[!0-9.]*)
    found=$(getent ahosts "$1" 2>/dev/null | awk '{ print $1 }' | sort -u)
    [ -n "$found" ] || die "$1 has no address"
    echo "$found"
    ;;
  *.*.*.*) echo "$1" ;;
  *) bad "'$1' is not a host" ;;
  esac
}

all_servers() {
  if [ -n "${SERVERS-}" ]; then
    echo "$SERVERS" | tr , '\n' | tr -d ' ' | sed '/^$/d'
  elif [ -f servers.txt ]; then
    tr -d ' \t\r' <servers.txt | sed 's/#.*//; /^$/d'
  else
    die "which servers are there? SERVERS=HOST,… says it, or a servers.txt in this directory" 2
  fi
}

# Rules. A rule is two addresses, FROM and TO; `prefix` leads to the place.

tables() { # tables ADDRESS: the program for its family
  case $1 in
  *:*) echo ip6tables ;;
  *) echo iptables ;;
  esac
}

table() { # table PROGRAM ARGUMENTS…
  program=$1
  shift
  # shellcheck disable=SC2086 # Words that lead to the place.
  $prefix "$program" -w 10 "$@"
}

hook() { # hook PROGRAM: the chain exists and is gone through
  table "$1" -S $chain >/dev/null 2>&1 || table "$1" -N $chain
  for built_in in INPUT OUTPUT FORWARD; do
    table "$1" -C $built_in -j $chain 2>/dev/null || table "$1" -I $built_in -j $chain
  done
}

drop() { # drop FROM TO
  program=$(tables "$1")
  hook "$program"
  table "$program" -C $chain -s "$1" -d "$2" -j DROP 2>/dev/null ||
    table "$program" -A $chain -s "$1" -d "$2" -j DROP
}

heal() {
  for program in iptables ip6tables; do
    table "$program" -S $chain >/dev/null 2>&1 || continue
    for built_in in INPUT OUTPUT FORWARD; do
      while table "$program" -D $built_in -j $chain 2>/dev/null; do :; done
    done
    table "$program" -F $chain
    table "$program" -X $chain
  done
}

list() { # list LABEL
  for program in iptables ip6tables; do
    table "$program" -S $chain 2>/dev/null | awk -v label="$1" '$1 == "-A" {
      sub("/(32|128)$", "", $4); sub("/(32|128)$", "", $6); print label $4 " -> " $6 " cut" }'
  done
}

# Places.

reach() { # reach: sets `prefix` for this machine
  command -v iptables >/dev/null 2>&1 || die "no iptables here: apt-get install iptables"
  prefix=
  if [ "$(id -u)" -eq 0 ]; then return; fi
  prefix="sudo -n"
  if [ -n "${NETNS-}" ] || ! sudo -n iptables -S >/dev/null 2>&1; then
    die "iptables needs root: run this as root, or allow sudo for iptables without password"
  fi
}

perform() { # perform LABEL heal | list | drop FROM TO …
  label=$1
  shift
  case $1 in
  heal) heal ;;
  list) list "$label" ;;
  drop)
    shift
    while [ $# -gt 0 ]; do
      drop "$1" "$2"
      shift 2
    done
    ;;
  *) bad "unexpected argument '$1'" ;;
  esac
}

perform_here() {
  reach
  if [ -z "${NETNS-}" ]; then
    perform '' "$@"
    return
  fi
  for name in $(echo "$NETNS" | tr ',' ' '); do
    ip netns exec "$name" true 2>/dev/null || die "no network namespace $name"
    prefix="ip netns exec $name"
    perform "$name: " "$@"
  done
}

perform_there() { # perform_there HOSTS ACTION…: this script runs itself there
  places=$1
  shift
  failed=0
  for place in $places; do
    # shellcheck disable=SC2029,SC2086 # The words are addresses, and made here; options are split.
    if said=$(${QUORATE_NETNS:+ip netns exec "$QUORATE_NETNS"} ssh -o BatchMode=yes -o ConnectTimeout=10 ${SSH_USER:+-l "$SSH_USER"} \
      ${SSH_PORT:+-p "$SSH_PORT"} ${SSH_KEY:+-i "$SSH_KEY" -o IdentitiesOnly=yes} ${SSH_OPTIONS-} \
      "$place" "sh -s -- --perform $*" <"$0" 2>&1); then
      [ -z "$said" ] || echo "$said" | sed "s/^/$place: /"
    else
      echo "ERROR: $place: $(echo "$said" | tail -n 1 | sed 's/^ERROR: //')" >&2
      failed=1
    fi
  done
  return $failed
}

# Commands.

pair() { # pair FROM TO, lists of addresses: adds a rule for each two of one family
  froms=$1
  tos=$2
  for from in $froms; do
    for to in $tos; do
      [ "$(tables "$from")" = "$(tables "$to")" ] || continue
      [ "$from" != "$to" ] || die "both servers have the address $from: they cannot be told apart by address"
      rules="$rules $from $to"
    done
  done
}

make_rules() { # make_rules COMMAND HOSTS…: sets `rules`, and `places` where they are made over ssh
  rules=
  places=$2${3:+ $3}
  here=$(addresses "$2")
  case $1 in
  isolate)
    others=$(all_servers)
    for server in $others; do
      other=$(host_of "$server")
      [ "$other" != "$2" ] || continue
      there=$(addresses "$other")
      pair "$here" "$there"
      pair "$there" "$here"
    done
    ;;
  *)
    there=$(addresses "$3")
    pair "$here" "$there"
    if [ "$1" = cut ]; then pair "$there" "$here"; fi
    ;;
  esac
  [ -n "$rules" ] || die "nothing to cut: no other server, or none with an address of the same family"
}

over_ssh=no
if [ "${1-}" = --ssh ]; then
  over_ssh=yes
  shift
fi
command=${1-}
[ $# -eq 0 ] || shift
case $command in
--help | help)
  usage
  exit
  ;;
--perform)
  unset NETNS
  perform_here "$@"
  exit
  ;;
cut | cut-one-way) wanted=2 ;;
isolate) wanted=1 ;;
heal | list) wanted=0 ;;
'') bad "no command" ;;
*) bad "unknown command '$command'" ;;
esac
[ $# -eq $wanted ] || bad "$command takes $wanted server(s), not $#"
if [ $over_ssh = yes ] && [ -n "${NETNS-}" ]; then bad "--ssh and NETNS exclude each other"; fi

first=
second=
if [ $wanted -gt 0 ]; then first=$(host_of "$1"); fi
if [ $wanted -gt 1 ]; then second=$(host_of "$2"); fi
if [ $wanted -gt 0 ]; then
  make_rules "$command" "$first" "$second"
  action="drop $rules"
else
  action=$command
  places=
  if [ $over_ssh = yes ]; then
    servers=$(all_servers)
    for server in $servers; do places="$places $(host_of "$server")"; done
  fi
fi
# shellcheck disable=SC2086 # Words without white space or wildcards: a verb and addresses.
if [ $over_ssh = yes ]; then perform_there "$places" $action; else perform_here $action; fi
