# Quorate: `make help` lists what there is.
SHELL := /bin/bash
SWIFT ?= swift
BUILD := .build
SEEDS ?= 1..200
JOBS ?= 2
NAME ?= http
SECONDS ?= 60
SERVERS ?= 4
QUESTIONS ?=
ROUNDS ?= 5
OUT ?= docs/benchmarks
# SECONDS said on the command line is the benchmarks' too; else theirs are fewer.
BENCH_SECONDS := $(if $(filter command line environment,$(origin SECONDS)),$(SECONDS),3)
SOURCES := Sources Tests Package.swift
SCRIPTS := $(wildcard scripts/*.sh) $(addprefix scripts/vms/,rc address lease start down power) .ci/run

.DEFAULT_GOAL := help
.PHONY: help deps build run standalone deploy test sim mutants mutants-sweep mutants-table fuzz lint format clean bench bench-report bench-deps cost bench-client soak compat drill drill-planted drill-docs vms vms-stop vms-status vms-image vms-trials

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install from Debian what building and testing need and this machine lacks
	@scripts/deps.sh build test lint

build: ## build the programs, optimized: .build/release/{kvnode,kvclient,kvload,kvsim}
	@scripts/deps.sh build
	$(SWIFT) build -c release

run: build ## build, then run four servers on 127.0.0.1:8081 to 8084 until Ctrl-C
	@scripts/run.sh

standalone: build ## link the programs so that they need nothing where they run: .build/deploy
	@scripts/standalone.sh

deploy: standalone ## bring the programs to HOSTS=a,b,c,d (without: the machines of make vms) over ssh and start them: KEY=file SSH_USER=name OPTIONS="--strict"
	@$(if $(HOSTS),$(if $(KEY),SSH_KEY=$(KEY)),eval "$$(scripts/vms.sh env)";) \
	  scripts/update.sh --start $(if $(HOSTS),$(HOSTS),$$HOSTS) -- $(OPTIONS)

vms: ## boot four virtual machines on a network of their own: VMS=4 KVM=1
	@scripts/deps.sh vms
	@scripts/vms.sh up

vms-stop: ## end the virtual machines; their disks stay
	@scripts/vms.sh down

vms-status: ## each virtual machine: process, ssh, server
	@scripts/vms.sh status

vms-image: ## only their disk image, bootable by other emulators too: .build/vms/quorate.img
	@scripts/deps.sh vms
	@scripts/vms-image.sh

vms-trials: ## once deployed: what clients outside see while each machine loses its power, and during a rolling deploy
	@scripts/vms-trial.sh plugs
	@scripts/vms-trial.sh roll

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

# Emulated machines share the processors with their clients: a gentler load leaves them some.
DRILL_ON = $(if $(TARGET),--machines scripts/$(TARGET).sh -h $$(scripts/$(TARGET).sh hosts) --rate 40,--servers $(SERVERS) $(if $(MEMORY),--memory))
drill: build ## harm servers under load, and tell what came of it: SECONDS=60 SEED=n SERVERS=4 MEMORY=1 FAULTS=file TARGET=vms
	@mkdir -p $(BUILD)/drill
	@$(if $(TARGET),scripts/$(TARGET).sh run) scripts/drill.sh --seconds $(SECONDS) $(DRILL_ON) \
	  $(if $(SEED),--seed $(SEED)) $(if $(FAULTS),--faults $(FAULTS)) \
	  --html $(BUILD)/drill/drill.html --json $(BUILD)/drill/drill.json --table $(BUILD)/drill/drill.txt

drill-planted: build ## a server that reads without asking: the drill must find it
	$(SWIFT) build -c release --product kvnode --scratch-path .build-mutants -Xswiftc -DQUORATE_MUTANTS
	@KVNODE=.build-mutants/release/kvnode scripts/drill.sh --seconds 30 --seed 2 --quiet \
	  --node=--remove-rule --node=reads-probe; [ $$? -eq 1 ] && echo "found, as it must be"

drill-docs: build ## the drill of ten minutes that docs/drill shows, made again
	@mkdir -p docs/drill
	@scripts/drill.sh --seconds 560 --servers 4 --seed 2026 --html docs/drill/drill.html \
	  --svg docs/drill/drill.svg --table docs/drill/drill.txt

lint: ## check the format of Swift and the habits of shell
	@scripts/deps.sh lint
	$(SWIFT) format lint --strict --recursive $(SOURCES)
	shellcheck $(SCRIPTS)

format: ## format the Swift in place
	$(SWIFT) format --in-place --recursive $(SOURCES)

clean: ## remove everything that was built
	rm -rf $(BUILD)

bench: bench-deps ## measure beside Redis, etcd, nginx, and tell: QUESTIONS=1,3 ROUNDS=5 SECONDS=3 OUT=docs/benchmarks
	$(SWIFT) build -c release
	@python3 -m unittest discover -q -s bench
	@python3 bench/run.py --questions "$(QUESTIONS)" --rounds $(ROUNDS) --seconds $(BENCH_SECONDS) --out $(OUT)

bench-report: ## write the benchmarks' document and pictures anew from their raw data
	@python3 bench/report.py $(OUT)

bench-deps: ## install the benchmarks' rivals from Debian, without starting them
	@scripts/deps.sh build bench

cost: ## count instructions and allocations a request: no more than bench/cost.json allows
	@scripts/deps.sh build cost
	$(SWIFT) build -c release --product kvnode
	@python3 bench/cost.py $(if $(RECORD),--record)

bench-client: bench-deps ## compare kvclient as a process with curl
	$(SWIFT) build -c release
	@python3 bench/client.py

soak: build ## idle and slow connections in thousands, a million mangled requests
	@python3 scripts/soak.py

compat: bench-deps ## curl, wrk, ab, Python and nc against one server
	$(SWIFT) build -c release
	@scripts/compat.sh
