# What can be done here; `make help` lists it. Paths are relative, so that the checkout may lie in a folder with spaces.
.DEFAULT_GOAL := help
.PHONY: help run run-clean import test check schedules crash-points bench lock migration openapi coverage
PYTHON ?= python3
BIN := .venv/bin
# The tests start hundreds of processes, which start sooner with bytecode: it is written, whatever the shell says.
export PYTHONDONTWRITEBYTECODE :=
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	--python-version 3.11 pyproject.toml
COVERED := $(addprefix tests/,common contracts finance governance organisations registry scenarios)

help: ## Show what can be done
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

run: .venv/$(if $(filter kafka,$(BUS)),kafka,laptop).installed ## Run Footprint on this machine, with its own PostgreSQL (BUS=kafka: and Kafka) and a demo; stop it with Ctrl-C
	@$(BIN)/python -m deploy.laptop $(if $(BUS),--bus $(BUS))

run-clean: .venv/laptop.installed ## Stop what runs here and remove its data (./var)
	@$(BIN)/python -m deploy.laptop stop
	@$(BIN)/python -m deploy.postgres.server stop var/postgres
	@$(BIN)/python -m deploy.postgres.server stop var/branches
	@rm -rf var

import: .venv/laptop.installed ## Import a folder of public files into the running laptop: make import FOLDER=path (OPTIONS=--preview)
	@if [ -z "$(FOLDER)" ]; then echo 'Say which folder, or file: make import FOLDER=path'; exit 2; fi
	@$(BIN)/python -m deploy.laptop.imports "$(FOLDER)" $(OPTIONS)

test: .venv/dev.installed ## Run the tests, in two processes where there are two cores (TESTS=folder: some of them)
	@$(BIN)/python -m pytest -n logical --maxprocesses=2 $(TESTS)

check: .venv/dev.installed ## Check format, lint, types and imports, then run the tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/python -m mypy .
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

schedules: .venv/dev.installed ## Run 100,000 seeded schedules of faults against the backbone's decisions (COUNT=so many, FIRST=seed)
	@$(BIN)/python -m tests.faults.schedules $(or $(COUNT),100000) $(or $(FIRST),0)

crash-points: .venv/dev.installed ## Kill a merger and a consolidation around each of their commits, and compare how they end
	@$(BIN)/python -m tests.faults.crash_points merger consolidation

bench: .venv/dev.installed ## Measure: all benchmarks, or one by make bench B=name
	@$(BIN)/python -m bench $(B)

lock: .venv/dev.installed ## Write the locks anew from pyproject.toml: newest versions, the same in all of them
	@$(COMPILE) --upgrade --all-extras -o requirements-dev.lock
	@$(COMPILE) -c requirements-dev.lock --extra laptop --extra kafka -o requirements-kafka.lock
	@$(COMPILE) -c requirements-dev.lock --extra laptop -o requirements-laptop.lock
	@$(COMPILE) -c requirements-dev.lock -o requirements.lock

migration: .venv/dev.installed ## Write a migration: make migration s=registry m="what it does"
	@if [ -z "$$s" ] || [ -z "$$m" ]; then echo 'Say which and why: make migration s=registry m="add a column"'; exit 2; fi
	@$(BIN)/python -m "services.$$s" migration "$$m"

openapi: .venv/dev.installed ## Write docs/openapi and docs/problems.md from the code
	@$(BIN)/python -m deploy.documents

coverage: .venv/dev.installed ## Measure branch coverage by the quick part of the tests; fails below the committed figure
	@mkdir -p var
	@$(BIN)/coverage run -m pytest $(COVERED)
	@$(BIN)/coverage report

# Each stamp belongs to a lock: a second make does nothing, a changed lock installs again.
.venv/%.installed: requirements-%.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is `$(PYTHON) --version 2>/dev/null || echo missing`."; \
		echo "Install it (Debian: apt install python3 python3-venv), or name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments. Debian: apt install python3-venv"; exit 1; }
	@echo "Installing the packages of $< into .venv ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@
