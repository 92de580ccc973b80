#!/usr/bin/env bash
# Run one server from the release build, in its own directory under .build/run, until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."

host=127.0.0.1
port=${PORT:-8081}
programs=$PWD/.build/release
home=$PWD/.build/run/1

mkdir -p "$home"
echo "$host:$port" >"$home/servers.txt"

# In a process group of its own, so that Ctrl-C reaches this script alone and the server hears one signal.
set -m
(cd "$home" && exec "$programs/kvnode") &
server=$!
set +m

trap 'kill -TERM "$server" 2>/dev/null' INT TERM HUP

serves() { (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null; }
while kill -0 "$server" 2>/dev/null && ! serves; do sleep 0.05; done

if kill -0 "$server" 2>/dev/null; then
  cat <<USAGE

Quorate serves at $host:$port (process $server, in ${home#"$PWD"/}). Try, in another terminal:

  curl http://$host:$port/color=blue                              # write; answers the old value
  curl http://$host:$port/color                                   # read
  printf 'GET [color]=[red] HTTP/1.1\n\n' | nc $host $port    # the classic dialect
  .build/release/kvclient -h $host:$port -k color -v green        # write with the client
  .build/release/kvclient -h $host:$port -k color                 # read with the client

Ctrl-C ends it.
USAGE
fi

# A trapped signal interrupts wait, so wait again until the server itself is gone; its status is ours.
while kill -0 "$server" 2>/dev/null; do wait "$server" || true; done
status=0
wait "$server" || status=$?
exit "$status"
