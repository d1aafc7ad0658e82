# What can be done here. "make" lists it.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

.PHONY: help
help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

.PHONY: demo
demo: ## show what it does: a prompt from registry to handler, through an outage and back
	go run ./cmd/promptcache demo

.PHONY: test
test: sdk ## run all tests with the race detector, and the official SDKs against the fakes if Node is here
	go test -race ./...
	scripts/nested go test -race ./...

.PHONY: sdk
sdk: ## install the official npm SDKs that the fakes are checked with
	@scripts/sdk

.PHONY: offline
offline: ## run the commands of docs/offline.md, those of the other side without a network
	PROMPTCACHE_REQUIRE_NETNS=1 go test -count=1 ./docs

TORTURE ?= 60s
TORTURE_CHECKS ?= 5000
TORTURE_COUNT ?= 20
.PHONY: torture
torture: ## look for rare faults: core tests again and again, torture, models, histories, killed writers, all fuzz targets; TORTURE=60s of each
	go test -race -count=$(TORTURE_COUNT) -timeout 60m ./promptcache/...
	PROMPTCACHE_TORTURE=$(TORTURE) go test -race -count=1 -timeout 30m -run 'Torture' ./promptcache/...
	PROMPTCACHE_TORTURE=$(TORTURE) go test -count=1 -timeout 30m -run 'TortureReaders' ./promptcache
	go test -race -count=1 -timeout 30m -run 'AgainstModel|Checksum' ./promptcache -rapid.checks=$(TORTURE_CHECKS)
	go test -race -count=$(TORTURE_COUNT) -timeout 30m -run 'Histor|Crash' ./promptcache/...
	@scripts/fuzz $(TORTURE)

SOAK ?= 10m
.PHONY: soak
soak: ## run the caches for SOAK=10m over HTTP while everything around them goes wrong; reports to soak.json
	go run ./internal/cmd/soak -length $(SOAK) -quiet -json soak.json

.PHONY: reliability
reliability: ## soak for SOAK=10m and write docs/reliability.md from what it saw; wants an idle machine
	go run ./internal/cmd/soak -length $(SOAK) -quiet -json docs/reliability/soak.json -page docs/reliability.md

FUZZTIME ?= 60s
.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME=60s
	@scripts/fuzz $(FUZZTIME)

.PHONY: cover
cover: ## measure statement coverage of the library's packages; below 95 % fails
	@scripts/cover

.PHONY: fleet
fleet: ## play fleets in virtual time; write the numbers and pictures of docs/fleet.md (SIZES=100000: minutes)
	go run ./sim/cmd/fleet -out docs/fleet $(if $(SIZES),-instances $(SIZES))

.PHONY: fleet-check
fleet-check: ## check that these are what the fleets of up to 1,000 come to
	go run ./sim/cmd/fleet -out docs/fleet -check

.PHONY: observability
observability: ## check the alert rules with promtool, and that every documented query brings something
	dir=$$(scripts/prometheus) && cd docs/observability && PROMPTCACHE_PROMETHEUS=$$dir go test -count=1 .

.PHONY: lint
lint: ## vet, golangci-lint at its pinned version, and go mod tidy
	@scripts/lint

.PHONY: cross
cross: ## build everything for linux, darwin and windows, on arm64, amd64 and 386
	for to in linux/arm64 linux/386 darwin/arm64 windows/amd64; do \
		echo "$$to"; GOOS=$${to%/*} GOARCH=$${to#*/} go build -o /dev/null ./... ; done

.PHONY: bench
bench: sdk ## measure beside every peer and write docs/benchmarks.md; takes some seven minutes and an idle machine
	cd bench && go run ./cmd/bench -out ../docs/benchmarks.md

.PHONY: bench-quick
bench-quick: sdk ## the same in about a minute, less exactly, on standard output
	cd bench && go run ./cmd/bench -quick

.PHONY: bench-gate
bench-gate: ## fail if a hit has become slower beside otter and a bare concurrent map
	cd bench && go run ./cmd/gate

.PHONY: ci
ci: ## everything that must pass before a change lands
	.ci/run
