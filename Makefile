# make bench   measure everything and save the run        make bench ARGS="--lesson"
# make test    lint, types, tests and each experiment once, as CI does
# make test-all   the same with all that `make test` names as left out, other Pythons and event loops, ray, the browser, and a
#   thousand examples of each property
# make test-browser   the report's tests in a real browser; installs Playwright, and Debian's chromium if there is no browser
# make bench PYTHON=python3.13   the same with another Python, in an environment of its own
# make docs    build the manual into docs/_build/html
# make reference   write the manual's reference anew, from the code
# make test-pythons   the core of the tests on the other Pythons that are here
# make test-loops   the tests on the event loops rloop and zuvloop, which it installs first; `make bench` has them from then on
# make test-ray   the tests of the strategy ray, which installs it first
# make lint-workflows   actionlint, zizmor and shellcheck on the workflows and the action, which installs them first
# make lock    write the lock files anew (needs uv)
PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d%s" % (*sys.version_info[:2], sys.abiflags))')
VENV ?= $(if $(filter python3,$(PYTHON)),.venv,.venv-$(VERSION))
LOCK = requirements$(if $(filter 3.13t,$(VERSION)),-free-threaded).lock
ARGS ?=

# Tests start hundreds of Pythons, each of which would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: bench test test-all test-spread test-alone test-browser test-loops test-pythons test-ray lint lint-workflows reference docs lock clean
.DELETE_ON_ERROR:

bench: $(VENV)/.ready
	$(VENV)/bin/pytest --benchmark-only $(ARGS)

# What looks at a clock, or starts workers in pytest's own process. All else shares the cores: pytest-xdist's processes have a
# thread of their own, beside which nothing should fork. Of these rooms' tests some do neither, as other processes start theirs.
NEITHER = $(patsubst %,tests/test_%.py,measuring_descriptors server_memory server_peers server_process strategies_cluster)
ALONE = benchmarks $(filter-out $(NEITHER),$(wildcard $(patsubst %,tests/test_%*.py,benchmarks importing measuring observed server \
	strategies three_hosts workloads)))

CHOSEN = -m "not nightly"

# side by side, as tests wait about as often as they compute; what would mix with the others' dots is shown after them
test: $(VENV)/.ready
	@$(MAKE) --no-print-directory test-alone >$(VENV)/alone.log 2>&1 & \
	  $(MAKE) --no-print-directory lint test-spread; spread=$$?; \
	  wait $$!; alone=$$?; cat $(VENV)/alone.log; exit $$((spread || alone))

# loops and ray last but the browser: once they are there, the other tests would start them too
test-all: CHOSEN = --hypothesis-profile nightly
test-all: lint lint-workflows $(VENV)/.beside test-spread test-alone test-pythons test-loops test-ray test-browser

test-spread: $(VENV)/.ready
	$(VENV)/bin/pytest -n 3 --dist worksteal $(CHOSEN) tests $(ALONE:%=--ignore=%)

test-alone: $(VENV)/.ready
	$(VENV)/bin/pytest $(CHOSEN) $(ALONE)

test-browser: $(VENV)/.browser
	PACELINE_BROWSER=required $(VENV)/bin/pytest tests/test_page_in_browser.py $(ARGS)

# those that are here
test-pythons: $(VENV)/.ready
	for version in 3.12 3.13 3.14 3.15 3.13t; do .ci/python $$version || [ $$? = 4 ] || exit 1; done

test-loops: $(VENV)/.loops
	$(VENV)/bin/pytest -rs tests benchmarks/test_loops.py -k "rloop or zuvloop" $(ARGS)

test-ray: $(VENV)/.ray
	$(VENV)/bin/pytest -rs tests -k "ray and not array" $(ARGS)

lint: $(VENV)/.lint
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache

WORKFLOWS = $(wildcard .github/workflows/*.yml examples/*/.github/workflows/*.yml)

# actionlint takes the other tools from PATH, and reads of an action only what workflows say to it
lint-workflows: $(VENV)/.workflows
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/actionlint $(WORKFLOWS)
	awk '/^ *run: / { on = $$2 == "|"; next } on && /^        /' action.yml | $(VENV)/bin/shellcheck --shell bash -
	$(VENV)/bin/zizmor --offline --no-progress --quiet action.yml $(WORKFLOWS)

reference: $(VENV)/.ready
	$(VENV)/bin/python docs/make_reference.py

docs: $(VENV)/.docs
	$(VENV)/bin/sphinx-build -W --keep-going -b html docs docs/_build/html

COMPILE_HERE = uv pip compile --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"
COMPILE = $(COMPILE_HERE) --universal --python-version 3.11

# Without the three that have no wheel for a CPython 3.13 without the GIL; what else is chosen has one.
FREE_THREADED ?= python3.13t

EXTRAS = history report dask loky trio gevent simulation

lock:
	$(COMPILE) pyproject.toml $(EXTRAS:%=--extra %) --group test --output-file requirements.lock
	$(COMPILE) --group lint --constraint requirements.lock --output-file requirements-lint.lock
	$(COMPILE) --group docs --constraint requirements.lock --output-file requirements-docs.lock
	$(COMPILE) --group loops --constraint requirements.lock --output-file requirements-loops.lock
	$(COMPILE) --group ray --constraint requirements.lock --output-file requirements-ray.lock
	$(COMPILE) --group beside --no-deps --constraint requirements.lock --output-file requirements-beside.lock
	$(COMPILE) --group browser --constraint requirements.lock --output-file requirements-browser.lock
	$(COMPILE) --group workflows --output-file requirements-workflows.lock
	printf 'httptools\nmsgspec\nuvloop\n' | $(COMPILE_HERE) --python $(FREE_THREADED) --only-binary :all: --excludes /dev/stdin \
	  pyproject.toml --extra loky --extra trio --group test --output-file requirements-free-threaded.lock

# Modules are compiled when they are first imported: all of them would take longer than all else here.
PIP = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile

# What was interrupted or failed bears a mark, as half an environment may look like a whole one.
$(VENV)/.ready: $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Paceline needs Python 3.11 or newer; $(PYTHON) is older or missing. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@if [ -e $(VENV)/.half ]; then rm -rf $(VENV); fi; mkdir -p $(VENV); touch $(VENV)/.half
	@trap 'echo "Interrupted: $(VENV) is not whole, and the next make begins it anew; nothing else was kept." >&2; exit 130' INT; set -e; \
	  echo "Making $(VENV) with $$($(PYTHON) --version) ..."; \
	  said=$$($(PYTHON) -m venv $(VENV) 2>&1) || { echo "$$said" >&2; exit 1; }; \
	  echo "Installing what $(LOCK) names ..."; \
	  $(PIP) --no-deps --require-hashes -r $(LOCK); \
	  $(PIP) --no-deps --no-build-isolation -e .; \
	  rm $(VENV)/.half
	@touch $@

$(VENV)/.lint: $(VENV)/.ready requirements-lint.lock
	@echo "Installing what lint needs ..."
	@$(PIP) --require-hashes -r requirements-lint.lock
	@touch $@

# pytest plugins of other people's suites, where only those sessions of tests find them that ask for them
$(VENV)/.beside: $(VENV)/.ready requirements-beside.lock
	$(PIP) --require-hashes --no-deps --upgrade --target $(VENV)/beside -r requirements-beside.lock
	@touch $@

$(VENV)/.docs: $(VENV)/.ready requirements-docs.lock
	$(PIP) --require-hashes -r requirements-docs.lock
	@touch $@

$(VENV)/.workflows: $(VENV)/.ready requirements-workflows.lock
	$(PIP) --require-hashes -r requirements-workflows.lock
	@touch $@

$(VENV)/.loops: $(VENV)/.ready requirements-loops.lock
	$(PIP) --require-hashes -r requirements-loops.lock || { \
	  echo "rloop or zuvloop could not be installed; they have wheels for some Pythons and systems only" >&2; exit 1; }
	@touch $@

$(VENV)/.ray: $(VENV)/.ready requirements-ray.lock
	$(PIP) --require-hashes -r requirements-ray.lock || { \
	  echo "ray could not be installed; it has wheels for some Pythons and systems only" >&2; exit 1; }
	@touch $@

$(VENV)/.browser: $(VENV)/.ready requirements-browser.lock
	$(PIP) --require-hashes -r requirements-browser.lock
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >/dev/null || { \
	  echo "A browser is needed, and could not be installed; as root: apt-get install chromium" >&2; exit 1; }
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
