# Quorate: `make help` lists what there is.
SHELL := /bin/bash
SWIFT ?= swift
BUILD := .build
SEEDS ?= 1..200
JOBS ?= 2
NAME ?= http
SECONDS ?= 60
SOURCES := Sources Tests Package.swift
SCRIPTS := $(wildcard scripts/*.sh) .ci/run

.DEFAULT_GOAL := help
.PHONY: help deps build run deploy test sim mutants mutants-sweep mutants-table fuzz lint format clean bench-deps bench-one bench-client soak compat

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install from Debian what building and testing need and this machine lacks
	@scripts/deps.sh build test lint

build: ## build the programs, optimized: .build/release/kvnode, kvclient
	@scripts/deps.sh build
	$(SWIFT) build -c release

run: build ## build, then run four servers on 127.0.0.1:8081 to 8084 until Ctrl-C
	@scripts/run.sh

deploy: build ## bring the programs to HOSTS=a,b,c,d over ssh and start them, one after the other
	@scripts/update.sh --start $(HOSTS)

test: deps ## run every test
	$(SWIFT) test --disable-swift-testing

sim: ## run the replicated core under simulation: SEEDS=1..200
	@scripts/deps.sh build
	$(SWIFT) build -c release --product kvsim
	.build/release/kvsim --seeds $(SEEDS) --jobs $(JOBS)

mutants: ## take each protective rule away: its scenario must go red
	@scripts/deps.sh build
	$(SWIFT) test --disable-swift-testing --scratch-path .build-mutants -Xswiftc -DQUORATE_MUTANTS \
	  --filter ScenarioTests

mutants-sweep: ## the same, and by simulated seeds: one table (takes long)
	@scripts/deps.sh build
	@scripts/mutants.sh

mutants-table: ## the same, and write the table into docs/mutants.md
	@scripts/deps.sh build
	@scripts/mutants.sh --write

fuzz: ## fuzz a decoder: NAME=http|wire|journal SECONDS=60
	@scripts/fuzz.sh $(NAME) $(SECONDS)

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
