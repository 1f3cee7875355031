# make demo   a fresh environment, the install, then the main job on real input
# make test   the same environment with every framework, all tests but the slow ones; PLUGIN=sklearn: that plugin's alone

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGIN ?=
WORKERS ?= 2
TESTS := $(if $(PLUGIN),plugins/$(PLUGIN)/tests,tests plugins)
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

.PHONY: demo test test-all lint bench docs cuda clean

demo: $(VENV)/.demo
	$(BIN)/python examples/demo.py

test: $(if $(PLUGIN),$(VENV)/.plugin-$(PLUGIN),$(VENV)/.test)
	$(PYTEST) -m "not slow" $(TESTS)

test-all: $(VENV)/.test
	$(PYTEST) $(TESTS)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.test
	$(BIN)/python benchmarks/all.py

docs: $(VENV)/.docs
	$(BIN)/sphinx-build -W -b html docs docs/_build/html

cuda: $(VENV)/.test
	$(BIN)/python -m pytest -m cuda tests/cuda
	$(BIN)/python benchmarks/cuda.py

clean:
	rm -rf $(VENV) build docs/_build

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python requirements/demo.txt requirements/constraints.txt pyproject.toml plugins/torch/pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/demo.txt
	touch $@

$(VENV)/.test: $(VENV)/bin/python requirements/test.txt requirements/constraints.txt pyproject.toml $(wildcard plugins/*/pyproject.toml)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/test.txt
	touch $@ $(VENV)/.demo

$(VENV)/.plugin-%: $(VENV)/bin/python requirements/constraints.txt requirements/tools.txt pyproject.toml plugins/%/pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/constraints.txt -e '.[images,data]' -e plugins/$* -r requirements/tools.txt
	touch $@

$(VENV)/.docs: $(VENV)/.test requirements/docs.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/docs.txt
	touch $@
