# TumorXY: `make` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt
CODE := dashboard engine kernels cache tests
FRONTEND := dashboard/map_component/frontend

.DEFAULT_GOAL := help
.PHONY: help setup demo format style lint type test test-fast test-gpu bench bench-gpu frontend frontend-check screenshots check clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/python: 
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "TumorXY needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "On Debian: apt install python3-venv"; exit 1; }
	@touch $@

$(VENV)/installed: $(VENV)/python pyproject.toml constraints.txt
	@echo "Installing TumorXY into $(VENV) (some minutes the first time) ..."
	@$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@echo "Installing the tools for tests ..."
	@$(PIP_INSTALL) --editable '.[dev]'
	@touch $@

setup: $(VENV)/installed-dev ## Install TumorXY and the tools for tests into .venv

demo: $(VENV)/installed ## Build the bundled synthetic cohort's map and open the dashboard
	@$(BIN)/tumorxy demo $(if $(PORT),--port $(PORT))

format: setup ## Format the code
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix-only --quiet $(CODE)

style: setup ## Check the format
	$(BIN)/ruff format --check --quiet $(CODE)

lint: setup ## Check style rules and the direction of imports
	$(BIN)/ruff check $(CODE)
	$(BIN)/lint-imports

type: setup ## Check types
	$(BIN)/mypy

test: setup ## Run everything that needs no GPU: unit, properties, pages, browser, real data
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup -m "not gpu"

test-fast: setup ## Run the unit part, in about a minute
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup -m "not (gpu or slow or browser or realdata)"

test-gpu: setup ## Run the tests that need a CUDA device
	$(BIN)/python -m pytest -m gpu

bench: setup ## Measure the whole path, packing, pages, the map, explanations, reports and 50 sessions; about 50 minutes
	$(BIN)/python -m tests.benchmarks.run
	$(BIN)/python -m tests.benchmarks.packing
	$(BIN)/python -m tests.benchmarks.scale
	$(BIN)/python -m tests.benchmarks.big_map
	$(BIN)/python -m tests.benchmarks.pages
	$(BIN)/python -m tests.benchmarks.explaining
	$(BIN)/python -m tests.benchmarks.regions
	$(BIN)/python -m tests.benchmarks.report
	$(BIN)/python -m tests.benchmarks.patient
	$(BIN)/python -m tests.benchmarks.sessions

bench-gpu: setup ## Measure kernels and embedding on a CUDA device, in under 8 minutes
	$(BIN)/python -m tests.benchmarks.gpu

$(FRONTEND)/node_modules/installed: $(FRONTEND)/package-lock.json
	@command -v npm >/dev/null || { echo "The map component is built with Node.js 18 or newer. On Debian: apt install nodejs npm"; exit 1; }
	npm --prefix $(FRONTEND) ci --ignore-scripts --no-audit --no-fund
	@touch $@

frontend: $(FRONTEND)/node_modules/installed ## Build the map component's bundle from its sources; needs Node.js
	npm --prefix $(FRONTEND) run build

frontend-check: $(FRONTEND)/node_modules/installed ## Check that component: types, tests, and the bundle byte for byte
	npm --prefix $(FRONTEND) run check
	npm --prefix $(FRONTEND) test
	npm --prefix $(FRONTEND) run compare

screenshots: setup ## Take the README's pictures from the running app
	$(BIN)/python -m tests.browser.screenshots

check: style lint type $(if $(shell command -v npm),frontend-check) test ## What CI runs; rewrites nothing

clean: ## Remove caches and the installed environment
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
