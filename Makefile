# One command for each chore; `make` alone lists them.
.DEFAULT_GOAL := help
PY := .venv/bin/python

help: ## list the chores
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make the virtual environment with everything for development
	python3 -m venv .venv
	.venv/bin/pip install --quiet --editable '.[dev,png]'

lint: ## lint, format check, types, layers, signal pack
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/triage signals check

format: ## format the code
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

test: ## run all tests
	.venv/bin/pytest -n auto

demo: ## make the demo's report
	.venv/bin/triage demo

fixtures: ## make the fixture incidents again
	$(PY) -m fixtures.simulate --all

golden: ## accept the reports as they are now as golden, and write the report's JSON Schema again
	$(PY) -m tests.render.golden

picture: ## make the pictures of reports in the README again
	$(PY) -m tests.render.picture

bench: ## run the benchmarks
	$(PY) -m benchmarks.startup
	$(PY) -m benchmarks.million
	$(PY) -m benchmarks.detect
	$(PY) -m benchmarks.correlate

lock: ## pin what the development environment holds now
	(echo "# What the development environment held when it last passed: pip install -r requirements-dev.lock && pip install --no-deps -e ."; .venv/bin/pip freeze --exclude-editable | sort --ignore-case) > requirements-dev.lock

.PHONY: help setup lint format test demo fixtures golden picture bench lock
