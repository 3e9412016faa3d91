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

# Of the quick look: a brick of each split, and the tier with the fewest injections
SMALL_BRICKS := 3588m027 0001m005 0063p017
SMALL_VARS   := --vars '{tiers: [debug]}'
UNCHECKED    := --exclude-resource-type test --exclude-resource-type unit_test

# One thread per process: two processes share two cores better than their threads do.
ALONE := DHS_WORKERS=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 POLARS_MAX_THREADS=1
TESTS := $(ALONE) $(BIN)/python -m pytest --every-case --durations 10

.PHONY: help demo demo-small kernels test test-nightly test-demo lint bench bench-ci bench-catalogue clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: $(READY) kernels  ## embedded survey, every stage with its expectations, report: some 5 minutes
	@echo "== 1 of 6: the embedded survey, a small sky laid out like DR10 (half a minute)"
	$(BIN)/python -m ingest mock
	@echo "== 2 of 6: its catalogues into the lake (some seconds)"
	$(BIN)/python -m ingest bricks
	$(BIN)/python -m ingest sweeps
	$(BIN)/python -m ingest lenses
	@echo "== 3 of 6: galaxies, pools, and the manifest of injections, each table validated (a minute)"
	$(BIN)/dbt build --select $(CATALOGUE)
	@echo "== 4 of 6: pixels of the bricks that the manifest asks for (half a minute)"
	$(BIN)/python -m ingest coadds
	$(BIN)/python -m ingest cutouts
	@echo "== 5 of 6: injections, completeness, and the checks of the cutouts (three minutes)"
	$(BIN)/dbt build --select $(PIXELS)
	@echo "== 6 of 6: pages and report (some seconds)"
	$(BIN)/python -m expectations
	$(BIN)/python -m report

demo-small: export DHS_LAKE := $(or $(DHS_LAKE),$(CURDIR)/lake-small)
demo-small: $(READY) kernels  ## a first report from three bricks, nothing validated: a minute, into lake-small/
	@echo "== 1 of 3: three bricks of the embedded survey, and its catalogues"
	$(BIN)/python -m ingest mock $(SMALL_BRICKS:%=--only %)
	$(BIN)/python -m ingest bricks
	$(BIN)/python -m ingest sweeps
	$(BIN)/python -m ingest lenses
	@echo "== 2 of 3: galaxies and the manifest of injections"
	$(BIN)/dbt build --select staging regions parents manifests $(UNCHECKED) $(SMALL_VARS)
	$(BIN)/python -m ingest coadds
	@echo "== 3 of 3: injections, completeness, report"
	$(BIN)/dbt build --select coadds injections completeness $(UNCHECKED) $(SMALL_VARS)
	$(BIN)/python -m report

kernels: $(READY)  ## compiles the kernels, once for each version of them: a minute or two
	@$(BIN)/python -m udfs

test: lint kernels  ## lint, then all tests but the nightly ones; names what skipped for want of real files
	$(TESTS) --numprocesses 2 --dist loadfile

test-nightly: $(READY) kernels  ## what is dear and rarely breaks: kills, rebuilds, whole surveys, the demo twice
	$(TESTS) -m nightly --numprocesses 2 --dist loadfile

test-demo: $(READY) kernels  ## checks of a finished demo; of the lake at DHS_DEMO_LAKE, or of one that it makes
	$(TESTS) -m demo tests/pipeline

lint: $(READY)  ## ruff, mypy and sqlfluff; macros are linted by tests/test_sql.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 models tests/dbt

bench-ci: $(READY)  ## CPU seconds of demo and tests by step, appended to benchmarks/history.csv
	$(BIN)/python -m benchmarks.ci

bench: $(READY)  ## benchmarks against peers, in one run, ratios printed
	$(BIN)/python -m benchmarks

bench-catalogue: $(READY)  ## catalogue stages at the size of DR10: 30 GB of disk, up to an hour
	$(BIN)/python -m benchmarks.catalogue
	$(BIN)/python -m benchmarks.pools

clean:  ## removes the environment, the lake and what dbt wrote
	rm -rf $(VENV) lake lake-small target logs

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
