#!/usr/bin/env bash
# The clients that people have, against one server of the release build: curl, wrk, ab, Python, nc.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=$PWD/.build/release
home=$(mktemp -d)
server=
end() {
  if [ -n "$server" ]; then kill -TERM "$server" 2>/dev/null || true; fi
  rm -rf "$home"
}
trap end EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port
echo "127.0.0.1:$port" >"$home/servers.txt"
(cd "$home" && exec "$programs/kvnode" 2>"$home/log") &
server=$!
for _ in $(seq 400); do
  if curl -sf "$url/-/ready" >/dev/null; then break; fi
  if ! kill -0 "$server" 2>/dev/null; then
    echo "ERROR: kvnode does not serve: $(cat "$home/log")"
    exit 1
  fi
  sleep 0.05
done

good=0
bad=0
same() { # same WHAT ACTUAL EXPECTED
  if [ "$2" = "$3" ]; then
    good=$((good + 1))
  else
    bad=$((bad + 1))
    printf 'BAD:  %s\n  got:      %q\n  expected: %q\n' "$1" "$2" "$3"
  fi
}
# nc ends by itself: the server closes, and so ends the connection.
by_hand() { printf '%b' "$1" | timeout 10 nc 127.0.0.1 "$port" | tr -d '\r'; }
first() { by_hand "$1" | head -n 1; }
body() { by_hand "$1" | tail -n 1; }

same "nc: status line" "$(first 'GET color=blue HTTP/1.1\r\nhost: x\r\n\r\n')" "HTTP/1.0 200 OK"
same "nc: read" "$(body 'GET color HTTP/1.1\r\nhost: x\r\n\r\n')" "color=blue"
same "nc: brackets" "$(body 'GET [color]=[red] HTTP/1.1\r\nhost: x\r\n\r\n')" "[color]=[blue]"
same "nc: nothing" "$(body 'GET none HTTP/1.1\r\n\r\n')" "none=NIL"
same "nc: one line alone" "$(body 'GET color\n')" "color=red"
same "nc -N: no line end" "$(printf 'GET color' | timeout 10 nc -N 127.0.0.1 "$port" | tail -n 1)" "color=red"

same "curl: write" "$(curl -s "$url/a=1")" "a=NIL"
same "curl: read" "$(curl -s "$url/a")" "a=1"
same "curl: PUT" "$(curl -s -X PUT --data-binary 'two words' "$url/a")" "a=1"
same "curl: chunked" "$(echo -n three | curl -s -T - -H 'Expect: 100-continue' "$url/a")" "a=two words"
same "curl: two on one connection" "$(curl -s -w '%{num_connects} ' "$url/a" "$url/a")" "a=three1 a=three0 "
same "curl: HEAD" "$(curl -sI "$url/a" | head -n 1 | tr -d '\r')" "HTTP/1.1 200 OK"
same "curl: HTTP/1.0" "$(curl -s --http1.0 "$url/a")" "a=three"
same "curl: percent" "$(curl -s "$url/gr%C3%BCn=wei%C3%9F")" "grün=NIL"
same "curl: globbing off, brackets" "$(curl -s -g "$url/[a]")" "[a]=[three]"
same "curl: DELETE" "$(curl -s -X DELETE "$url/a")" "a=three"
same "curl: absolute form (as a proxy)" "$(curl -s --noproxy '' -x "$url" http://example.org/a)" "a=NIL"

python=$(
  python3 - "$port" <<'PYTHON'
import http.client
import sys
import urllib.request

port = int(sys.argv[1])
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
socket = None
for number in range(100):
    connection.request("PUT", "/python", body=str(number))
    connection.getresponse().read()
    connection.request("GET", "/python")
    reply = connection.getresponse()
    assert reply.read() == b"python=%d" % number
    assert reply.getheader("ETag") and not reply.will_close
    assert socket is None or socket is connection.sock, "the connection was not kept"
    socket = connection.sock
connection.request("PUT", "/python", body=iter([b"chu", b"nked"]), encode_chunked=True,
                   headers={"Transfer-Encoding": "chunked"})
connection.getresponse().read()
with urllib.request.urlopen(f"http://127.0.0.1:{port}/python", timeout=10) as reply:
    print(reply.read().decode())
PYTHON
)
same "Python: http.client, urllib" "$python" "python=chunked"

wrk=$(wrk -t1 -c32 -d2s "$url/gr%C3%BCn" 2>&1 || true)
same "wrk: no errors" "$(grep -cE 'Non-2xx|Socket errors|unable' <<<"$wrk" || true)" 0
same "wrk: served" "$(grep -cE '^ +[1-9][0-9]* requests in' <<<"$wrk" || true)" 1

ab=$(ab -q -k -n 20000 -c 16 "$url/color" 2>&1 || true)
field() { awk -F ': *' -v name="$1" '$1 == name { print $2 }' <<<"$ab"; }
same "ab -k: complete" "$(field 'Complete requests')" 20000
same "ab -k: failed" "$(field 'Failed requests')" 0
same "ab -k: kept" "$(field 'Keep-Alive requests')" 20000
same "ab without -k" "$(ab -q -n 500 -c 4 "$url/color" 2>&1 | awk '/^Failed requests/ { print $3 }')" 0

if [ -x "$programs/kvclient" ]; then
  client() { "$programs/kvclient" -h "127.0.0.1:$port" "$@"; }
  same "kvclient: write" "$(client -k color -v green)" "red"
  same "kvclient: read" "$(client -k color)" "green"
  same "kvclient: nothing" "$(client -k nothing)" "NULL"
fi

kill -TERM "$server"
status=0
wait "$server" || status=$?
server=
same "kvnode: exit status" "$status" 0
echo "compat: $good good, $bad bad"
[ "$bad" -eq 0 ]
