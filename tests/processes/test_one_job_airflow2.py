"""One task, one job on Airflow 2.11, whose workers and triggerer tell a provider less than 3.3's do."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.airflow_harness import RealAirflow, Service, real_airflow
from tests.processes.slow_run import DEFERRED, IN_A_HURRY, ON_WORKER, TASK, SideBySide, SlowRun

pytestmark = pytest.mark.timeout(600)

CASES = SideBySide()


@pytest.fixture(scope="module")
def tested_airflow(airflow2_python: Path, service: Service, databases: Path) -> Iterator[RealAirflow]:
    """A real Airflow 2.11: scheduler, triggerer, worker processes."""
    with real_airflow(airflow2_python.parent, 2, service, databases / "2.db") as running:
        yield running


@CASES.case(DEFERRED)
def test_a_finished_task_that_is_cleared_runs_a_second_job(slow_run: SlowRun) -> None:
    slow_run.begin()
    slow_run.finish()

    slow_run.airflow.clear(slow_run.dag, slow_run.run, TASK)
    slow_run.airflow.until("second job", lambda: len(slow_run.jobs()) == 2)
    slow_run.finish()

    assert slow_run.statuses() == ["Completed", "Completed"]
    assert slow_run.puts() == [1, 1]
    assert slow_run.result()["job_name"] == slow_run.jobs()[1]["name"]


@CASES.case(ON_WORKER, DEFERRED)
def test_clearing_the_waiting_task_replaces_its_job(slow_run: SlowRun) -> None:
    slow_run.begin()
    slow_run.wait_status(0, "Running")
    slow_run.wait_waiting()

    slow_run.airflow.clear(slow_run.dag, slow_run.run, TASK)
    slow_run.wait_status(0, "Canceled")
    slow_run.wait_status(1, "Running")
    slow_run.finish()

    assert slow_run.statuses() == ["Canceled", "Completed"]
    assert slow_run.puts() == [1, 1]


@CASES.case(IN_A_HURRY)
def test_a_task_out_of_time_cancels_its_job(slow_run: SlowRun) -> None:
    slow_run.begin()
    slow_run.wait_status(0, "Running")

    slow_run.wait_status(0, "Canceled")
    assert slow_run.airflow.wait_run(slow_run.dag, slow_run.run) == "failed"

    assert slow_run.statuses() == ["Canceled"]
    assert "Timeout" in slow_run.airflow.log(slow_run.dag, slow_run.run, TASK)


@CASES.case(ON_WORKER)
def test_a_worker_killed_while_it_waits_leaves_one_job(slow_run: SlowRun) -> None:
    slow_run.begin()
    slow_run.wait_status(0, "Running")

    slow_run.airflow.kill_task(slow_run.dag, slow_run.run, TASK)
    slow_run.airflow.until("second try", lambda: slow_run.tries() == 2)
    slow_run.finish()

    assert slow_run.statuses() == ["Completed"]
    assert slow_run.puts() == [1]


@CASES.case(ON_WORKER)
def test_a_worker_that_is_asked_to_end_leaves_the_job_alone(slow_run: SlowRun) -> None:
    slow_run.begin()
    slow_run.wait_status(0, "Running")

    slow_run.airflow.end_task(slow_run.dag, slow_run.run, TASK)
    slow_run.airflow.until("second try", lambda: slow_run.tries() == 2)
    slow_run.finish()

    assert slow_run.statuses() == ["Completed"]
    assert slow_run.puts() == [1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_triggerer_that_ends_leaves_the_job_alone(slow_run: SlowRun, number: signal.Signals) -> None:
    slow_run.wait_status(0, "Running")
    slow_run.wait_waiting()

    slow_run.airflow.kill("triggerer", number)
    slow_run.airflow.start("triggerer")
    slow_run.finish()

    assert slow_run.statuses() == ["Completed"]
    assert slow_run.puts() == [1]
