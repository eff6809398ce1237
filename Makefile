# What each target needs it sets up: Python 3.11 to 3.13, make and a package index are enough.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: quickstart test test-beam lint docs tutorials bench

quickstart: $(VENV)/.installed   ## train on synthetic data, evaluate, export, serve, recommend, explain
	$(BIN)/python -m tfkgrec.quickstart

test: lint   ## everything that must hold before a commit
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-beam: $(VENV)-beam/.installed   ## what runs on Apache Beam, in an environment of its own
	$(VENV)-beam/bin/python -m pytest tests/beam

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.installed-docs   ## the site of docs/ in build/site; a warning stops it
	$(BIN)/zensical build --strict --clean

tutorials: $(VENV)/.installed-dev   ## the pages of docs/tutorials/, run as their readers would
	$(BIN)/python tools/tutorials.py

bench: $(VENV)/.installed   ## training and ranking speed of this machine; run it alone
	$(BIN)/python -m tfkgrec.benchmark speed

# The stamps are older than setup.py when a dependency may have changed.
$(VENV)/.installed: $(BIN)/python setup.py
	$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: $(BIN)/python setup.py
	$(PIP) install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-docs: $(BIN)/python setup.py
	$(PIP) install --quiet --editable '.[docs]'
	@touch $@ $(VENV)/.installed

# Beam holds protobuf and pyarrow back, so it is laid over the development tools, not among them.
$(VENV)-beam/.installed: $(VENV)/.installed-dev
	$(BIN)/python -m venv $(VENV)-beam
	$(BIN)/python -c 'from importlib.metadata import requires; \
		print(*[one.split(";")[0] for one in requires("tfkgrec") if "\"beam\"" in one], sep="\n")' \
		| $(VENV)-beam/bin/python -m pip --disable-pip-version-check install --quiet --requirement /dev/stdin
	$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
		> "$$($(VENV)-beam/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/under.pth"
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info[:2] < (3, 14) else \
		"error: PYTHON=$(PYTHON): expected Python 3.11 to 3.13, found " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
