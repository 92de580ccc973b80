#!/usr/bin/env bash
# What a client outside sees while machines lose their power, and while a new version is rolled out.
# `scripts/vms-trial.sh --help` teaches.
set -euo pipefail

self=${0##*/}
top=$(cd "$(dirname "$0")/.." && pwd)
away_seconds=4

usage() {
  cat <<HELP
$self: two trials of the virtual machines of \`make vms\` and the server of \`make deploy\`.

  $self plugs   the power of each machine goes, one after the other, for $away_seconds s
  $self roll    a new version is deployed, while kvload drives all servers and checks their history

All the time one kvclient after the other writes a key and reads it, on this machine, with nothing but a servers.txt
in its directory. None may fail; a write must tell the value before it, a read the latest. In a roll, kvload must
find a linearizable history, and no error but refusals (503: not executed, to be sent again). The new version is
the programs of PROGRAMS with a section more, which nobody reads; the same roll once more must change nothing.

Environment
  PROGRAMS     what was deployed                  (default .build/deploy)
  BUILD        where kvclient and kvload are      (default .build/release)
  LOAD_RATE    requests a second of kvload        (default 100)
  and those of scripts/vms.sh

Exit status: 0 all as it must be, 1 not, 2 usage.
HELP
}

die() { # die MESSAGE [STATUS]
  echo "ERROR: $1" >&2
  exit "${2:-1}"
}
bad() { die "$1: see $self --help" 2; }
vms() { "$top/scripts/vms.sh" "$@"; }

# The client. A line a call: when it began and what it took, microseconds, and what was wrong.

call() { # call WHAT EXPECTED ARGUMENTS…
  local what=$1 expected=$2 begun said wrong=''
  shift 2
  begun=${EPOCHREALTIME/./}
  said=$("$build/kvclient" "$@" 2>/dev/null) || wrong="exit $?"
  [ "$said" = "$expected" ] || wrong+=" said '$said', not '$expected'"
  echo "$begun $((${EPOCHREALTIME/./} - begun)) $what $wrong"
}

write_and_read() { # write_and_read DIRECTORY: until there is a file `enough`
  local key count=0 before=NULL
  cd "$1"
  unset KV_HOSTS
  key=trial-$$-$EPOCHSECONDS
  until [ -e enough ]; do
    count=$((count + 1))
    call write "$before" -k "$key" -v "value $count"
    before="value $count"
    call read "$before" -k "$key"
  done >calls
}

start_client() {
  mkdir "$scratch/client"
  vms hosts | tr , '\n' >"$scratch/client/servers.txt"
  # Not by `vms`: the pid would be that of a shell about it.
  "$top/scripts/vms.sh" run "$0" --client "$scratch/client" &
  client=$!
  sleep 1
}

tell_calls() { # tell_calls WHEN FROM TO: what was called in that time, microseconds since 1970
  awk -v when="$1" -v from="$2" -v to="$3" '
    $1 + $2 >= from && $1 <= to { calls[$3]++; if ($2 > slowest) slowest = $2; if (NF > 3) wrong++ }
    END { printf "%s: %d writes, %d reads, %d wrong, slowest %.0f ms\n", when, calls["write"], calls["read"],
      wrong, slowest / 1000 }' "$scratch/client/calls"
}

end_client() {
  : >"$scratch/client/enough"
  wait "$client"
  tell_calls "kvclient, all in all" 0 9e18
  awk 'NF > 3 { print "WRONG: " $0; found = 1 } END { exit found }' "$scratch/client/calls" || is_good=no
  [ -s "$scratch/client/calls" ] || die "no call was made"
}

all_vote() { # Every server answers linearizably, and is a member.
  local said
  said=$(vms run "$build/kvclient" status -h "$(vms hosts)" --timeout 2) && [[ $said != *" learner "* ]]
}
await_all() {
  local end=$((SECONDS + ${VMS_SECONDS:-90}))
  until all_vote; do
    [ $SECONDS -lt $end ] || die "not all servers are ready: $(vms run "$build/kvclient" status -h "$(vms hosts)")"
    sleep 0.2
  done
}

# The trials.

trial_plugs() {
  local i begun
  start_client
  for ((i = 1; i <= count; i++)); do
    begun=${EPOCHREALTIME/./}
    vms unplug "$i" >/dev/null
    sleep $away_seconds
    tell_calls "machine $i without power" "$begun" "${EPOCHREALTIME/./}"
    begun=${EPOCHREALTIME/./}
    vms plug "$i" >/dev/null
    await_all
    tell_calls "machine $i boots, its server votes again" "$begun" "${EPOCHREALTIME/./}"
  done
  end_client
}

deploy_change() { (
  eval "$(vms env)"
  PROGRAMS=$scratch/programs "$top/scripts/update.sh" --start "$HOSTS"
); }

trial_roll() {
  local again
  mkdir "$scratch/programs"
  cp "$programs"/{kvnode,kvclient} "$scratch/programs/"
  date +%s%N >"$scratch/note"
  objcopy --add-section ".quorate=$scratch/note" "$scratch/programs/kvnode"
  start_client
  "$top/scripts/vms.sh" run "$build/kvload" -h "$(vms hosts)" --rate "${LOAD_RATE:-100}" --connections 8 --keys 50 \
    --duration 3600 --check --quiet >"$scratch/load" &
  load=$!
  sleep 3
  deploy_change || die "the roll failed"
  sleep 1
  kill -s INT $load
  wait $load || is_good=no
  load=
  echo
  cat "$scratch/load"
  grep -qE '^errors +(none|503 [0-9]+)$' "$scratch/load" || {
    echo "WRONG: errors that are no refusals"
    is_good=no
  }
  echo
  end_client
  again=$(deploy_change)
  [ "$(grep -c ': nothing to do$' <<<"$again")" -eq "$count" ] || {
    echo "WRONG: the same once more changes something: $again"
    is_good=no
  }
}

end() {
  [ -z "$client" ] || kill "$client" 2>/dev/null || true
  [ -z "$load" ] || kill -s KILL "$load" 2>/dev/null || true
  rm -rf "$scratch"
}

programs=${PROGRAMS:-$top/.build/deploy}
build=${BUILD:-$top/.build/release}
count=${VMS:-4}
is_good=yes
client=
load=
case ${1-} in
--help)
  usage
  exit
  ;;
--client)
  write_and_read "$2"
  exit
  ;;
plugs | roll) [ $# -eq 1 ] || bad "unexpected argument '$2'" ;;
'') bad "plugs or roll" ;;
*) bad "unknown trial '$1'" ;;
esac
for program in "$build/kvclient" "$build/kvload" "$programs/kvnode"; do
  [ -x "$program" ] || die "no $program: make deploy"
done
scratch=$(mktemp -d)
trap end EXIT
trap 'exit 130' INT TERM HUP
await_all
"trial_$1"
[ $is_good = yes ]
