# What a newcomer guesses: make setup, demo, test, lint, bench. `make help` lists the rest.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
BIN := .venv/bin
CONTRACTS := $(BIN)/python -m contracts.build
PACKAGES := $(patsubst %/__init__.py,%,$(wildcard */__init__.py))

.PHONY: help
help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-11s %s\n", $$1, $$2}'

# --- Installing. Stamps remember what was installed; nothing touches the network twice. ---

.PHONY: setup
setup: .venv/installed contracts/node_modules/installed oracles/examples/node_modules/installed ## Install what the lock files pin

.venv/installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	touch $@

# Slither and halmos pin what the daemons need newer, so they live apart.
.venv-analysis/installed: contracts/analysis/requirements.lock
	test -x .venv-analysis/bin/python || $(PYTHON) -m venv .venv-analysis
	.venv-analysis/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement contracts/analysis/requirements.lock
	touch $@

contracts/node_modules/installed: contracts/package.json contracts/package-lock.json
	cd contracts && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

oracles/examples/node_modules/installed: oracles/examples/package.json oracles/examples/package-lock.json
	cd oracles/examples && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

.PHONY: lock
lock: setup ## Pin the newest versions the ranges allow, for every platform, with hashes
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --extra dev \
		--custom-compile-command "make lock" --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --output-file contracts/analysis/requirements.lock contracts/analysis/requirements.in
	cd contracts && npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error
	cd oracles/examples && npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error

# --- Running. ---

.PHONY: demo
demo: setup ## Run a whole bridge on this machine and show what happens
	$(BIN)/jgb-bridge demo

.PHONY: bench
bench: setup ## Measure the budgets that take minutes
	$(BIN)/python -m tests.bench

.PHONY: bench-long
bench-long: setup ## Measure the budgets that take an hour
	$(BIN)/python -m tests.bench --long

SEED ?= 1
MINUTES ?= 10

.PHONY: soak
soak: setup ## Let a bridge bear every fault there is: make soak [SEED=n] [MINUTES=m]
	@$(BIN)/python -m tests.faults.soak --seed $(SEED) --minutes $(MINUTES)

# --- Checking. ---

.PHONY: test
test: setup ## Run every test, and compare artifacts and gas figures with the committed ones
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target forge-default forge-home
	$(CONTRACTS) artifacts --check
	$(CONTRACTS) snapshots --check
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# Each profile compiles into folders of its own.
.PHONY: forge-default forge-home
forge-default forge-home: forge-%:
	FOUNDRY_PROFILE=$* $(CONTRACTS) forge test

.PHONY: lint
lint: types ## Check style, types and lock files; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(CONTRACTS) forge fmt --check
	@! grep -nE '"resolved"|[a-z+]+://' requirements.lock contracts/analysis/requirements.lock contracts/package-lock.json oracles/examples/package-lock.json \
		| grep -vE '"url": "https://(github.com/sponsors/|paulmillr.com/funding/)' || { echo "lock files name download addresses" >&2; false; }

.PHONY: analyze
analyze: setup .venv-analysis/installed ## Read the contracts for faults with slither and halmos; ANALYZE=deep for wider bounds
	$(BIN)/python -m contracts.analyze static
	$(BIN)/python -m contracts.analyze symbolic

.PHONY: types
types: setup ## Check types
	$(BIN)/mypy $(PACKAGES)

.PHONY: mutants
mutants: setup ## Break one line at a time and see that some test notices
	$(BIN)/python -m tests.mutants

# --- Writing what is committed though it is derived. ---

.PHONY: artifacts
artifacts: setup ## Compile the contracts into contracts/artifacts
	$(CONTRACTS) artifacts

.PHONY: snapshots
snapshots: setup ## Record gas figures in contracts/snapshots
	$(CONTRACTS) snapshots

.PHONY: clean
clean: ## Remove everything that is not committed and can be made again
	rm -rf .venv .venv-analysis contracts/node_modules oracles/examples/node_modules oracles/examples/build contracts/out contracts/out-home contracts/out-symbolic contracts/cache contracts/cache-home contracts/cache-symbolic
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
