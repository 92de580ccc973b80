#!/usr/bin/env bash
# The part of update.sh that goes from server to server. Not a program of its own.
# shellcheck disable=SC2154,SC2034 # Variables of update.sh.

# What the servers say of themselves.

ask() { # Brings their answers up to date.
  ${inside[@]+"${inside[@]}"} "$scratch/kvclient" status -h "$(IFS=,; echo "${servers[*]}")" --json --timeout 3 \
    >"$scratch/status" 2>/dev/null || true
  primary=$(grep '"role":"primary".*"linearizable":true' "$scratch/status" |
    sed -n '1s/^{"host":"\([^"]*\)".*/\1/p' || true)
}

said_by() { grep -F "{\"host\":\"$1\"," "$scratch/status" || true; } # said_by SERVER
field() { said_by "$1" | sed -n "s/.*[{,]\"$2\":\"\{0,1\}\([^\",}]*\).*/\1/p"; } # field SERVER NAME, not of a list's

holds() { # holds SERVER: it answers linearizably, votes, and has all but what is under way
  local as_peer
  [ "$(field "$1" linearizable)" = true ] && [ -n "$primary" ] || return 1
  [ "$1" != "$primary" ] || return 0
  [[ $(said_by "$1") == *'"role":"backup","status":"normal"'* ]] || return 1
  as_peer=$(said_by "$primary" | sed 's/.*"peers":\[//' | tr '{' '\n' | grep -F "\"id\":\"$1\"," || true)
  [[ $as_peer == *'"link":"up","suspected":false'* && $as_peer =~ \"lag\":([0-9]+) ]] || return 1
  ((BASH_REMATCH[1] <= lag_max))
}

is_safe() { # is_safe INDEX: others hold everything: at least one, and each that has had its turn
  local index others=0
  for index in "${!servers[@]}"; do
    [ "$index" != "$1" ] || continue
    if holds "${servers[index]}"; then
      others=$((others + 1))
    elif [[ " ${finished[*]-} " == *" $index "* ]]; then
      return 1
    fi
  done
  [ $others -gt 0 ]
}

loss() { # loss INDEX: what it means to take it down alone
  local server=${servers[$1]} keys
  keys=$(said_by "$server" | sed -n 's/.*"keys":\([0-9]*\).*/\1/p')
  if [ "$(field "$server" durable)" = false ]; then
    echo "its ${keys:-} keys would be lost, since it keeps nothing on disk and no other server holds them"
  elif [ -n "$keys" ]; then
    echo "no other server holds its $keys keys, so nobody would answer until it is back"
  else
    echo "it does not say what it holds, and no other server holds everything"
  fi
}

is_harmless() { # is_harmless INDEX: nobody has written anything yet, or it must be
  [ "$force" = 1 ] || [ "$(field "${servers[$1]}" status)" = unborn ]
}

foresee() { # Whether each that must go down leaves one that holds everything.
  local index other refused=0 others
  for index in "${!servers[@]}"; do
    if [ -z "${wants[index]}" ] || [ "${wants[index]}" = start ] || is_harmless "$index"; then continue; fi
    others=0
    for other in "${!servers[@]}"; do
      [ "$other" != "$index" ] || continue
      if [ "${wants[other]}" = start ] || holds "${servers[other]}"; then others=1; fi
    done
    [ $others -eq 0 ] || continue
    echo "ERROR: ${servers[index]}: not to be taken down: $(loss "$index"); FORCE=1 does it all the same"
    refused=1
  done
  return $refused
}

# Going from server to server.

wait_until() { # wait_until COMMAND…: for WAIT_SECONDS at most, with fresh answers
  local end=$((SECONDS + wait_seconds))
  until ask && "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

choose() { # Sets `next`: who does not run, then backups, then the primary.
  local index
  next=
  for index in "${!servers[@]}"; do
    if [ "${wants[index]}" = start ]; then next=$index; return; fi
  done
  for index in "${!servers[@]}"; do
    [ -n "${wants[index]}" ] || continue
    next=$index
    [ "${servers[index]}" = "$primary" ] || return 0
  done
}

renew() { # renew INDEX
  local command=renew said words
  words="AT_BOOT=$(quote "$at_boot")KEEP=$keep WAIT_SECONDS=$wait_seconds"
  if [ "$force" = 1 ] || [ "${wants[$1]}" = start ]; then command=start; fi
  if [ "$command ${wants[$1]}" != "start start" ] && [ "$command" = start ]; then
    words="./launch.sh stop >/dev/null && $words"
  fi
  words+=" ./launch.sh $command -- $(quote ${options[@]+"${options[@]}"})"
  said=$(remote "${hosts[$1]}" "cd $directory && $words" </dev/null 2>"$scratch/stderr") || {
    why="does not serve: $(reason | sed 's/^ERROR: //')"
    return 1
  }
  said=$(tail -n 1 <<<"$said")
  echo "${servers[$1]}: ${changed[$1]:+copied ${changed[$1]}; }${said#"${servers[$1]} "}"
}

turn() { # turn INDEX: one server's, from the check whether it may go down to its being without lag
  local server=${servers[$1]} was_serving=$primary is_start=no
  if [ "${wants[$1]}" = start ]; then is_start=yes; fi
  if [ $is_start = no ] && ! is_harmless "$1"; then
    doing "$server: waiting until others hold everything"
    wait_until is_safe "$1" || {
      why="not taken down: after $wait_seconds s the others are not ready, or lag; $(loss "$1"); FORCE=1 does it"
      return 1
    }
  fi
  doing "$server: $(if [ $is_start = yes ]; then echo starting; else echo "renewing (${wants[$1]})"; fi)"
  place "$1" && renew "$1" || return 1
  wants[$1]=
  # The first of a new cluster, or the first that are back, cannot be ready alone.
  [ -n "$was_serving" ] && [ "$force" != 1 ] || return 0
  doing "$server: waiting until it is ready and without lag"
  wait_until holds "$server" || {
    why="serves, but is not ready and without lag after $wait_seconds s: $(said_by "$server" |
      sed -n 's/.*"reason":"\([^"]*\).*/\1/p')"
    return 1
  }
}

names_of() { # names_of INDEX…
  local index list=()
  for index in "$@"; do list+=("${servers[index]}"); done
  echo "${list[*]:-none}"
}

roll() {
  local index rest=()
  finished=()
  for index in "${!servers[@]}"; do
    if [ -z "${wants[index]}" ]; then
      settle "$index" || exit 1
    fi
  done
  ask
  choose
  while [ -n "$next" ]; do
    if ! turn "$next"; then
      quiet
      echo "ERROR: ${servers[next]}: $why"
      for index in "${!servers[@]}"; do
        if [ "$index" != "$next" ] && [ -n "${wants[index]}" ]; then rest+=("$index"); fi
      done
      unstage ${rest[@]+"${rest[@]}"}
      echo "stopped: done $(names_of ${finished[@]+"${finished[@]}"});" \
        "as before: $(names_of ${rest[@]+"${rest[@]}"}). Mend ${servers[next]} and give the same command again (what is done is not done twice), or bring" \
        "back the version of before with PROGRAMS=DIRECTORY" >&2
      return 1
    fi
    finished+=("$next")
    ask
    choose
  done
  doing "waiting until all are ready"
  wait_until all_hold || {
    quiet
    echo "ERROR: not all servers are ready after $wait_seconds s:"
    ${inside[@]+"${inside[@]}"} "$scratch/kvclient" status -h "$(IFS=,; echo "${servers[*]}")" --timeout 3
    return 1
  }
  quiet
  echo "all ${#servers[@]} ready, primary $primary"
}

all_hold() {
  local server
  for server in "${servers[@]}"; do holds "$server" || return 1; done
}
