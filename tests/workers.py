"""A pytest plugin: how tests are dealt out when worker processes run them (``pytest -n 2``, as `make test` does).

A file stays in one worker, because its fixtures are made once per worker. What one real Airflow serves stays together,
too. The longest come first, so that the workers end at about the same time.
"""

from __future__ import annotations

from typing import Any

import pytest

REAL_AIRFLOW = "real Airflow 3.3"
GROUPS = {
    "tests/processes/test_one_job.py": REAL_AIRFLOW,
    "tests/examples/test_examples.py": REAL_AIRFLOW,
    "tests/examples/test_batch_examples.py": REAL_AIRFLOW,
}
"""Files that share what takes long to start: the fixture ``airflow`` is made once per worker."""

FIRST = ("tests/processes", "tests/examples", "tests/demo", "tests/packaging", "tests/airflow", "tests/conformance")
"""Folders in the order in which they are begun; all others follow as they are collected."""


def group(nodeid: str) -> str:
    """What a test stays together with."""
    file = nodeid.partition("::")[0]
    return GROUPS.get(file, file)


def rank(nodeid: str) -> int:
    """The place of a test's folder among those begun first."""
    folder = nodeid.partition("::")[0].rpartition("/")[0]
    return FIRST.index(folder) if folder in FIRST else len(FIRST)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the tests of a worker; without workers they stay as collected."""
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
