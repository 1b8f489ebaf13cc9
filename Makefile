# What the README calls. Each target works from a clean clone and installs what it needs first.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
export PYTHON

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.towline-setup
CHECK ?=
DESKTOP ?=
TESTS ?=

# Tools and tests find `node` on the path; an old system node is passed over (tools/find-node).
with_node = node=$$(tools/find-node) && PATH="$$(dirname "$$node"):$$PATH"

.PHONY: help setup demo test prove gallery check bench fmt messages lock clean

help: ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16
	@echo
	@echo '  make demo CHECK=1       plays the whole story by itself, screenshots in demo-out/'
	@echo '  make demo DESKTOP=own   shares your real display instead of a virtual one'
	@echo '  make test TESTS=tests/protocol   runs only these'

setup: $(STAMP) ## make .venv with the project and its tools in it
	@:

$(STAMP): pyproject.toml constraints.txt
	@tools/system-packages build
	@test -x $(BIN)/python || { echo 'Making .venv'; "$(PYTHON)" -m venv $(VENV); }
	@echo 'Installing Python packages'
	@tools/quietly $(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

node_modules/.towline-setup: package.json $(wildcard package-lock.json)
	@echo 'Installing the type checker for browser code'
	@if test -f package-lock.json; then tools/quietly npm ci; else tools/quietly npm install; fi
	@touch $@

demo: ## a running help desk with a technician, a ticket and a desktop to control
	@tools/system-packages demo
	@$(MAKE) setup
	@CHECK='$(CHECK)' DESKTOP='$(DESKTOP)' $(BIN)/python -m demo

test: ## run all tests
	@tools/system-packages test
	@$(MAKE) setup node_modules/.towline-setup
	@$(with_node) $(BIN)/python -m pytest -q $(TESTS)

prove: ## measure against the targets; writes docs/performance.md and docs/reliability.md
	@tools/system-packages test
	@$(MAKE) setup
	@$(BIN)/python -m benchmarks.kills
	@$(BIN)/python -m benchmarks.api_promises
	@$(BIN)/python -m benchmarks.prove

bench: ## measure delay, bytes and processor time through a real relay
	@tools/system-packages test
	@$(MAKE) setup
	@$(BIN)/python -m benchmarks

gallery: ## pictures of every page for docs/pages.md
	@tools/system-packages test
	@$(MAKE) setup
	@$(BIN)/python -m tests.gallery.shots

check: ## lint, format, types and import contracts
	@tools/system-packages check
	@$(MAKE) setup node_modules/.towline-setup
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check . || { echo "Some files are not formatted: run 'make fmt'."; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@tools/quietly $(BIN)/lint-imports --no-logo
	@$(with_node) node node_modules/typescript/bin/tsc -p .

fmt: $(STAMP) ## format and fix what can be fixed by itself
	@$(BIN)/ruff check -q --fix .
	@$(BIN)/ruff format -q .

messages: ## find the texts of the pages and name those that lack a translation
	@$(MAKE) setup
	@$(BIN)/python -m tickets.pages.messages

lock: ## renew constraints.txt
	@tools/system-packages build
	@tools/lock

clean: ## remove everything that make made
	@rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@rm -rf demo-out bench-out dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
