# What one types here. Needs Python 3.10 or newer and make: the rest goes into .venv/ by itself.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# One thread a process: results are then the same to the last bit, and two workers do not fight over two cores.
ONE := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
WORKERS ?= 2
NODE := node_modules/.package-lock.json
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test in-step types test-notebooks pytest test-site test-install export notebooks readme docs bench hooks clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Made once, and again when a requirement changes; a half-made .venv has no stamp, so the next call finishes it.
$(READY): settings.ini setup.py constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "arm_nb needs Python 3.10 or newer: make PYTHON=python3.12")'
	@echo 'Setting up .venv (a few minutes, once)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[gem,dask,notebooks,dev]'
	@touch $@

# What the site brings along (KaTeX) and is tested with (axe-core).
$(NODE): package-lock.json
	@command -v npm >/dev/null || { echo 'the site needs npm, which brings KaTeX (Debian, Ubuntu: apt install npm)'; exit 1; }
	npm ci --silent --no-audit --no-fund
	@touch $@

setup: $(READY) ## .venv with everything in it (the other targets call this by themselves)

demo: $(READY) ## ARM beside naive SGD and LwF on real digits: a table and three pictures, a minute
	$(BIN)/arm_nb demo

test: in-step types test-notebooks pytest ## notebooks and library: the four below, in this order

in-step: $(READY) ## are notebooks and library in step, and has ruff nothing to say?
	$(BIN)/python tools/in_step.py

types: $(READY) ## are the types right that builders see? (mypy.ini)
	$(BIN)/mypy

# Runs in cells leave files in folders of their own (a hundred megabytes and more): all of them lie in one that goes.
test-notebooks: $(READY) ## run every notebook (its asserts are tests)
	tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && TMPDIR=$$tmp $(ONE) MPLBACKEND=agg $(BIN)/nbdev_test --n_workers $(WORKERS) --timing

pytest: $(READY) ## the tests that no notebook can hold: tests/
	$(ONE) $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile tests --ignore=tests/site --ignore=tests/install

test-site: $(READY) $(NODE) ## build the site (preview) and read every page of it in a browser, three minutes
	$(ONE) $(BIN)/python -W ignore tools/site.py preview
	$(ONE) $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadgroup tests/site

test-install: $(READY) ## build the wheel, install it in a fresh environment, and use it from there: three minutes
	$(BIN)/python -m pytest -q tests/install

export: $(READY) ## after editing a notebook: format, clean and export all to arm_nb/
	$(BIN)/ruff format --quiet nbs
	$(BIN)/nbdev_clean
	$(BIN)/nbdev_export

notebooks: $(READY) ## run the notebooks whose code you changed and save their outputs (NB="nbs/04_metrics.ipynb ...": those; ALL=1: all)
	$(ONE) $(BIN)/python tools/run_notebooks.py $(NB) $(if $(ALL),--all)

readme: $(READY) ## README.md from nbs/index.ipynb
	$(BIN)/python tools/readme.py

docs: $(READY) $(NODE) ## the site in _docs/: by Quarto where it is installed, else a preview of the same
	$(ONE) $(BIN)/python -W ignore tools/site.py

bench: $(READY) ## every benchmark in benchmarks/ (not tests: read the ratios)
	@for b in benchmarks/bench_*.py; do echo "== $$b"; $(BIN)/python $$b || exit 1; done

hooks: $(READY) ## nbdev's git and Jupyter hooks: clean on save, notebooks merged cell by cell
	PATH="$(CURDIR)/$(BIN):$$PATH" nbdev_install_hooks

clean: ## remove what was built (not .venv: `rm -rf .venv` sets up anew)
	rm -rf build dist *.egg-info _proc _docs _build_docs
