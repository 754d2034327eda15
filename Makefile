# make run   - create the environment, install, open the dashboard on the sample models
# make test  - the same, then every check and test
# make test-fast - the checks, and the tests on synthetic data
# make check - only lint, format and types
# make fuzz  - read thousands of hostile files, and say what became of them
# make results - measure every defence on the sample subjects again (hours) and write the tables of docs/results.md and README.md

PYTHON ?= python3
ENV := .venv
BIN := $(ENV)/bin

.PHONY: run test test-fast check fuzz browser results clean

run: $(ENV)/installed
	$(BIN)/streamlit run app.py

# Two at a time, each on a core of its own: most of the browser tests is waiting for one of the two ends.
test: check browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# The checks and the tests on synthetic data: minutes.
test-fast: check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile tests/unit tests/fuzz

check: $(ENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/oxlint --deny-warnings pages
	$(BIN)/oxfmt --check pages

# Other inputs: make fuzz OPTIONS="--seed 7"
fuzz: $(ENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz $(OPTIONS)

# The browser tests drive a Chromium: the system's, or else one that is fetched for them.
browser: $(ENV)/installed-dev
	@for name in chromium-headless-shell chromium chromium-browser google-chrome; do \
		if command -v $$name >/dev/null; then exit; fi; \
	done; $(BIN)/playwright install chromium

# Any option of the script goes into OPTIONS: make results OPTIONS="--images 1000 --seeds 1"
results: $(ENV)/installed
	$(BIN)/python -m benchmarks.make_results $(OPTIONS)
	$(BIN)/python assets/write_results.py

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
