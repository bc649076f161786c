# Everything happens in $(VENV); nothing is asked of the system but Python and a C compiler.
# Finished steps leave a stamp in $(VENV)/stamps, so that a second run starts at once.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
comma := ,

BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
BUILD := $(VENV)/core
PIP := PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pip --disable-pip-version-check --quiet
SETUP := $(if $(CI),--config-settings=setup-args=-Dwerror=true)
SOURCES := pyproject.toml meson.build meson.options README.md LICENSE \
	$(shell find src core -name __pycache__ -prune -o -print)
C_FILES := $(shell find core src/wadjet/compiler tests -name '*.[ch]')

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help build run test test-all fuzz stress sanitized lint format bench measure docs clean

help:  ## Show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | \
		awk -F ':.*## *' '{ printf "make %-10s %s\n", $$1, $$2 }'

$(STAMPS)/venv: tools/venv
	tools/venv $(PYTHON) $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/build: $(STAMPS)/venv $(SOURCES)
	$(PIP) install --no-build-isolation --config-settings=build-dir=$(BUILD) $(SETUP) .
	@touch $@

# The report is tested in a real browser where there is one.
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
EXTRAS_test := test$(if $(CHROMIUM),$(comma)browser)
EXTRAS_lint := lint,browser
EXTRAS_docs := docs

# The packages of an extra: they change with pyproject.toml only.
$(STAMPS)/test $(STAMPS)/lint $(STAMPS)/docs: $(STAMPS)/%: pyproject.toml | $(STAMPS)/build
	$(PIP) install 'wadjet[$(EXTRAS_$*)]'
	@touch $@

build: $(STAMPS)/build  ## Build the C core and install Wadjet into .venv

run: $(STAMPS)/build  ## Record the example program: summary here, flame graph as HTML
	@mkdir -p build
	$(BIN)/wadjet run --overwrite --output build/newsroom.wadjet examples/newsroom.py
	@$(BIN)/wadjet report --overwrite build/newsroom.wadjet

test: $(STAMPS)/build $(STAMPS)/test  ## Run the whole test suite (ARGS= goes to pytest)
	$(BIN)/python -m pytest $(ARGS)

test-all:  ## Run the suite on each Python there is; `tools/pythons make` adds 3.13 to 3.15
	tools/test-all $(ARGS)

fuzz: $(STAMPS)/build $(STAMPS)/test  ## Search for programs that the passes break, until stopped
	$(BIN)/python -m tests.compiler.fuzz $(ARGS)

# The sanitized core has an environment of its own, so that nothing loads the normal one.
# Leaks are not looked for: the interpreter keeps what it allocates. Left out are: the tracker
# of memory, which must come before all other libraries as ASan must; tests that judge shares of
# time, which is the sanitizers' here; and forks in the midst of other threads' allocations,
# after which ASan's own allocator may wait in the child for a lock that nobody there holds.
SANITIZED := -Dbuildtype=debugoptimized -Db_ndebug=false -Db_lundef=false \
	-Db_sanitize=address,undefined
NEIGHBOURS := tests/observe/sampling/test_neighbours.py
stress:  ## Try the core with sanitizers: ASan and UBSan (ARGS= goes to pytest)
	@$(MAKE) --no-print-directory VENV=build/stress/venv \
		SETUP="$(addprefix --config-settings=setup-args=,$(SANITIZED))" sanitized

sanitized: export ASAN_OPTIONS := detect_leaks=0:handle_segv=0
sanitized: export UBSAN_OPTIONS := halt_on_error=1:print_stacktrace=1
sanitized: PRELOAD = LD_PRELOAD="$(foreach each,asan ubsan,$(shell $(CC) -print-file-name=lib$(each).so))"
sanitized: $(STAMPS)/build $(STAMPS)/test
	$(PRELOAD) $(BIN)/python -m wadjet run --overwrite --native --rate 5000 \
		--output build/newsroom-sanitized.wadjet examples/newsroom.py
	$(PRELOAD) $(BIN)/python -m pytest -p no:cacheprovider \
		--ignore=tests/observe/memory --ignore=tests/observe/sampling/test_states.py \
		--deselect=$(NEIGHBOURS)::test_threads_that_come_and_go_with_forks_among_them_do_no_harm \
		tests/core tests/observe tests/cli/test_main.py $(ARGS)

lint: $(STAMPS)/build $(STAMPS)/test $(STAMPS)/lint  ## Check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(if $(C_FILES),$(BIN)/clang-format --dry-run -Werror $(C_FILES))

format: $(STAMPS)/lint  ## Format everything, and mend what the linter can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(if $(C_FILES),$(BIN)/clang-format -i $(C_FILES))

bench:  ## Measure Wadjet beside its peers, half an hour (ARGS=--quick and others)
	@$(MAKE) --no-print-directory VENV=build/bench/venv measure

measure: $(STAMPS)/build $(STAMPS)/peers $(STAMPS)/test
	$(BIN)/python bench/run.py $(ARGS)

# The wheel of austin 4 needs a newer C library than some systems have; austin 3 does not.
$(STAMPS)/peers: bench/peers.txt | $(STAMPS)/build
	$(PIP) install --requirement bench/peers.txt
	$(BIN)/austin --version >/dev/null 2>&1 || $(PIP) install 'austin-dist<4'
	@touch $@

docs: $(STAMPS)/build $(STAMPS)/docs  ## Build the documentation into docs/_build/html
	$(BIN)/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going docs docs/_build/html
	@echo "docs/_build/html/index.html"

clean:  ## Remove everything that was made here
	rm -rf $(VENV) build dist docs/_build docs/reference/_generated .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests tools -name __pycache__ -prune -exec rm -rf {} +
