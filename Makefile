# OpenRaise: `make run` and `make test` do all the set-up they need.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
FLASK := $(BIN)/flask --app wsgi
CATALOGUE := app/i18n/translations
WORDS := $(CATALOGUE)/zh_Hans_CN/LC_MESSAGES/messages
INSTALLED := .venv/.installed
TOOLS := .venv/.tools

.PHONY: help setup run test check lint types contracts schema words extract format browser campaign screenshots mutants bench bench-size clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-10s %s\n", $$1, $$2}'

setup: $(INSTALLED) $(WORDS).mo ## Install what the site needs into .venv/

$(INSTALLED): requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv/ …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(TOOLS): $(INSTALLED) requirements-dev.txt
	@echo "Installing the tools of tests and checks into .venv/ …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(WORDS).mo: $(WORDS).po $(INSTALLED)
	@$(BIN)/pybabel -q compile -d $(CATALOGUE) -l zh_Hans_CN

run: setup ## Run the site, its worker, the database and the demo market (PORT and DATABASE_URL are honoured)
	@exec $(FLASK) site run

test: setup $(TOOLS) browser ## Check everything, then run the tests (the words are among them)
	@$(MAKE) --no-print-directory --output-sync -j2 types lint contracts schema
	$(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder

check: lint types contracts schema words ## Lint, types, import contracts, migrations in step, words complete

lint: setup $(TOOLS) ## Lint and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup $(TOOLS) ## Types
	$(BIN)/mypy

contracts: setup $(TOOLS) ## Who may import whom
	$(BIN)/lint-imports

schema: setup $(TOOLS) ## The migrations make what the models say
	$(BIN)/python -m tests.schema_check

words: setup $(TOOLS) ## Every sentence and every code has words in both languages
	$(BIN)/python -m pytest tests/i18n

extract: setup ## Collect the sentences of the site for the translators
	@mkdir -p var
	$(BIN)/pybabel -q extract -F babel.cfg -k N_ --no-location --sort-output --no-wrap --omit-header -o var/messages.pot .
	$(BIN)/pybabel -q update --no-fuzzy-matching --no-wrap --ignore-obsolete -i var/messages.pot -d $(CATALOGUE) -l zh_Hans_CN

format: setup $(TOOLS) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

browser: setup ## Find Chromium for the browser tests, or install Debian's
	@sh tests/install_browser.sh

campaign: setup $(TOOLS) ## Kill processes twenty times at every point, drain 5,000 events, kill closings and refunds of 5,000 pledges (CROWD) midway, play payments in any order (CAMPAIGN runs a worker, 500 by default)
	$(BIN)/python -m tests.payments.crashes.campaign
	CAMPAIGN=$${CAMPAIGN:-500} $(BIN)/python -m pytest tests/payments/machine -n 2 --dist loadscope

screenshots: setup $(TOOLS) browser ## Take pictures of every page into var/screenshots/, to be looked at (ONLY=word takes some)
	$(BIN)/python -m tests.screenshots

mutants: setup $(TOOLS) ## Change single places of what moves money and see the tests notice it (hours; SAMPLE says how many, 300 by default)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check mutmut==3.8.1 pytest-cov==7.1.0
	$(BIN)/python -m tests.mutants

bench-size: setup $(TOOLS) ## Measure a pledge among 1.5 million investors and 3 million pledges (minutes, 10 GB)
	$(BIN)/python -m tests.at_size

bench: setup $(TOOLS) ## Measure speed, as ratios side by side in one run
	$(BIN)/python -m tests.benchmarks

clean: ## Remove what was built and the development data
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
