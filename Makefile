# One target per thing a person wants: `make help` lists them. All work on a fresh clone.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS ?= 1

define CHECK_PYTHON
import sys
found = "%d.%d" % sys.version_info[:2]
if found not in ("3.11", "3.12", "3.13"):
    sys.exit("kwslib's chapters need Python 3.11, 3.12 or 3.13, and %s is %s: name another, "
             "as in `make setup PYTHON=python3.12`" % (sys.argv[1], found))
endef
export CHECK_PYTHON

.PHONY: help setup lock report book pdf record pair quick test coverage colab verify lint clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-15s %s\n", $$1, $$2}'

setup: $(VENV)/.installed  ## .venv with every package as pinned, and kwslib itself

# uv takes seconds where pip takes minutes; it ignores pip's settings, hence UV_FIND_LINKS. Nothing is compiled.
$(VENV)/.installed: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c "$$CHECK_PYTHON" $(PYTHON)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	UV_FIND_LINKS="$$PIP_FIND_LINKS" VIRTUAL_ENV=$(VENV) \
		$(BIN)/uv pip install --no-build --constraint requirements.lock --requirement pyproject.toml --extra all \
		|| $(BIN)/python -m pip install --disable-pip-version-check --only-binary :all: --constraint requirements.lock ".[all]"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

lock:  ## choose versions anew where pyproject.toml asks for it, for every Python and platform
	$(BIN)/uv pip compile --universal --no-build --no-header --no-annotate --python-version 3.11 \
		--extra all pyproject.toml --output-file requirements.lock >/dev/null

report: setup  ## run the notebooks in the quick profile, render the book, say where it is
	$(BIN)/python book/build.py report

book: setup  ## render the recorded notebooks without running them
	$(BIN)/python book/build.py book

pdf: setup  ## the book as one file, printed by Chromium
	$(BIN)/python book/build.py pdf

record: setup  ## run the notebooks in the report profile and keep what they find (PART=03 for one)
	$(BIN)/python book/build.py record $(PART)

pair: setup  ## make the .ipynb of every notebook script
	$(BIN)/python book/build.py pair

quick: setup  ## the tests that take a moment: run them before each commit
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not data" tests

test: setup  ## all tests, the notebooks and the book included
	$(BIN)/python -m pytest -n 2 --dist loadfile --nbval-lax tests notebooks

colab: setup  ## every notebook as on Colab, Python 3.12 and 3.13, in a kernel that runs already (PART=03 for one)
	for python in 3.12 3.13; do PYTHONPATH=. $(BIN)/python book/colab.py $$python $(PART) || exit 1; done

coverage: setup  ## the lines of kwslib that no test executes
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report term-missing:skip-covered tests

verify: setup  ## find the recorded numbers again: models, one training run, the board (needs the recordings)
	$(BIN)/kws verify

lint: setup  ## style, types, the order of imports, dependencies, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	git ls-files "firmware/*.c" "firmware/*.h" ":!firmware/arduino/stand_ins" | xargs $(BIN)/clang-format --dry-run -Werror
	$(BIN)/mypy kwslib
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry .
	git ls-files "*.md" "*.py" "*.yml" "*.toml" "firmware/*.[chS]" | xargs $(BIN)/codespell
	command -v node >/dev/null || exit 0; for module in web/*.js; do node --check $$module || exit 1; done

clean:  ## remove what was built
	rm -rf _build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
