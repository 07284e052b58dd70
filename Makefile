# What a person types. Everything works with Python 3.11 or newer and make alone.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
PY := .venv/bin/python
export PORT DATA_DIR

.PHONY: help demo test check bench install install-dev format messages lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

demo: install ## the whole system with demo data, at http://127.0.0.1:8000/ (PORT, DATA_DIR)
	@$(PY) -m config.demo

test: install-dev ## all checks, then all tests on engines of their own; fails when either does
	@$(PY) -m config.check; checked=$$?; $(PY) -m pytest -n 2 && exit $$checked

check: install-dev ## formatting, types, templates, import contracts, migrations, translations
	@$(PY) -m config.check

bench: install-dev ## measurements, one JSON object a line
	@$(PY) -m tests.bench

install: python ## .venv with what the system needs to run
	@$(PYTHON) config/bootstrap.py

install-dev: python ## .venv with what its tests need too
	@$(PYTHON) config/bootstrap.py --dev

format: install-dev ## format code and templates, and mend what can be mended
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix . ; $(PY) -m djlint --reformat --quiet .

messages: install-dev ## bring locale/ up to date with the texts of code and templates
	@$(PY) manage.py messages

lock: ## write the lock files anew (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header --quiet -o requirements.lock
	uv pip compile pyproject.toml --group dev -c requirements.lock --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header --quiet -o requirements-dev.lock

clean: ## remove .venv and caches; data in var/ stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: python
python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found. Install one, or name it: make demo PYTHON=/path/to/python3"; exit 1; }
