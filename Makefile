# Dark Halo Scope. `make` alone lists what there is.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.complete

export DBT_SEND_ANONYMOUS_USAGE_STATS := 0
export GX_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
export PYTHONDONTWRITEBYTECODE :=
export DBT_PROFILES_DIR := $(CURDIR)

CATALOGUE := staging regions parents manifests pools
PIXELS    := coadds injections completeness cutouts finder

.PHONY: help demo test test-demo lint bench bench-catalogue clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: $(READY)  ## embedded survey, every stage with its expectations, report: a few minutes
	$(BIN)/python -m ingest mock
	$(BIN)/python -m ingest bricks
	$(BIN)/python -m ingest sweeps
	$(BIN)/python -m ingest lenses
	$(BIN)/dbt build --select $(CATALOGUE)
	$(BIN)/python -m ingest coadds
	$(BIN)/python -m ingest cutouts
	$(BIN)/dbt build --select $(PIXELS)
	$(BIN)/python -m expectations
	$(BIN)/python -m report

test: lint  ## lint, then all tests
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile

test-demo: $(READY)  ## the demo on a lake of its own, twice, and with one worker: the same tables
	$(BIN)/python -m pytest -m demo tests/pipeline

lint: $(READY)  ## ruff, mypy and sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 models

bench: $(READY)  ## benchmarks against peers, in one run, ratios printed
	$(BIN)/python -m benchmarks

bench-catalogue: $(READY)  ## catalogue stages at the size of DR10: 30 GB of disk, up to an hour
	$(BIN)/python -m benchmarks.catalogue
	$(BIN)/python -m benchmarks.pools

clean:  ## removes the environment, the lake and what dbt wrote
	rm -rf $(VENV) lake target logs

# The environment is complete or absent: the marker is written last, and a new lock makes it anew.
$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed: install one and say which, e.g. 'make PYTHON=python3.12'."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv module is missing: install it, e.g. 'apt install python3-venv', and run make again."; exit 1; }
	@rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true
	@touch $@
