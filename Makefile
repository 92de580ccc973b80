# Quorate: `make help` lists what there is.
SHELL := /bin/bash
SWIFT ?= swift
BUILD := .build
SOURCES := Sources Tests Package.swift
SCRIPTS := $(wildcard scripts/*.sh) .ci/run

.DEFAULT_GOAL := help
.PHONY: help deps build run test lint format clean bench-deps bench-one bench-client soak compat sim mutants fuzz

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install from Debian what building and testing need and this machine lacks
	@scripts/deps.sh build test lint

build: ## build the programs, optimized: .build/release/kvnode, kvclient
	@scripts/deps.sh build
	$(SWIFT) build -c release

run: build ## build, then run a server on 127.0.0.1:8081 until Ctrl-C
	@scripts/run.sh

test: deps ## run every test
	$(SWIFT) test --disable-swift-testing

lint: ## check the format of Swift and the habits of shell
	@scripts/deps.sh lint
	$(SWIFT) format lint --strict --recursive $(SOURCES)
	shellcheck $(SCRIPTS)

format: ## format the Swift in place
	$(SWIFT) format --in-place --recursive $(SOURCES)

clean: ## remove everything that was built
	rm -rf $(BUILD)

bench-deps:
	@scripts/deps.sh build bench

bench-one: bench-deps ## compare one server with a libuv floor and nginx, side by side
	$(SWIFT) build -c release
	@python3 bench/one.py

bench-client: bench-deps ## compare kvclient as a process with curl
	$(SWIFT) build -c release
	@python3 bench/client.py

soak: build ## idle and slow connections in thousands, a million mangled requests
	@python3 scripts/soak.py

compat: bench-deps ## curl, wrk, ab, Python and nc against one server
	$(SWIFT) build -c release
	@scripts/compat.sh

sim: ## run the simulator over many seeds: SEEDS=1..200 JOBS=2
	@scripts/deps.sh build
	$(SWIFT) build -c release --product kvsim
	$(BUILD)/release/kvsim --seeds $(or $(SEEDS),1..200) --jobs $(or $(JOBS),2)

mutants: ## remove each rule of the protocol in turn: the simulator must notice
	@scripts/deps.sh build
	@scripts/mutants.sh

fuzz: ## fuzz a decoder: NAME=http|wire|journal SECONDS=60
	@scripts/deps.sh build
	@scripts/fuzz.sh $(or $(NAME),http) $(or $(SECONDS),60)
