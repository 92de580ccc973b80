#!/bin/sh
# Fuzzes a parser with libFuzzer and the address sanitizer (leaks included), starting from its seed corpus.
# usage: scripts/fuzz.sh http [SECONDS]      (60 unless said)
# What is new is kept in .build/fuzz/http/corpus; a finding is left in .build/fuzz/http and fails the run.
set -eu

usage() {
  echo "usage: $0 http [SECONDS]" >&2
  exit 2
}

case $#:${1-} in
  1:http | 2:http) ;;
  *) usage ;;
esac
seconds=${2:-60}

cd "$(dirname "$0")/.."
work=$PWD/.build/fuzz/http
mkdir -p "$work/corpus"

# compile MODULE FILE...: a library with coverage, and its module, in $work
compile() {
  module=$1
  shift
  swiftc -O -enforce-exclusivity=checked -sanitize=fuzzer,address -parse-as-library \
    -swift-version 6 -package-name quorate -wmo -module-name "$module" -I "$work" \
    -emit-module -emit-module-path "$work/$module.swiftmodule" -c "$@" -o "$work/$module.o"
}

compile Bytes Sources/Bytes/*.swift
compile HTTP Sources/HTTP/*.swift
compile HTTPFuzz Tests/HTTPTests/Transcript.swift Fuzz/HTTPFuzz.swift
swiftc -sanitize=fuzzer,address "$work/Bytes.o" "$work/HTTP.o" "$work/HTTPFuzz.o" -o "$work/fuzz"

# run SECONDS BYTES: inputs of at most so many bytes
run() {
  "$work/fuzz" -max_total_time="$1" -max_len="$2" -timeout=10 -print_final_stats=1 \
    -dict=Fuzz/http.dict -artifact_prefix="$work/" "$work/corpus" Tests/HTTPTests/Corpus
}

# Short inputs are quick, and most rules are about them; the limits need long ones.
run $((seconds * 3 / 4 + 1)) 1500
run $((seconds / 4 + 1)) 45000
