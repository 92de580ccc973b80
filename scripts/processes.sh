# shellcheck shell=bash
# Processes and their pid files, for cluster.sh and vms.sh. Not a program of its own; `die` is the script's.
# A pid alone may have passed to another program: its start time, in ticks since boot, tells.

process_field() { # process_field PID NUMBER: a field of /proc/PID/stat, counted from the one behind the name
  local line fields
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -r -a fields <<<"${line##*) }"
  echo "${fields[$2]}"
}
process_state() { process_field "$1" 0; }
process_start() { process_field "$1" 19; }

note_own_pid() { # note_own_pid PIDFILE: of the subshell that calls this, and of the program that it becomes
  local pid=$BASHPID
  echo "$pid $(process_start "$pid")" >"$1.new"
  mv "$1.new" "$1"
}

running_pid() { # running_pid PIDFILE: the pid of the process that it tells of, if that runs
  local pid start state
  { read -r pid start <"$1"; } 2>/dev/null || return 1
  [ -n "${start-}" ] && [ "$(process_start "$pid")" = "$start" ] || return 1
  state=$(process_state "$pid") || return 1
  [[ $state != [ZX] ]] || return 1
  echo "$pid"
}
is_gone() { ! running_pid "$1" >/dev/null; }

now() { date +%s%N; }

wait_until() { # wait_until SECONDS COMMAND…
  local end
  end=$(($(now) + $1 * 1000000000))
  shift
  until "$@"; do
    [ "$(now)" -lt "$end" ] || return 1
    sleep 0.02
  done
}

slay() { # slay PIDFILE
  local pid
  pid=$(running_pid "$1") || return 0
  kill -s KILL "$pid" 2>/dev/null || true
  wait_until 10 is_gone "$1" || die "process $pid outlives SIGKILL"
}
