# Everything works from a fresh clone with Go and make; PostgreSQL's server
# programs are installed by the system's package manager where missing.

GO ?= go
# Most tests wait for a database or a schedule, so more of them run at a time
# than there are cores.
PARALLEL = -parallel 8
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: help build demo test test-tools test-hashed test-months race soak torture bench bench-small lint lint-deploy \
	image decade fuzz tools postgres clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build ./ingestd
	CGO_ENABLED=0 $(GO) build -trimpath -o ingestd ./cmd/ingestd

demo: postgres build ## Show the daemon at work on a simulated tenant; Ctrl-C ends it
	@exec ./ingestd demo

test: postgres ## Run all tests, against a real PostgreSQL; first it says which are skipped
	@.ci/install --missing
	$(GO) test $(PARALLEL) ./...

test-tools: postgres ## Run the tests that need a browser, a demo, a standby, a restore, or readers
	.ci/install browser axe readers
	INGESTD_TEST_TOOLS=1 $(GO) test $(PARALLEL) -run '^TestTools' ./...

test-hashed: postgres ## Run the store's tests on tables cut into parts by tenant, as Citus cuts them
	INGESTD_TEST_TEAMS=hashed $(GO) test $(PARALLEL) ./internal/store

test-months: postgres ## Run the tests of what stores and reads with details divided into months
	INGESTD_TEST_TEAMS=months $(GO) test $(PARALLEL) ./internal/store ./internal/schedule ./internal/export \
		./cmd/ingestd

race: postgres ## Run all tests under the race detector, those that repeat for long
	INGESTD_TEST_LONG=1 $(GO) test -race $(PARALLEL) -timeout 20m ./...

soak: postgres ## Run all tests ten times, and three times under the race detector
	INGESTD_TEST_LONG=1 $(GO) test $(PARALLEL) -count=10 -timeout 60m ./...
	INGESTD_TEST_LONG=1 $(GO) test -race $(PARALLEL) -count=3 -timeout 60m ./...

# Of each as many as are given; none is begun once so many minutes have passed.
SWEEP = 10000
STORMS = 100
MUTANTS = all
MINUTES = 0

torture: postgres ## Try to make the program lose a row, and to find out bugs put in; REPORT=FILE adds results to it
	$(GO) test ./internal/torture -v -count=1 -timeout 0 $(PARALLEL) \
		-torture.sweep=$(SWEEP) -torture.storms=$(STORMS) -torture.mutants=$(MUTANTS) \
		-torture.minutes=$(MINUTES) -torture.report="$(abspath $(REPORT))"

bench: postgres ## Run all benchmarks; they print ratios against a floor of the same run; JSON=FILE adds them to a file
	INGESTD_BENCH_JSON=$(abspath $(JSON)) $(GO) test -run '^$$' -bench . -timeout 60m ./...

bench-small: postgres ## Run every benchmark once, with few rows; the ratios say little then
	INGESTD_BENCH_ROWS=20000 $(GO) test -run '^$$' -bench . -benchtime 1x -timeout 20m ./...

lint: ## Check formatting, the length of lines, vet, staticcheck and the module files
	test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	.ci/lines
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff
	$(GO) mod verify

lint-deploy: ## Check what is in deploy/: image, manifests, unit, alerts, dashboard
	.ci/lint-deploy

image: postgres ## Do without Docker what deploy/Dockerfile does, and run the result without rights
	.ci/image

decade: postgres ## Have ten tenants read for ten years, with outages; tell what was lost and when it was announced
	INGESTD_TEST_LONG=1 $(GO) test -run TestDecade -v ./internal/schedule

fuzz: ## Fuzz every parser of what comes from outside, each for FOR (default: a minute; or as 5000x)
	.ci/fuzz $(FOR)

tools: ## Install what tests and linters need beside Go, where missing
	.ci/install

postgres: # Install PostgreSQL's server programs where missing
	@.ci/install postgres

clean: ## Remove what build makes
	rm -f ingestd
