# Every target sets itself up: Python 3.11 or newer, git, make and the package registries are enough.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
unexport VIRTUAL_ENV

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
READY := .venv/.ready
# The page of topics as a new installation has them: no file and no variable of yours counts.
TOPICS_PAGE = env -i $(CURDIR)/$(BIN)/subfold topics create --print --config /dev/null
STALE = { echo 'what is made from code is not up to date: run make docs'; exit 1; }

export UV_PYTHON_DOWNLOADS := never

.PHONY: help setup demo up test browser screenshots check chaos bench mutants release fix docs vendor clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: $(READY) ## Set up .venv, and nothing else

demo: $(READY) ## Show the whole path on real input, in a temporary folder
	@$(BIN)/subfold demo

up: $(READY) ## Run everything on this machine; data stays in ./.subfold
	@$(BIN)/subfold up

test: $(READY) ## Run all tests; the broker is Apache Kafka, fetched when there is none
	@$(BIN)/pytest -n 2

browser: $(READY) ## Try every page of the console in a real browser; pictures in ./artefacts/browser
	@$(BIN)/python tests/browser/chromium.py
	@$(BIN)/pytest tests/browser

screenshots: $(READY) ## Take the pictures of docs/screenshots anew
	@$(BIN)/python tests/browser/chromium.py
	@$(BIN)/pytest -p no:cacheprovider tests/browser/screenshots.py

check: $(READY) ## Format, lint, types, layers, container files, generated pages
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/prek validate-config .pre-commit-config.yaml
	@$(BIN)/python -m console.web.vendor check
	@$(TOPICS_PAGE) | diff docs/topics.md - || $(STALE)
	@made=$$(mktemp -d); trap 'rm -rf $$made' EXIT; $(BIN)/subfold schemas export $$made >/dev/null; \
		diff -r docs/schemas $$made || $(STALE)
	@for old in tests/releases/*/schemas; do \
		[ ! -d "$$old" ] || $(BIN)/subfold schemas compare "$$old"; done

# CHAOS_SEED=… makes the same schedule again; it is printed at the start and at the end.
chaos: $(READY) ## Kill everything for CHAOS_SECONDS (600) on one broker, then on three; see broken builds caught
	@CHAOS_SECONDS=$${CHAOS_SECONDS:-600} $(BIN)/pytest -s --timeout 0 tests/chaos/test_chaos.py
	@CHAOS_SECONDS=$${CHAOS_SECONDS:-600} $(BIN)/pytest -s --timeout 0 tests/chaos/three_brokers.py
	@$(BIN)/pytest -s --timeout 600 tests/chaos/broken_builds.py

bench: $(READY) ## Measure the worker beside a bare loop and the fold alone, and the clock
	@$(BIN)/python -m benchmarks.bench
	@$(BIN)/python -m benchmarks.latency
	@$(BIN)/python -m benchmarks.clock

# Works on copies in ./mutants. What was found stands until its code changes: after new tests, name
# what to ask again, as in MUTANTS='projections.mrr.*'; `make clean` forgets all.
mutants: $(READY) ## Change the fold and MRR line by line and list the changes that no test notices
	@$(BIN)/uv sync --quiet --frozen --all-extras --group mutation --inexact --python $(BIN)/python
	@$(BIN)/mutmut run $(MUTANTS)
	@$(BIN)/mutmut results | sed '/: not checked$$/d'
	@echo 'Look at one with: $(BIN)/mutmut show NAME'

# To be committed with the release; `make check` and `make test` hold every later one to it.
release: check ## Keep schemas, log and rows of this version for comparison with all later ones
	@$(BIN)/python tests/golden/releases.py

fix: $(READY) ## Format, and mend what can be mended by machine
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(READY) ## Write the pages that are made from code
	@$(TOPICS_PAGE) > docs/topics.md
	@rm -f docs/schemas/*.json
	@$(BIN)/subfold schemas export

vendor: $(READY) ## Fetch what the console's pages load from npm, by pinned hashes
	@$(BIN)/python -m console.web.vendor fetch

clean: ## Remove .venv and caches; your data in ./.subfold stays
	rm -rf .venv mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv comes from PyPI into .venv itself, so that nothing has to be installed before.
$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "subfold needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11")'
	@echo "Setting up .venv …"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv sync --frozen --all-extras --inexact --python $(BIN)/python
	@touch $@
