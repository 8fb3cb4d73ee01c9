"""One task, one job on Airflow 2.11, whose workers and triggerer tell a provider less than 3.3's do."""

from __future__ import annotations

import signal

import pytest

from tests.processes.one_job import OneJob
from tests.processes.slow_run import SlowRun
from tests.real_airflow import RealAirflow

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def tested_airflow(older_airflow: RealAirflow) -> RealAirflow:
    """The session's Airflow 2.11."""
    return older_airflow


class TestOneJob(OneJob):
    """What holds on each line."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_triggerer_that_ends_leaves_the_job_alone(slow_run: SlowRun, number: signal.Signals) -> None:
    slow_run.wait_status(0, "Running")
    slow_run.wait_waiting()

    slow_run.airflow.kill("triggerer", number)
    slow_run.airflow.start("triggerer")
    slow_run.finish()

    assert slow_run.statuses() == ["Completed"]
    assert slow_run.puts() == [1]
