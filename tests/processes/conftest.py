"""The runs of a file's tests, begun before the first of them: on the Airflow that the file names ``tested_airflow``."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from tests.processes.one_job import CASES
from tests.processes.slow_run import SlowRun
from tests.real_airflow import RealAirflow
from tests.run_story import told_of_failure


@pytest.fixture(scope="module")
def gates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the files that jobs wait for."""
    return tmp_path_factory.mktemp("gates")


@pytest.fixture(scope="module")
def waiting(
    tested_airflow: RealAirflow, request: pytest.FixtureRequest, gates: Path
) -> Iterator[Mapping[str, SlowRun]]:
    """Slow runs for the tests that hurt the triggerer, begun with all others, by their tests' names."""
    with CASES.waiting(tested_airflow, request, gates) as begun:
        yield begun


@pytest.fixture
def slow_run(waiting: Mapping[str, SlowRun], request: pytest.FixtureRequest) -> SlowRun:
    """The slow run of a test that hurts the triggerer."""
    return waiting[request.node.name]


@pytest.fixture(scope="module")
def outcomes(
    tested_airflow: RealAirflow, request: pytest.FixtureRequest, gates: Path, waiting: Mapping[str, SlowRun]
) -> Iterator[Mapping[str, Future[None]]]:
    """What becomes of the cases that are tried at once, by their tests' names."""
    with CASES.begun(tested_airflow, request, gates) as begun:
        yield begun


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Tell of a test that fails what became of its runs."""
    given = getattr(item, "funcargs", {}).values()
    with contextlib.ExitStack() as stack:
        for run in [value for value in given if isinstance(value, SlowRun)]:
            stack.enter_context(told_of_failure(run.airflow, run.dag, run.run))
        return (yield)
