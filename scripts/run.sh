#!/usr/bin/env bash
# Start a cluster of four servers on loopback from the release build, say what to try, end it at Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<HELP
run.sh: a cluster of Quorate servers on this machine until Ctrl-C. \`make run\` builds first.

Environment
  SERVERS      how many, 1 to 7                          (default 4)
  BASE_PORT    port of server 1; others follow           (default 8081)
  QUORATE_DIR  where servers.txt, data and logs are kept (default .build/run)
  KVNODE, KVCLIENT  the programs                         (default .build/release, else .build/debug)
HELP
}
case ${1-} in
'') ;;
--help)
  usage
  exit
  ;;
*)
  echo "ERROR: unexpected argument '$1': see run.sh --help" >&2
  exit 2
  ;;
esac

export QUORATE_DIR=${QUORATE_DIR:-$PWD/.build/run}
count=${SERVERS:-4}
cluster=scripts/cluster.sh

# The servers have sessions of their own: Ctrl-C reaches this script alone. Once told, twice ends nothing sooner.
is_ended=no
trap 'is_ended=yes' INT TERM HUP
start_status=0
"$cluster" start "$count" >/dev/null || start_status=$?

finish() {
  trap '' INT TERM HUP
  echo
  echo "Quorate: $("$cluster" stop); the data stays in $QUORATE_DIR"
  exit "$1"
}
[ "$start_status" -eq 0 ] || {
  if [ $is_ended = yes ]; then finish 0; fi
  exit "$start_status"
}

hosts=$("$cluster" hosts)
first=${hosts%%,*}
last=${hosts##*,}
client=${KVCLIENT:-.build/release/kvclient}

cat <<USAGE

Quorate: a cluster of $count answers at $hosts (in $QUORATE_DIR).
Try, in another terminal:

  curl http://$first/color=blue    # write at one server; the answer is the old value
  curl http://$last/color         # read at another
  printf 'GET [color]=[red] HTTP/1.1\n\n' | nc ${first%:*} ${first##*:}    # the classic dialect

  export KV_HOSTS=$hosts
  $client -k color -v green       # at whichever server answers
  $client -k color
  $client status

  export QUORATE_DIR=$QUORATE_DIR
  $cluster kill 1                         # a crash: read and write on
  $cluster restart 1
  $cluster --help                         # pause, resume, wipe, logs …

Ctrl-C ends it.
USAGE

# A server may end at another's hand, as suggested above; when all have, there is nothing left to hold.
while [ $is_ended = no ]; do
  sleep 1 &
  wait $! || true
  "$cluster" pids >/dev/null || {
    echo "Quorate: all servers have ended"
    exit 0
  }
done
finish 0
