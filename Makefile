# make run   - create the environment, install, open the dashboard on the sample models
# make test  - the same, then every check and test
# make check - only lint, format and types

PYTHON ?= python3
ENV := .venv
BIN := $(ENV)/bin

.PHONY: run test check browser clean

run: $(ENV)/installed
	$(BIN)/streamlit run app.py

test: check browser
	$(BIN)/python -m pytest

check: $(ENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The browser tests drive a Chromium: the system's, or else one that is fetched for them.
browser: $(ENV)/installed-dev
	@command -v chromium chromium-browser google-chrome >/dev/null || $(BIN)/playwright install chromium

clean:
	rm -rf $(ENV) .atpatch .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(ENV)/installed: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(ENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(ENV)/installed-dev: $(ENV)/installed requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
