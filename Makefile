# The two commands of the README are `make demo` and `make test`; each makes .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test bench lint docs lock

help:  ## Say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /make \1\t/' | expand -t 14

setup: $(VENV)/.installed  ## Make .venv and install the pinned packages into it

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "brainchange needs Python 3.11, 3.12 or 3.13; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Say which to use: make PYTHON=python3.12 …"; exit 1; }
	@echo "Setting up $(VENV) (once, about two minutes) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## Simulate a study with known truth and analyse it: results/demo/report.html
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --config study=demo
	@echo "Report: $(CURDIR)/results/demo/report.html"

test: setup  ## Run every check and test
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest

bench: setup  ## Measure speed and memory as ratios: results/benchmarks.tsv
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python benchmarks/run.py

lint: setup  ## Format and check the code
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pre-commit run --all-files

docs: setup  ## Build the documentation as a site: site/index.html
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/properdocs build --strict --quiet
	@echo "Documentation: $(CURDIR)/site/index.html"

lock:  ## Resolve requirements.lock anew (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --output-file requirements.lock
