#!/bin/sh
# Fuzzes a decoder with libFuzzer and the address sanitizer (leaks included), starting from its seed corpus.
# usage: scripts/fuzz.sh http|wire|journal [SECONDS]      (60 unless said)
# What is new is kept in .build/fuzz/NAME/corpus; a finding is left in .build/fuzz/NAME and fails the run.
set -eu

usage() {
  echo "usage: $0 http|wire|journal [SECONDS]" >&2
  exit 2
}

case $#:${1-} in
  [12]:http | [12]:wire | [12]:journal) ;;
  *) usage ;;
esac
name=$1
seconds=${2:-60}

cd "$(dirname "$0")/.."
work=$PWD/.build/fuzz/$name
mkdir -p "$work/corpus"

# compile MODULE FILE...: a library with coverage, and its module, in $work
compile() {
  module=$1
  shift
  swiftc -O -enforce-exclusivity=checked -sanitize=fuzzer,address -parse-as-library \
    -swift-version 6 -package-name quorate -wmo -module-name "$module" -I "$work" \
    -emit-module -emit-module-path "$work/$module.swiftmodule" -c "$@" -o "$work/$module.o"
}

# link MODULE...: the fuzzer of what was compiled
link() {
  for module in "$@"; do
    set -- "$@" "$work/$module.o"
    shift
  done
  swiftc -sanitize=fuzzer,address "$@" -o "$work/fuzz"
}

case $name in
  http)
    compile Bytes Sources/Bytes/*.swift
    compile HTTP Sources/HTTP/*.swift
    compile HTTPFuzz Tests/HTTPTests/Transcript.swift Fuzz/HTTPFuzz.swift
    link Bytes HTTP HTTPFuzz
    set -- -max_len=45000 -dict=Fuzz/http.dict "$work/corpus" Tests/HTTPTests/Corpus
    ;;
  wire)
    compile Bytes Sources/Bytes/*.swift
    compile KVStore Sources/KVStore/*.swift
    compile VSR Sources/VSR/*.swift
    compile Wire Sources/Wire/*.swift
    compile WireFuzz Tests/WireTests/FrameTranscript.swift Tests/WireTests/MessageMaker.swift Fuzz/wire.swift
    link Bytes KVStore VSR Wire WireFuzz
    set -- -max_len=4000 "$work/corpus"
    ;;
  journal)
    compile Bytes Sources/Bytes/*.swift
    compile Journal Sources/Journal/*.swift
    compile JournalFuzz Fuzz/journal.swift
    link Bytes Journal JournalFuzz
    set -- -max_len=4096 "$work/corpus"
    ;;
esac

exec "$work/fuzz" -max_total_time="$seconds" -timeout=10 -print_final_stats=1 -artifact_prefix="$work/" "$@"
