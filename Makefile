# make local      run the whole program on this machine, without AWS (STACK=dev PORT=8080 CONFIG='key=value key=["JSON"] …')
# make gtm        write the GTM container of the selected stack, or of STACK, ready to import (GTM_CONFIG=gtm/gtm.yaml)
# make ops        install the operator commands and show them: .venv/bin/python -m ops status
# make test       run every test, on all cores (ARGS="tests/gtm -k consent")
# make test-unit  run the tests that need no cloud, browser or network
# make coverage   run every test and report the coverage
# make check      check format, lint, types, and the rules that every stack keeps
# make bench      measure a cold start, batches and an import of a million endpoints (half an hour; BENCH_ENDPOINTS=20000: a minute)
# make screenshot take the documents' pictures of the local run's page
# make lock       compile the pinned requirements again
# make help       print these lines
#
# Each of them first creates .venv, a virtual environment with hash-checked dependencies, if need be.

STACK ?=
PORT ?= 8080
CONFIG ?=
ARGS ?=
PYTEST_ARGS ?= $(ARGS)
WORKERS ?= auto
GTM_CONFIG ?= gtm/gtm.yaml
# The Python that creates .venv. Empty: the first one that is new enough.
PYTHON ?=

# As it was written: make would otherwise expand $ in it.
override CONFIG := $(value CONFIG)
export CONFIG

# Otherwise a typo such as make local stack=prod would go unnoticed and run another stack.
KNOWN := STACK PORT CONFIG ARGS PYTEST_ARGS WORKERS GTM_CONFIG PYTHON BENCH_ENDPOINTS
UNKNOWN := $(filter-out $(KNOWN),$(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name))))
$(if $(UNKNOWN),$(error There is no variable $(UNKNOWN); there are $(KNOWN), in capitals))

VENV := .venv
BIN := $(VENV)/bin

# Containers often set it. Without compiled modules everything starts slowly: pytest alone takes 8 s longer.
unexport PYTHONDONTWRITEBYTECODE

FOUND := $(or $(PYTHON),$(shell for python in python3 python3.14 python3.13 python3.12 python3.11 $(BIN)/python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done))
SET_UP = @test -n "$(FOUND)" || { echo "gtm-pixel needs Python 3.11 or newer; install it, or set PYTHON=/path/to/python." >&2; exit 1; }; \
	$(FOUND) -m bootstrap.virtual_environment $(if $(PYTHON),--exactly)

# The tests of a file run in one process. tests/kinds.py says which files start first.
ON_ALL_CORES = -n $(WORKERS) --dist loadfile --no-loadscope-reorder

TARGETS := local gtm ops test test-unit coverage check format bench screenshot lock clean help
SETS := for-uv for-deploy for-ops for-local for-dev
# Without this, make local prod would run the stack dev first.
NO_TARGETS := $(filter-out $(TARGETS) $(SETS),$(MAKECMDGOALS))
$(if $(NO_TARGETS),$(error There is no target $(NO_TARGETS); there are $(TARGETS). For a stack: make local STACK=NAME))

.PHONY: $(TARGETS) $(SETS)

local: for-local
	@echo "Starting the stack $(or $(STACK),dev) …"
	@exec $(BIN)/python -m local --stack "$(or $(STACK),dev)" --port "$(or $(PORT),8080)" --config-line="$$CONFIG"

gtm: for-deploy
	pulumi stack output --json $(if $(STACK),--stack "$(STACK)") | \
		$(BIN)/python -m gtm container --outputs - --config "$(GTM_CONFIG)" -o "gtm-container$(if $(STACK),-$(STACK)).json"

ops: for-ops
	@$(BIN)/python -m ops --help

test: for-dev
	$(BIN)/python -m pytest $(ON_ALL_CORES) $(PYTEST_ARGS)

test-unit: for-dev
	$(BIN)/python -m pytest $(ON_ALL_CORES) -m unit $(PYTEST_ARGS)

coverage: for-dev
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest $(ON_ALL_CORES) $(PYTEST_ARGS)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report
	$(BIN)/python -m coverage json --quiet -o - | $(BIN)/python -m tests.coverage_by_package

check: for-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python -m pytest -q tests/test_every_stack.py

format: for-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: for-dev
	$(BIN)/python -m benchmarks

screenshot: for-dev
	$(BIN)/python -m docs.screenshot

# Resolves again within the ranges of the .in files. The output names no package index.
COMPILE = $(BIN)/uv pip compile --quiet --upgrade --no-header --no-emit-index-url --emit-build-options --generate-hashes
FOR_LAMBDA = --python-version 3.13 --python-platform aarch64-manylinux2014
# Wheels only: building a source distribution would use tools that are not pinned by hash.
FOR_PROGRAM = --universal --python-version 3.11 --only-binary :all:

lock: for-uv
	$(COMPILE) $(FOR_PROGRAM) requirements-uv.in -o requirements-uv.txt
	$(COMPILE) $(FOR_LAMBDA) handler/requirements.in -o handler/requirements.txt
	$(COMPILE) $(FOR_LAMBDA) -c handler/requirements.txt handler/requirements-authorizer.in \
		-o handler/requirements-authorizer.txt
	$(COMPILE) $(FOR_PROGRAM) requirements.in -o requirements.txt
	$(COMPILE) $(FOR_PROGRAM) requirements-ops.in -o requirements-ops.txt
	$(COMPILE) $(FOR_PROGRAM) requirements-local.in -o requirements-local.txt
	$(COMPILE) $(FOR_PROGRAM) requirements-dev.in -o requirements-dev.txt

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

clean:
	rm -rf $(VENV) .cache

$(SETS):
	$(SET_UP) $(@:for-%=%)
