# Everything runs in environments below this folder; nothing outside it is touched.
#
#   make install   the environments
#   make check     format, lint, types, who imports whom, sizes, and whether the dependencies resolve for Python 3.10
#   make test      every test
#   make test-long    what takes minutes each on a real Airflow, and is no part of make test: kills, fifty jobs without workers, logs, watchers, the task page in chromium, files
#   make test-distributed   the examples on CeleryExecutor: PostgreSQL, Redis, two workers, two triggerers, with host
#                  names and logs of their own; some three minutes (make bed: only the bed, until Ctrl-C)
#   make chaos     kills, restarts, outages and people's marks on many tasks in flight there, and what came of each
#                  (RUNS=1000 SEED=5; BED=local: LocalExecutor, BED=airflow2: 2.11; ARGS="--minutes 9" and the like)
#   make upgrade   the provider and the DAG file exchanged below deferred tasks there, and what came of each
#                  (RUNS=2000; ARGS="--back --since COMMIT" and the like)
#   make test-quick   those that run no other Airflow and not Microsoft's client: for the round after each change
#   make demo      the tutorial DAG on a real Airflow against the emulator (LEARNING_RATE=0.001 trains differently; on a
#                  terminal it stays up until Ctrl-C, with DEMO_KEEP=0 it ends at once)
#   make bench     the benchmarks, and how many files a value passes on four walks through the code
#   make bench-airflow   those that need a real Airflow for some half an hour: workers taken for each job, and when a
#                  thousand deferred tasks end
#   make metrics-picture   the picture of the metrics in the documentation, from a real run
#   make docs      the documentation as a site, build/docs/html: strict, every link checked, nothing from other hosts
#   make docs-reference   docs/reference anew, from the code's own tables, routes and signatures
#   make fuzz      100,000 changed job files: refused with reasons, or sent as a valid body (COUNT=1000 SEED=5: fewer, others)
#   make oracle    every family of made-up jobs, and changed ones, beside Microsoft's client (COUNT=100 SEED=5)
#   make lines     every Airflow line from 2.11 to 3.4, with real processes (LINES="3.0 3.4": some)
#   make release-check   the packages, built twice and looked at: same bytes, metadata, contents, licence (TAG=v1.2.3: that
#                  version); and what they need, as a bill of materials (CycloneDX, build/sbom)
#   make audit     known vulnerabilities of what the bill of materials names; needs PyPI itself (ARGS="--ignore ID")
#   make installs  the wheel in an empty environment of each Airflow line: pip check, imports, Airflow's commands
#                  (LINES="3.0 3.4": some)
#   make pictures  the pictures of Studio, of Airflow and of the demo in the documentation, by a browser and real runs
#   make matrix    the quick tests on each Airflow line, with the packages of its time, on its oldest and newest Python
#                  (LINES="3.0 3.4": some; MATRIX_ARGS="--lowest": with the lowest versions that are allowed)
#   make lock      new lock files from requirements/*.in and pyproject.toml
#   make clean     removes what the targets above made

PYTHON ?= python3
VENV := .venv
UV := $(VENV)/bin/uv
BIN := $(VENV)/bin
SCRATCH := $(CURDIR)/.tmp

export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv
export UV_PYTHON_DOWNLOADS := never
export UV_CUSTOM_COMPILE_COMMAND := make lock
export PIP_NO_CACHE_DIR := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Airflow's processes start seconds faster from byte code.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV

# Airflow 2.11 does not run on Python 3.13 and later.
AIRFLOW2_PYTHON := >=3.10,<3.13
# Airflow 3.4 does not run on Python 3.10.
AIRFLOW34_PYTHON ?= >=3.11

# Not compiled: Python does it with each module that is imported, a third of all, and the rest, tests above all, takes a minute.
SYNC := $(UV) pip sync --quiet
EDITABLE := $(UV) pip install --quiet --no-deps --no-build-isolation --editable . --python
LOCK := $(UV) pip compile --quiet --universal --python-version 3.10 --no-emit-index-url --no-emit-find-links --no-annotate

# Environments that hold what their lock file says, and nothing of ours.
PLAIN := jobs sdk openlineage peers docs release
ABOUT_jobs := MLflow, pandas and scikit-learn, what emulated jobs run in
ABOUT_sdk := azure-ai-ml, the emulator's judge
ABOUT_openlineage := Airflow's provider for OpenLineage, to be laid over an Airflow
# Only for `make bench`, `make docs` and `make release-check`.
ABOUT_peers := Airflow 3.3 and other providers, to compare import cost with
ABOUT_docs := Sphinx, its theme, and what reads Markdown
ABOUT_release := build, twine, cyclonedx-py and pip-audit

.PHONY: install environments airflow2 javascript redis check test test-long test-airflow34 test-distributed bed chaos upgrade test-quick demo bench bench-airflow metrics-picture docs docs-links docs-reference fuzz oracle lines matrix installs release-check audit pictures lock clean

# Two at a time: one environment downloads while another is unpacked.
install: $(UV)
	@$(MAKE) --no-print-directory -j2 environments

environments: $(VENV)/.installed .venvs/jobs/.installed .venvs/sdk/.installed .venvs/openlineage/.installed airflow2 javascript

$(UV):
	@$(PYTHON) -c 'import sys; v = sys.version_info; ok = (3, 10) <= v[:2] <= (3, 14); sys.exit(0 if ok else "$(PYTHON) is Python %d.%d; this project installs with 3.10 to 3.14. Name another: make PYTHON=python3.12 ..." % v[:2])'
	@echo "Installing uv"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet "$$(grep '^uv==' requirements/airflow3.txt)"

$(VENV)/.installed: requirements/airflow3.txt pyproject.toml | $(UV)
	@echo "Installing $(VENV): Airflow 3.3, the provider, the emulator, the test tools"
	@$(SYNC) --python $(VENV) requirements/airflow3.txt
	@$(EDITABLE) $(VENV)
	@touch $@

$(PLAIN:%=.venvs/%/bin/python) .venvs/distributed/bin/python: | $(UV)
	@$(UV) venv --quiet --clear --python $(BIN)/python $(@:/bin/python=)

# That of the other environments, where it will do.
.venvs/airflow2/bin/python: | $(UV)
	@PATH="$$($(BIN)/python -c 'import os, sys; print(os.path.dirname(sys._base_executable))'):$$PATH" \
		$(UV) venv --quiet --clear --python '$(AIRFLOW2_PYTHON)' .venvs/airflow2

$(PLAIN:%=.venvs/%/.installed): .venvs/%/.installed: requirements/%.txt | .venvs/%/bin/python
	@echo "Installing .venvs/$*: $(ABOUT_$*)"
	@$(SYNC) --python .venvs/$* requirements/$*.txt
	@touch $@

airflow2: | $(UV)
	@if $(UV) python find --quiet '$(AIRFLOW2_PYTHON)' >/dev/null 2>&1; then \
		$(MAKE) --no-print-directory --silent .venvs/airflow2/.installed; \
	else \
		echo "No Python 3.10 to 3.12 on this machine: .venvs/airflow2 is left out and the tests on Airflow 2.11 are skipped."; \
	fi

# Microsoft's client for JavaScript, which the emulator is tried with as well.
JAVASCRIPT := tests/conformance/javascript/package.json

javascript:
	@if command -v npm >/dev/null && $(MAKE) --no-print-directory --silent .venvs/javascript/.installed; then :; else \
		echo "npm is missing or finds no packages: .venvs/javascript is left out and its tests are skipped."; \
	fi

.venvs/javascript/.installed: $(JAVASCRIPT)
	@echo "Installing .venvs/javascript: @azure/arm-machinelearning, another judge of the emulator"
	@mkdir -p .venvs/javascript
	@cp $(JAVASCRIPT) .venvs/javascript/package.json
	@npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts --prefix .venvs/javascript
	@touch $@

.venvs/airflow2/.installed: requirements/airflow2.txt pyproject.toml | .venvs/airflow2/bin/python
	@echo "Installing .venvs/airflow2: Airflow 2.11 and the provider"
	@$(SYNC) --python .venvs/airflow2 requirements/airflow2.txt
	@$(EDITABLE) .venvs/airflow2
	@touch $@

# Only for `make test-airflow34`.
.venvs/airflow34/bin/python: | $(UV)
	@$(UV) venv --quiet --clear --python '$(AIRFLOW34_PYTHON)' .venvs/airflow34

.venvs/airflow34/.installed: requirements/airflow34.txt pyproject.toml | .venvs/airflow34/bin/python
	@echo "Installing .venvs/airflow34: Airflow 3.4, the provider, the emulator, the test tools"
	@$(SYNC) --python .venvs/airflow34 requirements/airflow34.txt
	@$(EDITABLE) .venvs/airflow34
	@touch $@

# Only for `make test-distributed`, `make chaos` and `make upgrade`.
.venvs/distributed/.installed: requirements/distributed.txt pyproject.toml | .venvs/distributed/bin/python
	@echo "Installing .venvs/distributed: Airflow 3.3 with Celery, and the drivers of PostgreSQL and Redis"
	@$(SYNC) --python .venvs/distributed requirements/distributed.txt
	@$(EDITABLE) .venvs/distributed
	@touch $@

# Redis without anybody's rights: Debian's packages, unpacked here. Where there are none, the tests say what they miss.
REDIS := redis-server redis-tools libjemalloc2 liblzf1

redis:
	@if command -v redis-server >/dev/null || $(MAKE) --no-print-directory --silent .venvs/redis/.installed 2>/dev/null; then :; else \
		echo "redis-server is missing, and apt-get finds no package of it."; \
	fi

.venvs/redis/.installed:
	@echo "Unpacking .venvs/redis: Debian's Redis"
	@rm -rf .venvs/redis && mkdir -p .venvs/redis
	@cd .venvs/redis && apt-get download --quiet $(REDIS) >/dev/null && for package in *.deb; do dpkg -x $$package .; done && rm -f *.deb
	@touch $@

# What of the tests reads the sources alone, in seconds.
GUARDS := $(addprefix tests/architecture/,test_arrows.py test_circles.py test_files.py test_sizes.py)

check: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n 0 --durations=0 --durations-min=60 $(GUARDS)
	$(UV) pip compile --quiet --python-version 3.10 --extra emulator pyproject.toml --output-file /dev/null
	@echo "Everything checked: lint, format, types, imports and sizes, dependencies on Python 3.10."

# Each worker waits for jobs and for Airflow most of the time: six keep two cores busy. `make test PYTEST_ARGS='-n 0 ...'` has none.
test: install
	@mkdir -p $(SCRATCH)
	TMPDIR=$(SCRATCH) $(BIN)/python -m pytest -n 6 $(PYTEST_ARGS)

test-long: install
	@mkdir -p $(SCRATCH)
	COUNT=150 TMPDIR=$(SCRATCH) $(BIN)/python -m pytest -n 2 --long $(PYTEST_ARGS)

# Microsoft's client, Airflow 2.11 and the emulator's own tests know nothing of Airflow 3.4.
AIRFLOW34_TESTS := $(addprefix tests/,airflow client demo examples jobspec lifecycle packaging plugin processes rest) \
	$(addprefix tests/architecture/,test_airflow_names.py test_import_cost.py test_processes_apart.py test_provider_info.py)

test-airflow34: .venvs/airflow34/.installed .venvs/jobs/.installed
	@mkdir -p $(SCRATCH)
	TMPDIR=$(SCRATCH) .venvs/airflow34/bin/python -m pytest -n 4 -k 'not airflow2' $(AIRFLOW34_TESTS) $(PYTEST_ARGS)

test-distributed: .venvs/distributed/.installed .venvs/jobs/.installed redis
	@mkdir -p $(SCRATCH)
	TMPDIR=$(SCRATCH) .venvs/distributed/bin/python -m pytest -n 0 tests/distributed $(PYTEST_ARGS)

bed: .venvs/distributed/.installed .venvs/jobs/.installed redis
	@mkdir -p $(SCRATCH)
	@TMPDIR=$(SCRATCH) .venvs/distributed/bin/python -m tests.distributed $(ARGS)

BED ?= celery

chaos: .venvs/distributed/.installed .venvs/jobs/.installed redis $(if $(filter airflow2,$(BED)),airflow2)
	@mkdir -p $(SCRATCH)
	TMPDIR=$(SCRATCH) .venvs/distributed/bin/python -m tests.chaos --bed $(BED) --runs $(or $(RUNS),100) $(if $(SEED),--seed $(SEED)) $(ARGS)

upgrade: .venvs/distributed/.installed .venvs/jobs/.installed redis
	@mkdir -p $(SCRATCH)
	TMPDIR=$(SCRATCH) .venvs/distributed/bin/python -m tests.upgrades.rolling --runs $(or $(RUNS),2000) $(ARGS)

# Without other programs there is less to wait for.
test-quick: $(VENV)/.installed .venvs/jobs/.installed
	@mkdir -p $(SCRATCH)
	TMPDIR=$(SCRATCH) $(BIN)/python -m pytest -n 4 --quick $(PYTEST_ARGS)

# Waits only for the two environments that it uses.
demo: $(UV)
	@$(MAKE) --no-print-directory --silent -j2 $(VENV)/.installed .venvs/jobs/.installed
	@mkdir -p $(SCRATCH)
	@TMPDIR=$(SCRATCH) $(BIN)/python -m demo $(if $(LEARNING_RATE),--learning-rate $(LEARNING_RATE))

docs: .venvs/docs/.installed
	@.venvs/docs/bin/python -m documentation --output build/docs

# Asks for every address of another site, and so needs the internet.
docs-links: .venvs/docs/.installed
	@.venvs/docs/bin/python -m documentation --output build/docs --links

# A test fails while a page is stale.
docs-reference: export AIRFLOW__LOGGING__LOGGING_LEVEL = ERROR
docs-reference: export AIRFLOW_HOME = $(SCRATCH)/airflow
docs-reference: $(VENV)/.installed
	@mkdir -p $(SCRATCH)
	$(BIN)/python -m reference

bench: install .venvs/peers/.installed
	@mkdir -p $(SCRATCH)
	$(BIN)/python benchmarks/import_cost.py --json $(SCRATCH)/import_cost.json
	$(BIN)/python benchmarks/translation.py
	$(BIN)/python benchmarks/pipeline_group.py
	$(BIN)/python benchmarks/walks.py
	$(BIN)/python benchmarks/waiters.py
	$(BIN)/python benchmarks/submission.py
	$(BIN)/python benchmarks/emulator_requests.py
	$(BIN)/python benchmarks/emulator.py --json $(SCRATCH)/emulator.json

bench-airflow: $(VENV)/.installed
	@mkdir -p $(SCRATCH)
	TMPDIR=$(SCRATCH) $(BIN)/python benchmarks/worker_cost.py --json $(SCRATCH)/worker_cost.json
	TMPDIR=$(SCRATCH) $(BIN)/python benchmarks/deferred_tasks.py --json $(SCRATCH)/deferred_tasks.json

# The picture in docs/metrics.md, from a run of some eight minutes.
metrics-picture: $(VENV)/.installed
	@mkdir -p $(SCRATCH)
	TMPDIR=$(SCRATCH) $(BIN)/python benchmarks/deferred_tasks.py --tasks 20 --on-workers 2 --picture docs/metrics.svg

# About a quarter of an hour for 100,000 on an idle machine; hypothesis chooses the changes.
fuzz: install
	$(BIN)/python -m tests.corpus.mutation $(or $(COUNT),100000) $(or $(SEED),0)

# Both go on after what differs, and fail at the end. Some half an hour the first time, on a machine with nothing else to do; what Microsoft's client has answered is kept.
oracle: export AIRFLOW__LOGGING__LOGGING_LEVEL = ERROR
oracle: export AIRFLOW_HOME = $(SCRATCH)/airflow
oracle: install
	@mkdir -p $(SCRATCH)
	@failed=0; \
	$(BIN)/python -m tests.oracle --answers .cache/oracle-answers --seed $(or $(SEED),0) || failed=1; \
	$(BIN)/python -m tests.oracle --mutations $(or $(COUNT),2000) --seed $(or $(SEED),0) || failed=1; \
	exit $$failed

# Installs an Airflow of each line into a temporary folder: LINES="3.0 3.4" for some of them.
lines: install
	@mkdir -p $(SCRATCH)
	TMPDIR=$(SCRATCH) $(BIN)/python -m tests.lines $(LINES)

# The packages stay in dist/, what they need in build/sbom.
release-check: .venvs/release/.installed
	@.venvs/release/bin/python -m release $(if $(TAG),--tag $(TAG))

# Of what the last `make release-check` has written.
audit: .venvs/release/.installed
	@.venvs/release/bin/python -m release.audit build/sbom $(ARGS)

# A browser must be there: chromium, or the one that BROWSER names.
pictures: export AIRFLOW__LOGGING__LOGGING_LEVEL = ERROR
pictures: export AIRFLOW_HOME = $(SCRATCH)/airflow
pictures: $(VENV)/.installed .venvs/jobs/.installed
	@mkdir -p $(SCRATCH)
	@rm -rf $(SCRATCH)/pictures
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/azureml-emulator run --state $(SCRATCH)/pictures --environment '*=$(CURDIR)/.venvs/jobs/bin/python' -- $(BIN)/python -m documentation.screens docs/pictures
	@TMPDIR=$(SCRATCH) $(BIN)/python -m documentation.airflow_pages docs/pictures
	@DEMO_KEEP=0 TMPDIR=$(SCRATCH) $(BIN)/python -m demo | $(BIN)/python -m documentation.terminal docs/pictures/demo.svg 'make demo' --begin Run

# Hours in all, and 1 GB for each environment while its tests run. A Python that is missing is said in its row.
matrix: install
	@mkdir -p $(SCRATCH)
	TMPDIR=$(SCRATCH) $(BIN)/python -m tests.lines.matrix $(LINES) $(MATRIX_ARGS)

# A minute for each line, and 0.5 GB while it is looked at.
installs: install
	@mkdir -p $(SCRATCH)
	TMPDIR=$(SCRATCH) $(BIN)/python -m tests.lines.installs $(LINES)

lock: $(UV)
	$(LOCK) requirements/airflow3.in pyproject.toml --extra emulator --extra emulator-sweep --group test --group browser --group lint --group build -o requirements/airflow3.txt
	$(LOCK:3.10=3.11) requirements/airflow34.in pyproject.toml --extra emulator --group test --group build -o requirements/airflow34.txt
	$(LOCK) requirements/airflow2.in pyproject.toml --extra emulator --group test --group build -o requirements/airflow2.txt
	$(LOCK) requirements/distributed.in pyproject.toml --extra emulator --group test --group build -o requirements/distributed.txt
	$(LOCK) requirements/peers.in pyproject.toml -o requirements/peers.txt
	$(LOCK) requirements/jobs.in -o requirements/jobs.txt
	$(LOCK) requirements/sdk.in -o requirements/sdk.txt
	$(LOCK) requirements/docs.in -o requirements/docs.txt
	$(LOCK) requirements/release.in -o requirements/release.txt
	$(LOCK) --no-deps requirements/openlineage.in -o requirements/openlineage.txt

clean:
	rm -rf .venv .venvs .cache .tmp build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .azureml-emulator .airflow-demo .demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
