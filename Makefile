# Sprintboard: `make run` is all it takes. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test faults bench lint lock format setup setup-dev

help: ## What can be done here
	@echo "make <target>:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "  %-12s %s\n", $$1, $$2 }'
	@echo "Python 3.11 or newer and git are all that is needed. Settings: docs/running.md"

run: setup ## Set up and run everything at http://127.0.0.1:8000 (PORT=…, SPRINTBOARD_HOME=…)
	@exec $(VENV)/python -m sprintboard.supervisor

test: setup-dev ## Run every test; PostgreSQL, Redis and Chromium join in where they are (REQUIRE_ALL=1: must)
	@exec $(VENV)/python -m scripts.test $(ARGS)

faults: setup-dev ## Break everything on purpose, and write down how it went (docs/reliability.md)
	@exec $(VENV)/python -m scripts.faults $(ARGS)

bench: setup-dev ## Measure the program beside the barest one, and write it down (docs/performance.md)
	@exec $(VENV)/python -m benchmarks $(ARGS)

lint: setup-dev ## Check style, types, layers, templates, migrations, deployment settings and locks
	@exec $(VENV)/python scripts/lint.py

format: setup-dev ## Write the code in the house's format
	@$(VENV)/ruff check --fix --quiet . ; $(VENV)/ruff format --quiet . ; $(VENV)/djade --target-version 5.2 $$(git ls-files '*.html')

lock: setup-dev ## Choose the newest packages that requirements/*.in and package.json allow
	@exec $(VENV)/python scripts/lock.py

setup:
	@$(PYTHON) scripts/setup.py

setup-dev:
	@$(PYTHON) scripts/setup.py --dev
