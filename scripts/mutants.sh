#!/bin/sh
# Removes the protocol's protective rules, one at a time, and sees whether the simulator notices. A rule whose
# removal nothing finds is a hole in the simulator, or no rule: then the exit status is 1.
#
#   scripts/mutants.sh [RULE…]
#
# Environment: SEEDS (how many to try for a rule, 400), FIRST (1), JOBS (2), SECONDS_MAX (for a rule, 120).
set -eu
cd "$(dirname "$0")/.."
self=scripts/mutants.sh
seeds=${SEEDS:-400}
first=${FIRST:-1}
jobs=${JOBS:-2}
seconds=${SECONDS_MAX:-120}

[ "${1-}" = --find ] ||
  swift build -c release --product kvsim --build-path .build-mutants -Xswiftc -DQUORATE_MUTANTS >&2
kvsim=.build-mutants/release/kvsim
# shellcheck disable=SC2046 # a list of words
[ $# -gt 0 ] || set -- $("$kvsim" --list-rules)

last=$((first + seeds - 1))

# The first finding from seed $2 on with rule $1 removed that is not there with the rule in force: "CHECK SEED".
find_with() {
  from=$2
  while [ "$from" -le "$last" ]; do
    out=$("$kvsim" --seeds "$from..$last" --jobs "$jobs" --no-shrinking --rule "$1" 2>/dev/null) || true
    found=$(printf '%s\n' "$out" | sed -n 's/^found in seed \([0-9]*\): \(.*\)/\2 \1/p' | head -n 1)
    [ -n "$found" ] || return 0
    if "$kvsim" --seeds "${found##* }..${found##* }" --no-shrinking >/dev/null 2>&1; then
      printf '%s\n' "$found"
      return 0
    fi
    from=$((${found##* } + 1))
  done
}

case ${1-} in
--find) # A child of the loop below, for timeout.
  find_with "$2" "$first"
  exit 0
  ;;
esac

survivors=0
printf '%-40s %-26s %s\n' 'rule removed' 'found by' 'after seeds'
for rule in "$@"; do
  verdict=SURVIVES
  found=$(SEEDS=$seeds FIRST=$first JOBS=$jobs timeout "$seconds" "$self" --find "$rule") ||
    verdict='not found in time'
  if [ -n "$found" ]; then
    printf '%-40s %-26s %s\n' "$rule" "${found% *}" "$((${found##* } - first + 1))"
  else
    printf '%-40s %-26s %s\n' "$rule" "$verdict" "of $seeds"
    survivors=$((survivors + 1))
  fi
done
echo "survivors: $survivors"
[ "$survivors" -eq 0 ]
