# Every target sets up what it needs beyond Rust and a C compiler by itself.
CARGO ?= cargo
# The same cases of the property tests everywhere; another number explores others.
export PROPTEST_RNG_SEED ?= 1

# What the suites are run with: this repository's own e2e.
E2E ?= $(CARGO) run --release --locked --

.PHONY: help test test-outputs lint bench audit stubs fuzz

help: ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

include suites.mk

# The examples and the smoke suite run inside of `cargo test`, through the command itself.
test: lint ## everything that must hold: format, lints, all tests, the examples, the smoke suite
	$(CARGO) test --locked

test-outputs: ## outputs against Prometheus, InfluxDB and an OpenTelemetry receiver (installs them)
	tests/outputs/setup target/outputs-venv
	$(CARGO) build --locked
	target/outputs-venv/bin/python tests/outputs/run.py target/debug/e2e

lint: ## format and lints alone
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

bench: ## measure against wrk and others; see tests/bench
	$(CARGO) build --release --locked
	python3 tests/bench/run.py

audit: ## licences, sources and duplicates of the dependencies (installs cargo-deny)
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --locked cargo-deny
	$(CARGO) deny --locked check bans licenses sources

stubs: ## write stdlib/lua/meta and docs/api.md anew
	UPDATE_STUBS=1 $(CARGO) test --locked --lib stubs

# Finds are written to tests/fuzz/artifacts; one that is mended becomes a file of the corpus. FUZZ_TIME is in seconds.
FUZZ_TIME ?= 600
fuzz: ## feed answers of any bytes to the HTTP client (needs a nightly toolchain; installs cargo-fuzz)
	@$(CARGO) fuzz --version >/dev/null 2>&1 || $(CARGO) install --locked cargo-fuzz
	mkdir -p tests/fuzz/found && cp Cargo.lock tests/fuzz/
	$(CARGO) +nightly fuzz run --fuzz-dir tests/fuzz response tests/fuzz/found tests/fuzz/corpus/response -- \
		-max_total_time=$(FUZZ_TIME) -timeout=10 -max_len=6000
