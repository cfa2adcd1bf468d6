# Muster's commands. `make help` lists them; CONTRIBUTING.md says when to use which.
PYTHON ?= $(shell for python in python3.11 python3; do $$python -c '' 2>/dev/null && echo $$python && break; done)
BOOTSTRAP = @$(if $(PYTHON),,echo "muster: No Python found; Muster needs Python 3.11, 3.12 or 3.13." >&2; exit 1;) $(PYTHON) scripts/bootstrap.py
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test test-long drill bench lint format lock clean

help:  ## this list
	@sed -nE 's/^([a-z-]+):  ## (.*)/make \1\t\2/p' Makefile | expand -t 18

run:  ## start Muster with a demo organisation on this machine; Ctrl-C stops it
	$(BOOTSTRAP) base
	@exec .venv/bin/python manage.py serve --demo $(ARGS)

drill:  ## a real incident against a running Muster (ARGS=--auto decides for you)
	$(BOOTSTRAP) base
	@exec .venv/bin/python -m drill $(ARGS)

test:  ## everything: linters, SQLite, PostgreSQL + Redis, Chromium, drill
	$(BOOTSTRAP) dev
	@exec .venv/bin/python -m scripts.test $(ARGS)

test-long:  ## what `make test` leaves out: the slow tests, the monkey for an hour, the drill five times in a row
	$(BOOTSTRAP) dev
	@exec .venv/bin/python -m scripts.test --long $(ARGS)

bench:  ## the figures of docs/benchmarks.md, on this machine
	$(BOOTSTRAP) dev
	@exec .venv/bin/python manage.py bench $(ARGS)

lint:  ## ruff, mypy, import contracts, migrations, deployment checks
	$(BOOTSTRAP) dev
	@exec .venv/bin/python -m scripts.lint $(ARGS)

format:  ## let ruff rewrite what it may
	$(BOOTSTRAP) dev
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .

lock:  ## requirements/*.in -> *.txt with versions and hashes; ARGS=--upgrade takes newer ones
	$(BOOTSTRAP) dev
	@.venv/bin/python -m scripts.lock $(ARGS)

clean:  ## remove .venv and caches; the data in var/ stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage*
