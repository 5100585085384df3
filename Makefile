# Everything works from a fresh clone with Go and make; PostgreSQL's server
# programs are installed by the system's package manager where missing.

GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: help build demo test race bench lint fuzz postgres clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build ./ingestd
	$(GO) build -trimpath -o ingestd ./cmd/ingestd

demo: postgres build ## Show the daemon at work on a simulated tenant; Ctrl-C ends it
	@exec ./ingestd demo

test: postgres ## Run all tests, against a real PostgreSQL
	$(GO) test ./...

race: postgres ## Run all tests ten times under the race detector
	$(GO) test -race -count=10 -timeout 60m ./...

bench: postgres ## Run all benchmarks; they print ratios against a floor of the same run
	$(GO) test -run '^$$' -bench . ./...

lint: ## Check formatting, vet, staticcheck and the module files
	test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff
	$(GO) mod verify

fuzz: ## Fuzz the mapping and the configuration for a minute each
	$(GO) test -run '^$$' -fuzz FuzzAppend -fuzztime 1m ./internal/mapping
	$(GO) test -run '^$$' -fuzz FuzzLoad -fuzztime 1m ./internal/config

postgres: # Install PostgreSQL's server programs where missing
	@sh deploy/install-postgres.sh

clean: ## Remove what build makes
	rm -f ingestd
