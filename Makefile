# What a person or a CI does in this checkout. Everything it needs is installed into .venv, locked and checked by hash.

MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
PY := .venv/bin/python
READY := .venv/ready
PHASE := scripts/phase
WORKFLOWS := $(wildcard .github action.yml steps)
# Further arguments for pytest: make test ARGS="-k push"
ARGS :=
# A file's tests share what they start, so they stay together.
SPREAD := -n auto --maxprocesses 4 --dist loadfile

.DEFAULT_GOAL := help

.PHONY: help
help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(READY) ## Watch a commit become a running container: nothing but this machine is needed
	@$(PY) -m examples.demo

.PHONY: test
test: $(READY) ## Run the tests, but for the slow ones
	@$(PY) -m pytest -q $(SPREAD) -m 'not slow' $(ARGS)

.PHONY: test-all
test-all: test ## Run all tests, also those that build what they test against from source
	@$(PY) -m pytest -q $(SPREAD) -m slow $(ARGS) || [ $$? -eq 5 ] # 5: there is none

.PHONY: test-oracles
test-oracles: $(READY) ## Run the recorded answers of docker/metadata-action alone
	@$(PY) -m pytest -q tests/contract/test_metadata_oracles.py $(ARGS)

.PHONY: lint
lint: $(READY) ## Check style, types and workflows
	@$(PHASE) ruff $(PY) -m ruff check --output-format concise
	@$(PHASE) format $(PY) -m ruff format --check
	@$(PHASE) mypy $(PY) -m mypy
ifneq ($(WORKFLOWS),)
	@$(PHASE) zizmor .venv/bin/zizmor --offline --no-progress --persona auditor --strict-collection $(WORKFLOWS)
endif

.PHONY: bench
bench: $(READY) ## Measure, and compare with the numbers that are promised
	@$(PY) -m bench

.PHONY: lock
lock: ## Choose dependencies anew and lock them (needs uv and npm)
	@$(PHASE) runtime uv pip compile $(LOCK) pyproject.toml --output-file requirements/runtime.txt
	@$(PHASE) tests uv pip compile $(LOCK) requirements/tests.in --output-file requirements/tests.txt
	@for each in requirements/peers/*.in; do \
	  $(PHASE) peer uv pip compile $(LOCK) $$each --output-file $${each%.in}.txt || exit; done
	@$(PHASE) npm npm install --prefix requirements/peers/semantic-release --package-lock-only --omit-lockfile-registry-resolved

LOCK = --quiet --upgrade --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make lock'

.PHONY: clean
clean: ## Remove what was made in this checkout
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements/tests.txt scripts/venv
	@scripts/venv
	@touch $@
