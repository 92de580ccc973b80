#!/usr/bin/env bash
# Link kvnode and kvclient so that they need nothing where they run. `scripts/standalone.sh --help` teaches.
set -euo pipefail

self=${0##*/}
top=$(cd "$(dirname "$0")/.." && pwd)
parts=$top/scripts/standalone

usage() {
  cat <<HELP
$self: link kvnode and kvclient once more, from what \`make build\` compiled, for any Linux of this processor.

Swift's runtime, libuv and the C library are in the programs: no Swift, no library and no certain distribution is
needed on the machine, not even a dynamic linker. Symbols and unwinding tables, which only debuggers read, are
left out. The code is that of the programs in BUILD.

Environment
  BUILD     SwiftPM's directory of the build   (default .build/release)
  PROGRAMS  where the programs go              (default .build/deploy)
HELP
}

die() { # die MESSAGE [STATUS]
  echo "ERROR: $1" >&2
  exit "${2:-1}"
}

case ${1-} in
'') ;;
--help)
  usage
  exit
  ;;
*) die "unexpected argument '$1': see $self --help" 2 ;;
esac

build=${BUILD:-$top/.build/release}
programs=${PROGRAMS:-$top/.build/deploy}
command -v swiftc >/dev/null || die "no swiftc in PATH"
archive=$(pkg-config --variable=libdir libuv-static 2>/dev/null)/libuv_a.a
[ -f "$archive" ] || die "no static libuv: apt-get install libuv1-dev"

mkdir -p "$programs"
scratch=$(mktemp -d "$programs/link.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
ln -s "$archive" "$scratch/libuv.a"
clang=$(dirname "$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')")/../bin/clang
"$clang" -O1 -c -o "$scratch/lookups.o" "$parts/lookups.c"

link() { # link PROGRAM MODULE
  local objects=$build/$1.product/Objects.LinkFileList
  [ -f "$objects" ] || die "no $1 built in $build: make build"
  # The linker warns of every function that looks up names or users; lookups.c is the answer to that.
  swiftc -static-executable -use-ld=lld -o "$scratch/$1" "@$objects" "$scratch/lookups.o" -L "$scratch" \
    -Xlinker --gc-sections -Xlinker --strip-all -Xlinker --defsym="main=$2_main" \
    -Xlinker --no-eh-frame-hdr -Xlinker -T -Xlinker "$parts/no-unwinding.ld" 2>"$scratch/notes" || {
    grep -v 'warning:' "$scratch/notes" >&2 || true
    die "$1 cannot be linked"
  }
  "$scratch/$1" --version >/dev/null || die "$1 does not run"
  mv "$scratch/$1" "$programs/$1"
  echo "$programs/$1: $(stat -c %s "$programs/$1") bytes, needs nothing"
}

link kvnode KVNode
link kvclient KVClient
