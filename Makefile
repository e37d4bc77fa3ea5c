# make demo    builds everything and shows an operation survive the death of its worker
# make test    unit, workflow, replay, command-line and end-to-end tests of all modules
# make chaos   half an hour in which workers, server, database and network fail (docs/chaos.md); in make test, 3 minutes
# make lint    vet, golangci-lint, workflowcheck, formatting
# make test-alerts  the alert rules, by promtool
# make screenshots  the pictures of Temporal's web UI in docs/screenshots, by Chromium
# make docs    the tables of rules in docs, from the tests that declare them, and the schemas, from the Go types

GO       ?= go
BIN      := bin
TOOL     := $(GO) tool -modfile=$(CURDIR)/tools/go.mod
E2E_TIME ?= 30m

.PHONY: all build bench bench-go bench-inflight chaos demo screenshots test test-unit test-schema test-diff test-bench test-devserver test-compose test-alerts test-cluster test-chaos test-pages lint fmt docs fuzz clean

all: build

build: $(BIN)/perdure $(BIN)/jobservice $(BIN)/perdure-devserver

.PHONY: $(BIN)/perdure $(BIN)/jobservice $(BIN)/perdure-devserver $(BIN)/demo
$(BIN)/perdure:
	@echo "building perdure (the Temporal SDK included: about a minute the first time)"
	@$(GO) build -o $@ ./cmd/perdure
$(BIN)/jobservice:
	@echo "building the sample service (seconds)"
	@$(GO) build -o $@ ./examples/jobservice/cmd/jobservice
$(BIN)/demo:
	@$(GO) build -o $@ ./examples/demo
$(BIN)/perdure-devserver:
	@echo "building the embedded Temporal server and its web UI (4 to 10 minutes the first time, then seconds)"
	@cd devserver && $(GO) build -o ../$@ ./cmd/perdure-devserver

# KEEP=1 leaves everything running until Ctrl-C.
demo: $(BIN)/perdure $(BIN)/jobservice $(BIN)/demo $(BIN)/perdure-devserver
	@$(BIN)/demo -bin $(BIN) $(if $(KEEP),-keep)

test: test-unit test-schema test-diff test-bench test-devserver test-compose test-alerts test-cluster test-chaos

test-unit:
	$(GO) test -race -timeout 20m ./...
	@echo "every cut of a stream, of which the race detector had a part"
	$(GO) test -timeout 20m -run 'BrokenAtEveryByte|BrokenAtAByte' ./activities

# The schemas of docs/schema, and what the tests and histories hold, by them.
test-schema:
	cd docs/internal/schema && $(GO) test ./...

# What the benchmarks reckon with, and what they are played by; they themselves are make bench.
test-bench:
	cd bench && $(GO) test ./inflight ./polling/... ./internal/...

# Our protocols beside the services' own SDKs, on the same exchanges.
test-diff:
	cd difftests && $(GO) test -timeout 10m ./...

AIMOCK     := devserver/e2e/testdata/aimock
TYPESCRIPT := examples/typescript

# Tests of packages, with flags, on real servers. With RERUN, as in CI, where machines do other
# things at the same time, what failed is run once more by itself, and the report says so.
ifdef RERUN
on_servers = $(TOOL) gotestsum --format standard-quiet --rerun-fails=1 --rerun-fails-max-failures=6 --packages=$(1) -- $(2)
else
on_servers = $(GO) test $(2) $(1)
endif

test-devserver: $(AIMOCK)/node_modules $(TYPESCRIPT)/node_modules
	cd devserver && $(call on_servers,./...,-timeout $(E2E_TIME))

# A server that somebody else wrote, whose batches the tests run; and a client in TypeScript.
$(AIMOCK)/node_modules $(TYPESCRIPT)/node_modules: %/node_modules: %/package-lock.json
	@if command -v npm >/dev/null; then npm --prefix $* ci --no-audit --no-fund --loglevel error && touch $@; \
	else echo "no npm here: the tests that need $* are skipped"; fi

# The compose file, as the real thing reads it.
test-compose:
	$(GO) tool -modfile=$(CURDIR)/tools/compose/go.mod github.com/docker/compose/v2/cmd -f docker-compose.yml config --quiet

# The alert rules, as Prometheus reads them. Building promtool takes 2 to 5 minutes of CPU the
# first time; the tag leaves out what finds Prometheus its targets.
test-alerts:
	GOFLAGS=-tags=remove_all_sd $(GO) tool -modfile=$(CURDIR)/tools/promtool/go.mod promtool test rules deploy/alerts_test.yaml

# The end-to-end tests once more, on the server of the compose file with PostgreSQL.
test-cluster: $(AIMOCK)/node_modules $(TYPESCRIPT)/node_modules
	cd devserver && PERDURE_E2E_CLUSTER=1 $(call on_servers,./e2e,-count=1 -timeout $(E2E_TIME))

# A collection of 5,000 pages, each of them an object of a store; in test-devserver, 500.
test-pages:
	cd devserver && PERDURE_STORED_PAGES=5000 $(GO) test -count=1 -v -run 'TestPagesInTheStore$$' -timeout $(E2E_TIME) ./e2e

# Everything fails, drawn from a seed: PERDURE_CHAOS_SEED draws it again.
chaos: export PERDURE_CHAOS ?= 30m
test-chaos: export PERDURE_CHAOS = 3m
chaos test-chaos:
	cd devserver && $(GO) test -count=1 -v -run TestChaos -timeout 45m ./chaos

lint:
	$(GO) vet ./...
	cd devserver && $(GO) vet ./...
	cd difftests && $(GO) vet ./...
	cd docs/internal/schema && $(GO) vet ./...
	cd bench && $(GO) vet ./...
	$(TOOL) golangci-lint run ./...
	cd bench && $(TOOL) golangci-lint run -c ../.golangci.yml ./...
	cd devserver && $(TOOL) golangci-lint run -c ../.golangci.yml ./...
	cd difftests && $(TOOL) golangci-lint run -c ../.golangci.yml ./...
	cd docs/internal/schema && $(TOOL) golangci-lint run -c ../../../.golangci.yml ./...
	$(TOOL) workflowcheck -config $(CURDIR)/.workflowcheck.yaml ./workflows/... ./child ./examples/flows
	@unformatted=$$($(TOOL) gofumpt -l .); test -z "$$unformatted" || { echo "gofumpt would change: $$unformatted"; exit 1; }

fmt:
	$(TOOL) gofumpt -w .

screenshots:
	cd devserver && PERDURE_SCREENSHOTS=$(CURDIR)/docs/screenshots $(GO) test -count=1 -run TestWebUIScreenshots ./webapptest

docs:
	$(GO) run ./docs/internal/write
	cd docs/internal/schema && $(GO) run ./write

# Ways of polling, side by side: about 20 minutes. It writes docs/performance.md, and fails when
# what that promises is not held. BENCH_QUICK=1: a minute or two, and nothing is written.
bench:
	cd bench && $(GO) run ./polling $(if $(BENCH_QUICK),-quick)

# Pages and streams: BENCH chooses, BENCHTIME as go test has it.
BENCH     ?= OnePage|BenchmarkPages|StreamCalls|StreamLatency/1_at_once
BENCHTIME ?= 2s
bench-go:
	cd bench && $(GO) test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -timeout 2h .

# Starts a second, 20,000 operations that wait, and beside them as many as can be watched in
# time; about 40 minutes. It writes docs/scale.md.
bench-inflight:
	cd bench && $(GO) run ./inflight -hold PostgreSQL -watched 1500,2500,3500 -page ../docs/scale.md

# Every parser that meets bytes from outside, for FUZZTIME each, which is 30s.
fuzz:
	@.ci/fuzz

clean:
	rm -rf $(BIN)
