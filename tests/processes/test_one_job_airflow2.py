"""One task, one job on Airflow 2.11, whose workers and triggerer tell a provider less than 3.3's do."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.airflow_harness import RealAirflow, Service, real_airflow
from tests.processes.patient import DEFERRED, IN_A_HURRY, ON_WORKER, TASK, Patient, Ward

pytestmark = pytest.mark.timeout(600)

WARD = Ward()


@pytest.fixture(scope="module")
def tested_airflow(airflow2_python: Path, service: Service, databases: Path) -> Iterator[RealAirflow]:
    """A real Airflow 2.11: scheduler, triggerer, worker processes."""
    with real_airflow(airflow2_python.parent, 2, service, databases / "2.db") as running:
        yield running


@WARD.case(DEFERRED)
def test_a_finished_task_that_is_cleared_runs_a_second_job(patient: Patient) -> None:
    patient.begin()
    patient.finish()

    patient.airflow.clear(patient.dag, patient.run, TASK)
    patient.airflow.until("second job", lambda: len(patient.jobs()) == 2)
    patient.finish()

    assert patient.statuses() == ["Completed", "Completed"]
    assert patient.puts() == [1, 1]
    assert patient.result()["job_name"] == patient.jobs()[1]["name"]


@WARD.case(ON_WORKER, DEFERRED)
def test_clearing_the_waiting_task_replaces_its_job(patient: Patient) -> None:
    patient.begin()
    patient.wait_status(0, "Running")
    patient.wait_waiting()

    patient.airflow.clear(patient.dag, patient.run, TASK)
    patient.wait_status(0, "Canceled")
    patient.wait_status(1, "Running")
    patient.finish()

    assert patient.statuses() == ["Canceled", "Completed"]
    assert patient.puts() == [1, 1]


@WARD.case(IN_A_HURRY)
def test_a_task_out_of_time_cancels_its_job(patient: Patient) -> None:
    patient.begin()
    patient.wait_status(0, "Running")

    patient.wait_status(0, "Canceled")
    assert patient.airflow.wait_run(patient.dag, patient.run) == "failed"

    assert patient.statuses() == ["Canceled"]
    assert "Timeout" in patient.airflow.log(patient.dag, patient.run, TASK)


@WARD.case(ON_WORKER)
def test_a_worker_killed_while_it_waits_leaves_one_job(patient: Patient) -> None:
    patient.begin()
    patient.wait_status(0, "Running")

    patient.airflow.kill_task(patient.dag, patient.run, TASK)
    patient.airflow.until("second try", lambda: patient.tries() == 2)
    patient.finish()

    assert patient.statuses() == ["Completed"]
    assert patient.puts() == [1]


@WARD.case(ON_WORKER)
def test_a_worker_that_is_asked_to_end_leaves_the_job_alone(patient: Patient) -> None:
    patient.begin()
    patient.wait_status(0, "Running")

    patient.airflow.end_task(patient.dag, patient.run, TASK)
    patient.airflow.until("second try", lambda: patient.tries() == 2)
    patient.finish()

    assert patient.statuses() == ["Completed"]
    assert patient.puts() == [1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_triggerer_that_ends_leaves_the_job_alone(patient: Patient, number: signal.Signals) -> None:
    patient.wait_status(0, "Running")
    patient.wait_waiting()

    patient.airflow.kill("triggerer", number)
    patient.airflow.start("triggerer")
    patient.finish()

    assert patient.statuses() == ["Completed"]
    assert patient.puts() == [1]
