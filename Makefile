# OpenRaise: `make run` and `make test` do all the set-up they need.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
FLASK := $(BIN)/flask --app wsgi
CATALOGUE := app/i18n/translations
STAMP := .venv/.installed

.PHONY: help setup run test check lint types contracts schema words format demo bench clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP) ## Install everything into .venv/

$(STAMP): requirements.txt requirements-dev.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(STAMP)

run: setup words ## Run the site, its worker, the database and the demo market (PORT and DATABASE_URL are honoured)
	@exec $(FLASK) site run

test: check browser ## Check everything, then run the tests
	$(BIN)/python -m pytest -n 2

check: lint types contracts schema ## Lint, types, import contracts, migrations in step, words complete

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

schema: setup
	$(BIN)/python -m tests.schema_check

words: setup ## Compile the Chinese catalogue
	@$(BIN)/pybabel -q compile -d $(CATALOGUE) -l zh_Hans_CN

extract: setup ## Collect the sentences of the site for the translators
	$(BIN)/pybabel -q extract -F babel.cfg -k N_ --no-location --sort-output --no-wrap --omit-header -o /tmp/openraise.pot .
	$(BIN)/pybabel -q update --no-fuzzy-matching --no-wrap --ignore-obsolete -i /tmp/openraise.pot -d $(CATALOGUE) -l zh_Hans_CN

format: setup ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

browser: setup ## Find or install Chromium for the browser tests
	@sh tests/install_browser.sh

clean: ## Remove what was built and the development data
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
