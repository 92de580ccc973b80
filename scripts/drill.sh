#!/usr/bin/env bash
# Pulls plugs, and tells for each fault who stood still how long and whether an answer was wrong (docs/drill.md).
#
#   scripts/drill.sh -h host:port,…   measures running servers, and does them no harm
#   scripts/drill.sh [OPTION…]        starts servers of its own, and does them harm
#
# The options are kvdrill's: see kvdrill --help. KVDRILL=PATH: another program than the one built here.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
kvdrill=${KVDRILL:-$here/.build/release/kvdrill}
if [ ! -x "$kvdrill" ]; then
  echo "ERROR: $kvdrill is missing: make build" >&2
  exit 2
fi
exec "$kvdrill" "$@"
