# The two commands to know: `make run` practises, `make test` tests. Both set up what they need, once.

PYTHON ?= python3
BIN = .venv/bin

.PHONY: run test test-all check bench format schema lock clean

run: .venv/run
	@$(BIN)/python -m bot

test: .venv/dev
	$(BIN)/python -m pytest -n 2

test-all: .venv/dev
	$(BIN)/python -m pytest -n 2 -v -m "slow or not slow"

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m bot bank lint
	.ci/audit

bench: .venv/dev .venv-aiogram/bench
	$(BIN)/python -m benchmarks

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: .venv/dev
	$(BIN)/python -m bot bank schema > questions/schema.json

# The first two hold the same versions of what they share, for every supported Python. The third is what the benchmarks
# compare with: aiogram, which needs an older pydantic than ours.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --custom-compile-command "make lock"
lock: .venv/dev
	$(COMPILE) pyproject.toml --group dev --output-file requirements-dev.txt
	$(COMPILE) pyproject.toml --constraint requirements-dev.txt --no-annotate --output-file requirements.txt
	echo "aiogram>=3.31,<4" | $(COMPILE) - --no-annotate --output-file requirements-bench.txt

clean:
	rm -rf .venv .venv-aiogram .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Prepdeck needs Python 3.11 or newer: make run PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/run: .venv/python requirements.txt
	@echo "Installing what Prepdeck needs (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/dev: .venv/python requirements-dev.txt
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ .venv/run

.venv-aiogram/bench: .venv/python requirements-bench.txt
	@echo "Installing what the benchmarks compare with (once) ..."
	@$(BIN)/python -m venv .venv-aiogram
	@.venv-aiogram/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@
