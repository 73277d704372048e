# All paths are relative, so that a folder with a space in its name will do.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help install run test test-slow test-all check lock clean moved

BIN := .venv/bin
TESTS ?= tests
# Four are enough: every process of the tests has two servers of its own.
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -gt 4 ] && echo 4 || echo $$n)

# With setpriv (util-linux) even a kill -9 of make ends what it started.
TIED := $(shell command -v setpriv >/dev/null 2>&1 && echo setpriv --pdeathsig TERM)

PAGES := $(wildcard app/web/assets/*.json app/web/assets/*.mjs app/web/assets/src/* app/web/assets/src/*/*)

MOVED := $(shell [ "$$(cat .venv/place 2>/dev/null)" = "$$PWD" ] || echo moved)

help:  ## Say what can be made
	@echo "Blao. VAR_DIR (var) và PORT (8000) chọn thư mục dữ liệu và cổng · choose data folder and port"
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 18

install: .venv/installed app/web/built/names.json  ## Set up .venv with the locked dependencies

run: .venv/installed app/web/built/names.json  ## Install, start everything, play the demo, serve until Ctrl-C
	@exec $(TIED) $(BIN)/blao run

test: .venv/installed-dev app/web/built/names.json  ## Run the tests, without the slow ones
	@exec $(BIN)/python -m pytest -n $(WORKERS) -m "not slow" $(TESTS)

test-slow: .venv/installed-dev app/web/built/names.json  ## Run only the slow tests
	@exec $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m slow $(TESTS)

test-all: test test-slow  ## Run all tests

check: .venv/installed-dev  ## Check format, lint, types, imports; then test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict app workers
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml

lock:  ## Write the lock files anew (needs uv)
	$(COMPILE) -o requirements.lock
	$(COMPILE) --extra dev -c requirements.lock -o requirements-dev.lock

clean:  ## Remove the set-up and all caches, but not var
	rm -rf .venv app/web/built app/web/assets/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find app workers tests migrations -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is written last, so an interrupted set-up is done again; so is that of a moved folder.
.venv/installed: requirements.lock pyproject.toml $(MOVED)
	@sh deploy/setup.sh requirements.lock
	@touch $@

app/web/built/names.json: .venv/installed deploy/pages.sh $(PAGES)
	@sh deploy/pages.sh
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	@sh deploy/setup.sh requirements-dev.lock
	@touch $@
