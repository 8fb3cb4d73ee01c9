"""A pytest plugin: which tests are run, and how they are dealt out among worker processes (``pytest -n 6``).

A file stays in one worker, because its fixtures are made once per worker. What one real Airflow serves stays together,
too. The longest come first, so that the workers end at about the same time.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import REPOSITORY
from tests.one_at_a_time import one_at_a_time
from tests.shared_python import PLACE

REAL_AIRFLOW = "real Airflow 3.3"
SECOND_AIRFLOW = "another real Airflow 3.3, for what takes long"
AIRFLOW_WITH_BUNDLES = "a real Airflow 3.3 whose DAGs come from Git"
OLDER_AIRFLOW = "real Airflow 2.11"
MICROSOFTS_CLIENT = "Microsoft's client"
DAG_TEST = "dag.test()"
BARE_AIRFLOW = "Airflow without our modules"
GROUPS = {
    "tests/bundles": AIRFLOW_WITH_BUNDLES,
    "tests/processes/test_no_worker.py": REAL_AIRFLOW,
    "tests/examples/test_batch_examples.py": REAL_AIRFLOW,
    "tests/examples/test_examples.py": REAL_AIRFLOW,
    "tests/examples/test_longer_examples.py": REAL_AIRFLOW,
    "tests/processes/test_one_job.py": REAL_AIRFLOW,
    "tests/processes/test_deadline.py": REAL_AIRFLOW,
    "tests/processes/test_reports.py": REAL_AIRFLOW,
    "tests/processes/test_task_page.py": REAL_AIRFLOW,
    "tests/processes/test_watchers.py": REAL_AIRFLOW,
    "tests/processes/test_every_operator.py": SECOND_AIRFLOW,
    "tests/processes/test_fresh_machine.py": SECOND_AIRFLOW,
    "tests/processes/test_job_log.py": SECOND_AIRFLOW,
    "tests/processes/test_marked.py": SECOND_AIRFLOW,
    "tests/processes/test_moved_triggers.py": SECOND_AIRFLOW,
    "tests/processes/test_orphans.py": SECOND_AIRFLOW,
    "tests/processes/test_public_pipeline.py": SECOND_AIRFLOW,
    "tests/processes/test_resubmission.py": SECOND_AIRFLOW,
    "tests/processes/test_resubmission_killed.py": SECOND_AIRFLOW,
    "tests/processes/test_every_operator_airflow2.py": OLDER_AIRFLOW,
    "tests/processes/test_job_log_airflow2.py": OLDER_AIRFLOW,
    "tests/processes/test_no_worker_airflow2.py": OLDER_AIRFLOW,
    "tests/processes/test_one_job_airflow2.py": OLDER_AIRFLOW,
    "tests/processes/test_public_pipeline_airflow2.py": OLDER_AIRFLOW,
    "tests/conformance": MICROSOFTS_CLIENT,
    "tests/oracle": MICROSOFTS_CLIENT,
    "tests/samples": MICROSOFTS_CLIENT,
    "tests/jobspec/test_deployments.py": MICROSOFTS_CLIENT,
    "tests/jobspec/test_objects.py": MICROSOFTS_CLIENT,
    "tests/local/test_folders.py": MICROSOFTS_CLIENT,
    "tests/architecture/test_airflow_names.py": BARE_AIRFLOW,
    "tests/architecture/test_import_cost.py": BARE_AIRFLOW,
    "tests/airflow/test_clean_errors.py": DAG_TEST,
    "tests/airflow/test_job_objects.py": DAG_TEST,
    "tests/airflow/test_notifiers.py": DAG_TEST,
    "tests/airflow/test_orphans.py": DAG_TEST,
    "tests/airflow/test_parse_time.py": DAG_TEST,
    "tests/airflow/test_rendering.py": DAG_TEST,
    "tests/airflow/test_retry.py": DAG_TEST,
    "tests/airflow/test_scoring.py": DAG_TEST,
    "tests/airflow/test_waiting.py": DAG_TEST,
    "tests/airflow/test_watch_listener.py": DAG_TEST,
    "tests/examples/test_readme.py": DAG_TEST,
}
"""Files, and folders, that share what takes long to start, once per worker: a real Airflow, or what loads much.

The files of a group follow each other as they stand here.
"""

ANOTHER_PROGRAM = {
    *("airflow", "airflow2", "airflow3", "install", "older_airflow", "tested_airflow"),
    *("home", "installed", "judge", "node_environment", "run_script", "sdk_python"),
}
"""Fixtures of tests that run another Airflow, Microsoft's client, the demo or an installed wheel."""

FIRST = (
    *(REAL_AIRFLOW, SECOND_AIRFLOW, AIRFLOW_WITH_BUNDLES, MICROSOFTS_CLIENT, OLDER_AIRFLOW, DAG_TEST),
    "tests/airflow/test_trigger.py",
    "tests/airflow/test_batch_once.py",
    "tests/demo/test_demo.py",
    "tests/examples/test_airflow2.py",
    "tests/client/test_storage.py",
    "tests/airflow/test_resubmission.py",
    "tests/airflow/test_lineage.py",
    "tests/airflow/test_watchers.py",
    "tests/airflow/test_resources_on_airflow.py",
    "tests/packaging/test_wheel.py",
    "tests/client/test_credentials.py",
    "tests/upgrades/test_recorded.py",
    "tests/filesystems/test_file_system.py",
    "tests/airflow/test_infrastructure.py",
    "tests/emulator/console/test_command_line.py",
    "tests/emulator/batch/test_batch_scoring.py",
    "tests/airflow/test_one_process.py",
    "tests/airflow/test_told_to_end.py",
    "tests/airflow/test_start_trigger.py",
    "tests/airflow/test_trigger_logs.py",
    "tests/emulator/execution/test_engine.py",
    "tests/emulator/pipelines/test_parallel_nodes.py",
    "tests/emulator/execution/test_job_faults.py",
    "tests/security/test_answers.py",
    "tests/lifecycle/test_pacing.py",
    "tests/emulator/test_recipes.py",
    "tests/emulator/console/test_finding.py",
    "tests/airflow/test_checkpoint.py",
    "tests/airflow/test_online.py",
    "tests/security/test_least_roles.py",
)
"""Groups, and files of their own, that take longest, by seconds as `make test` measured them: those of a quarter of a
minute and more. The demo loads an Airflow of its own and comes after two that mostly wait, so that it does not keep the
first from starting. All others follow as they are collected."""

PLACES = {place: index for index, place in enumerate(GROUPS)}
RANKS = {name: index for index, name in enumerate(FIRST)}


def group(nodeid: str) -> str:
    """What a test stays together with."""
    file = nodeid.partition("::")[0]
    return GROUPS.get(file) or GROUPS.get(file.rpartition("/")[0], file)


def rank(nodeid: str) -> tuple[int, int]:
    """The place of a test's group among those begun first, and of its file in that group."""
    file = nodeid.partition("::")[0]
    place = PLACES.get(file, PLACES.get(file.rpartition("/")[0], 0))
    return RANKS.get(group(nodeid), len(RANKS)), place


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--quick``: for the round after each change; ``--long``: what there is no time for in each whole run."""
    parser.addoption("--quick", action="store_true", help="leave out what runs another Airflow or Microsoft's client")
    parser.addoption("--long", action="store_true", help="run only what takes minutes on a real Airflow: marked long")


def is_quick(item: pytest.Item) -> bool:
    """Whether a test runs in this process, or with the emulator alone."""
    return not ANOTHER_PROGRAM & set(getattr(item, "fixturenames", ()))


def is_long(item: pytest.Item) -> bool:
    """Whether a test is left to ``--long``."""
    return item.get_closest_marker("long") is not None


SELDOM = (10_000, 20, 20)
"""Looking for garbage after each 700 objects, as Python does by default, takes a twentieth of the tests' time."""


def are_rewritten() -> bool:
    """Whether pytest finds most test files as it has rewritten and compiled them before."""
    tests = REPOSITORY / "tests"
    files, kept = (sum(1 for _ in tests.rglob(name)) for name in ("test_*.py", "__pycache__/test_*-pytest-*.pyc"))
    return 2 * kept > files


@contextlib.contextmanager
def rewriting_once() -> Iterator[None]:
    """In a fresh clone, let the first worker collect alone: the others find what it has rewritten.

    They would all do the same at once otherwise, which takes each of them three times as long as to collect.
    """
    with contextlib.ExitStack() as alone:
        alone.enter_context(one_at_a_time(Path(os.environ[PLACE], "rewritten")))
        if are_rewritten():
            alone.close()
        yield


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, Any, Any]:
    """Collect without looking for garbage, which takes two fifths of the time: nearly all that is made here stays."""
    gc.disable()
    try:
        shared = hasattr(session.config, "workerinput") and PLACE in os.environ
        with rewriting_once() if shared else contextlib.nullcontext():
            return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(*SELDOM)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for, and sort the tests of a worker; without workers they stay as collected."""
    if config.getoption("--quick"):
        config.hook.pytest_deselected(items=[item for item in items if not is_quick(item)])
        items[:] = filter(is_quick, items)
    wanted = config.getoption("--long")
    config.hook.pytest_deselected(items=[item for item in items if is_long(item) is not wanted])
    items[:] = [item for item in items if is_long(item) is wanted]
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal out whole groups, in the order of the collection."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    config.option.loadscopereorder = False
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = group
    return scheduler
