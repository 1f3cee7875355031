# make demo   a fresh environment, the install, then the main job on real input
# make test   the same environment with every framework, all tests but the slow ones; PLUGIN=sklearn: that plugin's alone
# make cuda   tests and benchmark on a GPU, into build/cuda.json. On a machine with torch and onnx but no network:
#             make wheels elsewhere, carry the folder over, then make cuda WHEELS=build/wheels

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGIN ?=
WORKERS ?= 2
EXTRAS_xgboost := [cpu,onnxmltools]
TESTS := $(if $(PLUGIN),plugins/$(PLUGIN)/tests,tests plugins)
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

WHEELS ?=
WHEELS_FOR ?= 3.12
WHEEL_PLATFORMS := manylinux_2_28 manylinux_2_27 manylinux_2_24 manylinux_2_17 manylinux2014 manylinux_2_12 manylinux2010 manylinux_2_5 manylinux1
CUDA_SITE := build/cuda-site
OFFLINE = $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-index --no-deps --upgrade --target $(CUDA_SITE)

.PHONY: demo test test-all lint bench docs wheels cuda clean

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

wheels:
	$(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --implementation cp --python-version $(WHEELS_FOR) \
	  $(WHEEL_PLATFORMS:%=--platform %_x86_64) -r requirements/cuda.txt -d build/wheels

# With WHEELS everything goes into one folder that lies before the machine's packages: a venv made from another venv would not see its torch.
# The link lets ONNX Runtime find the CUDA libraries that came with torch: it looks for them beside itself.
cuda: $(if $(WHEELS),cuda-site,$(VENV)/.test)
	$(if $(WHEELS),PYTHONPATH=$(abspath $(CUDA_SITE)) $(PYTHON),$(BIN)/python) benchmarks/cuda_record.py

.PHONY: cuda-site
cuda-site:
	rm -rf $(CUDA_SITE)
	$(OFFLINE) --find-links $(WHEELS) -r requirements/cuda.txt
	PYTHONPATH=$(abspath $(CUDA_SITE)) $(OFFLINE) --no-build-isolation . plugins/torch
	$(PYTHON) -c 'import importlib.util, os; found = importlib.util.find_spec("nvidia"); \
	  found and os.symlink(next(iter(found.submodule_search_locations)), "$(CUDA_SITE)/nvidia")'

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
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/constraints.txt -e '.[images,data]' -e 'plugins/$*$(EXTRAS_$*)' -r requirements/tools.txt
	touch $@

$(VENV)/.docs: $(VENV)/.test requirements/docs.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/docs.txt
	touch $@
