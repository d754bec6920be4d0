# huiqi: `make run` sets everything up and serves the site; `make test` sets up what tests need and runs them.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export HF_HUB_OFFLINE := 1
# Test workers: one a core; the index and the pages are memory-light.
WORKERS ?= auto

.PHONY: run demo test check bench ranking setup setup-dev services locale vectors lock screenshots clean

run: setup demo
	$(BIN)/huiqi serve

demo: setup
	$(BIN)/huiqi match docs/company.json -k 3

setup: $(VENV)/.run-ready
setup-dev: $(VENV)/.dev-ready

$(VENV)/.run-ready: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev-ready: $(VENV)/.run-ready requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-dev.lock
	touch $@

# Chromium, Chinese fonts and PostgreSQL for tests; without root those tests skip and say so.
services:
	sh tests/install_services.sh

test: setup-dev services
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/huiqi policies validate --as-of 2026-11-23
	$(BIN)/huiqi eval --gate

# About half an hour on two quiet cores; each command alone: python -m eval.bench.NAME.
bench: setup-dev
	for name in single encoding eligibility growth reverse bulk load; do $(BIN)/python -m eval.bench.$$name || exit 1; done

# Learn the ranking anew from the development cases, then measure every baseline; commit what changes with its reason.
ranking: setup-dev
	$(BIN)/python -m eval.learn --write --report eval/results/ranking.md
	$(BIN)/python -m eval.ablation

# docs/screenshots of every page at 1280 and 390 px, normal and large print.
screenshots: setup-dev services
	HUIQI_SCREENSHOTS=1 $(BIN)/python -m pytest -q tests/e2e -k screenshots

locale: setup-dev
	$(BIN)/pybabel compile -d matcher/locale -l zh_CN -f

# After a change of policies/data/library or index/query_samples.txt: encode what is new and ship it.
vectors: setup
	$(BIN)/huiqi index build --ship

# Exact versions of a fresh resolution; review the change before committing it.
lock:
	rm -rf .lock && $(PYTHON) -m venv .lock
	.lock/bin/pip install --quiet setuptools .
	.lock/bin/pip freeze --all --exclude pip --exclude huiqi > requirements.lock
	sed -i "s/+cpu$$//" requirements.lock  # the CPU build where pip finds one, else the plain wheel
	.lock/bin/pip install --quiet '.[dev]'
	.lock/bin/pip freeze --all --exclude pip --exclude huiqi | grep -vxFf requirements.lock > requirements-dev.lock
	rm -rf .lock build

clean:
	rm -rf $(VENV) build *.egg-info
