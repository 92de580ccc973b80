#!/bin/bash
# Removes the protocol's protective rules, one at a time, and sees who notices: the rule's scenario, and the
# simulator's seeds. Prints one table; a rule whose removal nothing finds is a hole, or no rule: then the exit status
# is 1.
#
#   scripts/mutants.sh [RULE…]                all, or these
#   scripts/mutants.sh --write                all, the table into docs/mutants.md
#   scripts/mutants.sh --scenarios [RULE…]    only the scenarios: minutes less
#
# Environment: SEEDS (how many to try for a rule, 300), FIRST (1), JOBS (2), SECONDS_MAX (for a rule, 300).
set -eu
cd "$(dirname "$0")/.."
seeds=${SEEDS:-300}
first=${FIRST:-1}
jobs=${JOBS:-2}
seconds=${SECONDS_MAX:-300}
last=$((first + seeds - 1))
writes=false
sweeps=true
case ${1-} in
--write) writes=true && shift ;;
--scenarios) sweeps=false && shift ;;
esac

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
kvsim=.build-mutants/release/kvsim
swift build -c release --product kvsim --build-path .build-mutants -Xswiftc -DQUORATE_MUTANTS >&2
if [ "${NO_SCENARIOS-}" = "" ]; then
  swift test --disable-swift-testing --scratch-path .build-mutants -Xswiftc -DQUORATE_MUTANTS \
    --filter 'ScenarioTests|SimulatorTests.DiskTests' >"$files/tests" 2>&1 || { cat "$files/tests" >&2; exit 1; }
fi
touch "$files/tests"
# "RULE | SCENARIO | LINE: EXPECTATION: REASON"
grep -E '^[a-z-]+ \| [a-z-]+ \| [0-9]' "$files/tests" >"$files/scenarios" || true
[ $# -gt 0 ] || mapfile -t all < <("$kvsim" --list-rules)
[ $# -gt 0 ] || set -- "${all[@]}"

# The mix of faults that is aimed at a rule's family; none: what seeds draw.
swarm_for() {
  case $1 in
  compare-logs-* | repeated-* | probe-compares-* | inherited-* | transfer-cuts-* | no-ack-* | enter-views-*) echo deposed ;;
  overruled-* | install-only-* | commit-*) echo transfers ;;
  dead* | death-* | *-epoch* | only-members-* | views-never-* | nothing-after-* | stop-sign-* | transfer-in-*)
    echo changes
    ;;
  second-birth* | birth-* | formation-* | loss-*) echo births ;;
  probe-* | read* | whole-* | start-op-*) echo probes ;;
  ack-only-* | sync-* | damage-* | log-view-* | view-is-*) echo torn ;;
  stall-* | silence-* | one-vote-*) echo calm ;;
  esac
}

# Seeds that something is found in with every rule in force say nothing of a rule.
is_clean() { "$kvsim" --seeds "$1..$1" --no-shrinking "${aim[@]}" >/dev/null 2>&1; }

# The first finding with the rule removed: "CHECK SEED"; else how far it got: "- SEEDS".
find_with() {
  local from=$first until=$((SECONDS + seconds)) out found swarm
  swarm=$(swarm_for "$1")
  aim=()
  [ -z "$swarm" ] || aim=(--swarm "$swarm")
  while [ "$from" -le "$last" ] && [ $SECONDS -lt $until ]; do
    out=$(timeout $((until - SECONDS + 1)) "$kvsim" --seeds "$from..$last" --jobs "$jobs" --no-shrinking \
      "${aim[@]}" --rule "$1" 2>/dev/null) || true
    found=$(sed -n 's/^found in seed \([0-9]*\): \(.*\)/\2 \1/p' <<<"$out" | head -n 1)
    [ -n "$found" ] || break
    if is_clean "${found##* }"; then
      echo "$found"
      return
    fi
    from=$((${found##* } + 1))
  done
  if [ $SECONDS -ge $until ]; then echo "- time"; else echo "- $seeds"; fi
}

survivors=0
{
  echo '| rule removed | scenario | swarm | found by the sweep: check | after seeds |'
  echo '| --- | --- | --- | --- | --- |'
} >"$files/table"
cat "$files/table"
for rule in "$@"; do
  scenario=$(awk -F ' \\| ' -v rule="$rule" '$1 == rule { print $2; exit }' "$files/scenarios")
  # Rules of the disk's files have tests in place of a scenario.
  case $rule in damage-is-not-a-torn-tail | sync-covers-only-earlier-writes) scenario=DiskTests ;; esac
  found='-'
  after='-'
  if $sweeps; then
    read -r found after <<<"$(find_with "$rule")"
    [ "$found" = - ] || after=$((after - first + 1))
    [ "$found" != - ] || { found='' && after="none in $after"; }
  fi
  echo "| $rule | ${scenario:--} | $(swarm_for "$rule") | ${found:--} | $after |" | tee -a "$files/table"
  if [ -z "$scenario" ] && [ -z "${found#-}" ]; then survivors=$((survivors + 1)); fi
done
swept=$(awk -F '|' '$6 ~ /^ [0-9]+ $/' "$files/table" | wc -l)
echo "$# rules, $swept of them found by the sweep within $seeds seeds, $survivors survivors" | tee "$files/sum"
if $writes; then
  {
    cat <<END
# Mutants

Each protective rule of the protocol (\`Sources/VSR/Rule.swift\`) is removed in turn, and somebody must notice. The scenarios run in CI; the sweep tries up to $seeds seeds, and up to $seconds s, a rule. Made by \`make mutants-table\`.

END
    cat "$files/table"
    echo
    cat "$files/sum"
  } >docs/mutants.md
fi
[ "$survivors" -eq 0 ]
