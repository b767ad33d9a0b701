# Everything here needs only Python 3.11+ with venv: the first target fetches uv and the locked packages into .venv.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Workers of pytest. Two is what the time limits are stated for.
WORKERS ?= 2
# More arguments for `make demo` and `make test`, for example: make test ARGS="-k lifecycle"
ARGS ?=

.PHONY: help demo up down test lint types check soak bench bench-reads bench-ingest bench-domain bench-diagnosis bench-redaction lock clean

help: ## This table
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## A recorded bad deploy, replayed through the real use cases into the embedded database
	@$(BIN)/sre-copilot demo $(ARGS)

up: $(READY) ## Run everything: the server with its doors and API, a worker, and the embedded database (http://127.0.0.1:8080)
	@exec $(BIN)/sre-copilot up $(ARGS)

down: $(READY) ## Stop the embedded database; it keeps running between commands otherwise
	@$(BIN)/sre-copilot down $(ARGS)

test: $(READY) ## First ring, about 11 minutes on two cores: all tests at their small counts
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: $(READY) ## Ruff, import contracts, declared dependencies
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --config importlinter.ini
	@$(BIN)/deptry .

types: $(READY) ## mypy --strict with the Django plugin
	@$(BIN)/python -m mypy

check: ## Second ring, up to 20 minutes: what CI runs
	@.ci/run

soak: $(READY) ## Third ring: everything at full count and mutation testing; figures in build/soak.json
	@$(BIN)/python .ci/soak.py

bench: $(READY) ## Benchmarks (every benchmarks/**/bench_*.py); never part of the tests
	@files=$$(find benchmarks -name 'bench_*.py' | sort); \
	  [ -n "$$files" ] || { echo "There is no bench_*.py in benchmarks/." >&2; exit 1; }; \
	  for file in $$files; do echo "== $$file"; module=$${file%.py}; $(BIN)/python -m "$${module//\//.}" $(ARGS); done

bench-reads: $(READY) ## Lists, pages and reports of a large tenant (ARGS="--incidents 1000000 --signals 5000000")
	@$(BIN)/python -m benchmarks.reads.bench_reads $(ARGS)

bench-ingest: $(READY) ## Storms of alerts over HTTP and as a library, beside others in the same run (ARGS="--quick")
	@$(BIN)/python -m benchmarks.ingest.bench_ingest $(ARGS)

bench-domain: $(READY) ## What one signal of a storm costs the domain, how that grows with open incidents, and how fast commands start
	@$(BIN)/python -m benchmarks.domain.bench_domain $(ARGS)

bench-redaction: $(READY) ## What redaction finds of planted secrets, what it alters of ordinary lines, and how time grows
	@$(BIN)/python -m benchmarks.redaction.bench_redaction $(ARGS)

bench-diagnosis: $(READY) ## Answer labelled incidents through the facade (CASES=FOLDER OUT=FILE, more in ARGS)
	@[ -n "$(CASES)" ] && [ -n "$(OUT)" ] || { echo "Say which: make bench-diagnosis CASES=FOLDER OUT=FILE" >&2; exit 2; }
	@$(BIN)/python -m benchmarks.diagnosis.answer --cases "$(CASES)" --out "$(OUT)" $(ARGS)

lock: $(READY) ## Bring requirements.lock in line with pyproject.toml (UPGRADE=1: to the newest versions)
	@$(BIN)/uv pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11 \
	  $(if $(UPGRADE),--upgrade) --extra testing --group dev --output-file requirements.lock pyproject.toml

clean: ## Remove the environment and everything that was built
	@rm -rf $(VENV) build mutants .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(READY): requirements.lock pyproject.toml .ci/bootstrap
	@PYTHON="$(PYTHON)" .ci/bootstrap $(VENV)
	@touch $@
