# make local   the whole program on this machine, no AWS account (STACK=dev PORT=8080 CONFIG="key=value …")
# make gtm     the GTM container of the selected stack or of STACK, ready to import (GTM_CONFIG=gtm/gtm.yaml)
# make test    every test
# make check   format, lint and types
# make bench   measurements (cold start, batches)
# make lock    compile the pinned requirements again
#
# Everything is set up on the way: a virtual environment in .venv with hash-checked dependencies.

STACK ?=
PORT ?= 8080
CONFIG ?=
PYTEST_ARGS ?=
GTM_CONFIG ?= gtm/gtm.yaml

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

VENV := .venv
BIN := $(VENV)/bin
# Wheels only: a source distribution would be built with tools that have no hashes here.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all:

.PHONY: local gtm test check format bench lock clean
.DELETE_ON_ERROR:

local: $(VENV)/.run
	@exec $(BIN)/python -m local --stack "$(or $(STACK),dev)" --port "$(PORT)" $(if $(CONFIG),--config $(CONFIG))

gtm: $(VENV)/.run
	pulumi stack output --json $(if $(STACK),--stack "$(STACK)") | \
		$(BIN)/python -m gtm container --outputs - --config "$(GTM_CONFIG)" -o "gtm-container$(if $(STACK),-$(STACK)).json"

test: $(VENV)/.dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

# Resolves anew within the ranges of the .in files; names no package index.
lock: | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --upgrade --no-header --no-emit-index-url --generate-hashes \
		--python-version 3.13 --python-platform aarch64-manylinux2014 handler/requirements.in -o handler/requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --no-header --no-emit-index-url --generate-hashes \
		--python-version 3.13 --python-platform aarch64-manylinux2014 -c handler/requirements.txt \
		handler/requirements-authorizer.in -o handler/requirements-authorizer.txt
	for name in requirements requirements-dev; do $(BIN)/uv pip compile --quiet --upgrade --no-header \
		--no-emit-index-url --generate-hashes --universal --python-version 3.11 $$name.in -o $$name.txt; done

clean:
	rm -rf $(VENV) .cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "gtm-pixel needs Python 3.11 or newer; install it, or set PYTHON=/path/to/python." >&2; exit 1; }
	@echo "Making the virtual environment in $(VENV) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	@$(BIN)/python python_version.py
	@echo "Installing what the program needs (once) …"
	@$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt | $(VENV)/bin/python
	@$(BIN)/python python_version.py
	@echo "Installing what the tests need (once) …"
	@$(INSTALL) -r requirements-dev.txt
	@touch $@ $(VENV)/.run
