#!/bin/sh
# Removes the protocol's protective rules, one at a time, and sees whether the simulator notices. A rule whose
# removal nothing finds is a hole in the simulator, or no rule: then the exit status is 1.
#
#   scripts/mutants.sh [RULE…]
#
# Environment: SEEDS (how many to try for a rule, 400), FIRST (1), JOBS (2), SECONDS_MAX (for a rule, 120).
set -eu
cd "$(dirname "$0")/.."
seeds=${SEEDS:-400}
first=${FIRST:-1}
jobs=${JOBS:-2}
seconds=${SECONDS_MAX:-120}

swift build -c release --product kvsim --build-path .build-mutants -Xswiftc -DQUORATE_MUTANTS >&2
kvsim=.build-mutants/release/kvsim
# shellcheck disable=SC2046 # one word a rule
[ $# -gt 0 ] || set -- $("$kvsim" --list-rules)

survivors=0
printf '%-40s %-26s %s\n' 'rule removed' 'found by' 'after seeds'
for rule in "$@"; do
  out=$(timeout "$seconds" "$kvsim" --seeds "$first..$((first + seeds - 1))" --jobs "$jobs" --no-shrinking \
    --rule "$rule" 2>/dev/null) || true
  found=$(printf '%s\n' "$out" | sed -n 's/^found in seed \([0-9]*\): \(.*\)/\2 \1/p' | head -n 1)
  if [ -n "$found" ]; then
    printf '%-40s %-26s %s\n' "$rule" "${found% *}" "$((${found##* } - first + 1))"
  else
    printf '%-40s %-26s %s\n' "$rule" 'SURVIVES' "$seeds"
    survivors=$((survivors + 1))
  fi
done
echo "survivors: $survivors"
[ "$survivors" -eq 0 ]
