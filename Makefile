# changling 畅领 — `make help` lists what can be done. Nothing here needs root; with root, missing
# Debian packages are installed, without it a sentence names them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMPS := .venv/stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# one test process for each core; the tests of one file share a database, so a file stays together
EACH_CORE := -n auto --dist loadfile --no-loadscope-reorder
# Chinese file names and output on a machine without a locale
export PYTHONUTF8 := 1
# tests start this program hundreds of times: compiled files are kept, also where the machine is set not to
export PYTHONDONTWRITEBYTECODE :=

# what PDF needs (WeasyPrint): without them pages and Word still print, and a PDF is refused with their names
PDF_NEEDS := libpango-1.0.so.0:libpango-1.0-0 libpangoft2-1.0.so.0:libpangoft2-1.0-0 \
  libharfbuzz-subset.so.0:libharfbuzz-subset0 /usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc:fonts-noto-cjk

.PHONY: help setup run test check bench demo lock format clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMPS)/python $(STAMPS)/pages ## make .venv with the command changling, and the front-end files

$(BIN)/python:
	@.ci/need "$(PYTHON):python3" "ensurepip:python3-venv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "需要 Python 3.11 或更高版本：make setup PYTHON=python3.12 (Python 3.11 or later is needed)" >&2; exit 1; }
	$(PYTHON) -m venv .venv

$(STAMPS)/python: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements.lock
	PYTHONWARNINGS=ignore $(PIP) install --no-deps --no-build-isolation --editable .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/pages: package-lock.json web/build_static.mjs | $(BIN)/python
	@.ci/need node:nodejs npm:npm
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	node web/build_static.mjs
	@mkdir -p $(STAMPS) && touch $@

run: setup ## serve a working demo office on http://127.0.0.1:8000
	@.ci/need $(PDF_NEEDS) || true
	@exec $(BIN)/changling serve --demo

test: setup ## all tests, browser included
	@.ci/need chromium-headless-shell:chromium-headless-shell pdftotext:poppler-utils $(PDF_NEEDS)
	$(BIN)/python -m pytest $(EACH_CORE)

check: setup ## format, lint, types, layers and quick tests, under a minute
	@.ci/need $(PDF_NEEDS)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(EACH_CORE) -m "not browser and not slow"

bench: setup ## benchmarks, printed as ratios
	@shopt -s nullglob; for bench in bench/*.py; do $(BIN)/python "$$bench"; done

demo: setup ## one claim from application to bank receipt, told on the terminal
	@$(BIN)/changling demo

format: setup ## write the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup ## pin every package with its hashes, from the ordinary index only
	env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE=/dev/null CUSTOM_COMPILE_COMMAND="make lock" \
	  $(BIN)/pip-compile --quiet --extra dev --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --no-emit-options --output-file requirements.lock pyproject.toml

clean: ## remove caches and built files; keeps var/, where the office's data are
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist web/static/vendor $(STAMPS)/pages
	find engine web tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
