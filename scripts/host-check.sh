#!/bin/sh
# What update.sh must know of a machine before anything changes anywhere: a fact a line. Changes nothing itself.
# Usage, by way of ssh: sh -s -- DIRECTORY HOST PORT
set -u
case $1 in
/*) directory=$1 ;;
*) directory=$PWD/$1 ;;
esac
host=$2 port=$3
PATH=$PATH:/usr/sbin:/sbin

for tool in awk sed cut tail wc df; do
  command -v $tool >/dev/null 2>&1 || echo "lacks $tool"
done
echo "machine $(uname -m)"
place=$directory
while [ ! -d "$place" ]; do place=$(dirname "$place"); done
[ -w "$place" ] || echo "unwritable $place"
echo "free $(df -Pk "$place" | awk 'NR == 2 { print $4 }')"

# The server that launch.sh started, if it runs: as launch.sh tells.
fields() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null; }
noted() { # noted FILE
  pid='' start=''
  { read -r pid start <"$directory/$1"; } 2>/dev/null || return 1
  [ -n "$start" ] && [ "$(fields "$pid" | cut -d ' ' -f 20)" = "$start" ] || return 1
  case $(fields "$pid") in
  '' | Z* | X*) return 1 ;;
  esac
}

server=
if [ "$place" = "$directory" ]; then
  (cd "$directory" && sha256sum kvnode kvclient launch.sh service.sh servers.txt 2>/dev/null) | sed 's/^/sum /'
  if [ -f "$directory/servers.txt" ]; then
    echo "set $(sort "$directory/servers.txt" | tr '\n' ' ')"
  fi
  if [ -d "$directory/kvnode.data" ]; then echo data; fi
  if [ -x "$directory/start-at-boot" ]; then echo boot; fi
  for unit in /etc/systemd/system "${XDG_CONFIG_HOME:-${HOME-}/.config}/systemd/user"; do
    if grep -Fqx "WorkingDirectory=$directory" "$unit/quorate.service" 2>/dev/null; then echo boot; fi
  done
  if noted kvnode.pid; then
    server=$pid
    echo "running $pid"
    if cmp -s "/proc/$pid/exe" "$directory/kvnode"; then echo current; fi
    echo "options $(tr '\0' '\n' <"/proc/$pid/cmdline" | sed 1d | tr '\n' ' ')"
    parent=$(fields "$pid" | cut -d ' ' -f 2)
    if [ "$(cat "/proc/$parent/comm" 2>/dev/null)" = systemd ] || noted keeper.pid; then echo kept; fi
  fi
fi

# Who listens where the server is to listen. Addresses are in hexadecimal there, each word of 32 bits reversed.
reversed() { echo "$1" | awk -F . 'NF == 4 { printf "%02X%02X%02X%02X", $4, $3, $2, $1 }'; }
case $host in
*[!0-9.]*) own= ;;
*) own=$(reversed "$host") ;;
esac
listening() { # The inode of each socket in the way.
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v own="$own" -v port="$(printf ':%04X' "$port")" '
    $4 == "0A" && substr($2, length($2) - 4) == port {
      address = substr($2, 1, length($2) - 5)
      if (address ~ /^0+$/ || (own == "" ? address !~ /0100007F$/ : address ~ own "$")) print $10
    }'
}
listening | while read -r inode; do
  owner=
  for process in /proc/[0-9]*; do
    # shellcheck disable=SC2010 # Links of /proc: no other way than ls in every sh.
    if ls -l "$process/fd" 2>/dev/null | grep -qF "socket:[$inode]"; then
      owner=${process#/proc/}
      if [ "$owner" = "$server" ]; then break; fi
    fi
  done
  if [ -z "$owner" ]; then
    if [ -z "$server" ]; then echo "port taken by a program of another login's"; fi
  elif [ "$owner" != "$server" ]; then
    echo "port taken by $(cat "/proc/$owner/comm"), pid $owner"
  fi
done
exit 0
