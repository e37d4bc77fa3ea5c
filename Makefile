# make demo    builds everything and shows an operation survive the death of its worker
# make test    unit, workflow, replay, command-line and end-to-end tests of both modules
# make lint    vet, golangci-lint, workflowcheck, formatting
# make docs    the tables of rules in docs, from the tests that declare them

GO       ?= go
BIN      := bin
TOOL     := $(GO) tool -modfile=$(CURDIR)/tools/go.mod
E2E_TIME ?= 20m

.PHONY: all build bench demo test test-unit test-diff test-devserver test-compose test-cluster lint fmt docs fuzz clean

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

test: test-unit test-diff test-devserver test-compose test-cluster

test-unit:
	$(GO) test -race -timeout 10m ./...

# Our protocols beside the services' own SDKs, on the same exchanges.
test-diff:
	cd difftests && $(GO) test -timeout 10m ./...

AIMOCK := devserver/e2e/testdata/aimock

test-devserver: $(AIMOCK)/node_modules
	cd devserver && $(GO) test -timeout $(E2E_TIME) ./...

# A server that somebody else wrote, whose batches the tests run.
$(AIMOCK)/node_modules: $(AIMOCK)/package-lock.json
	@if command -v npm >/dev/null; then npm --prefix $(AIMOCK) ci --no-audit --no-fund --loglevel error && touch $@; \
	else echo "no npm here: the test with somebody else's server is skipped"; fi

# The compose file, as the real thing reads it.
test-compose:
	$(GO) tool -modfile=$(CURDIR)/tools/compose/go.mod github.com/docker/compose/v2/cmd -f docker-compose.yml config --quiet

# The end-to-end tests once more, on the server of the compose file with PostgreSQL.
test-cluster: $(AIMOCK)/node_modules
	cd devserver && PERDURE_E2E_CLUSTER=1 $(GO) test -count=1 -timeout $(E2E_TIME) ./e2e

lint:
	$(GO) vet ./...
	cd devserver && $(GO) vet ./...
	cd difftests && $(GO) vet ./...
	cd bench && $(GO) vet ./...
	$(TOOL) golangci-lint run ./...
	cd devserver && $(TOOL) golangci-lint run -c ../.golangci.yml ./...
	cd difftests && $(TOOL) golangci-lint run -c ../.golangci.yml ./...
	$(TOOL) workflowcheck -config $(CURDIR)/.workflowcheck.yaml ./workflows/...
	@unformatted=$$($(TOOL) gofumpt -l .); test -z "$$unformatted" || { echo "gofumpt would change: $$unformatted"; exit 1; }

fmt:
	$(TOOL) gofumpt -w .

docs:
	$(GO) run ./docs/internal/write

# What things cost, side by side: BENCH chooses, BENCHTIME as go test has it.
BENCH     ?= OnePage|BenchmarkPages|StreamCalls|StreamLatency/1_at_once
BENCHTIME ?= 2s
bench:
	cd bench && $(GO) test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -timeout 2h .

FUZZTIME ?= 30s
fuzz:
	@for p in tokens activities/protocol activities/protocol/azure activities/protocol/google activities/protocol/openai activities/protocol/location activities/protocol/waiter activities/protocol/nextlink activities/protocol/link activities/protocol/token; do \
	  for f in $$($(GO) test -list '^Fuzz' ./$$p | grep ^Fuzz); do \
	    $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) ./$$p || exit 1; done; done

clean:
	rm -rf $(BIN)
