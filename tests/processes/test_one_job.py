"""One task, one job, whatever dies: counted from the emulator's jobs, with the PUTs received beside them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.airflow_harness import SECOND, RealAirflow
from tests.processes.patient import DEFERRED, IN_A_HURRY, ON_WORKER, TASK, Patient, admitted

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def patient(airflow: RealAirflow, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Patient]:
    """A patient of the DAG named by the test's parameter."""
    with admitted(airflow, request.param, tmp_path / "gate") as found:
        yield found


@pytest.mark.parametrize("patient", [ON_WORKER], indirect=True)
def test_a_worker_killed_while_it_waits_leaves_one_job(patient: Patient) -> None:
    patient.begin()
    patient.wait_status(0, "Running")

    patient.airflow.kill_task(patient.dag, patient.run, TASK)
    patient.airflow.until("second try", lambda: patient.tries() == 2)
    patient.wait_task("running")
    patient.finish()

    assert patient.statuses() == ["Completed"]
    assert patient.puts() == [1]
    assert patient.tries() == 2
    assert patient.result()["job_name"] == patient.jobs()[0]["name"]


@pytest.mark.parametrize("patient", [ON_WORKER], indirect=True)
def test_a_worker_killed_with_its_supervisor_leaves_one_job(patient: Patient) -> None:
    patient.begin()
    patient.wait_status(0, "Running")

    patient.airflow.kill_task(patient.dag, patient.run, TASK, supervisor=True)
    patient.airflow.until("second try", lambda: patient.tries() == 2)
    patient.finish()

    assert patient.statuses() == ["Completed"]
    assert patient.puts() == [1]


@pytest.mark.parametrize("patient", [DEFERRED], indirect=True)
def test_a_worker_killed_right_after_its_put_leaves_one_job(patient: Patient) -> None:
    # The service acts at once, its answer comes too late: the worker dies knowing nothing of its job.
    patient.service.fault("delay", "--route", "PUT .*/jobs/", "--when", "after", "--delay", "60", "--times", "1")
    patient.begin()
    patient.airflow.until("job", lambda: patient.jobs())
    assert patient.airflow.column("state", patient.dag, patient.run, TASK) == "running"

    patient.airflow.kill_task(patient.dag, patient.run, TASK)
    patient.airflow.until("second try", lambda: patient.tries() == 2)
    patient.finish()

    assert patient.statuses() == ["Completed"]
    assert patient.puts() == [1]


@pytest.mark.parametrize("patient", [DEFERRED], indirect=True)
def test_a_finished_task_that_is_cleared_runs_a_second_job(patient: Patient) -> None:
    patient.begin()
    patient.finish()
    first = patient.result()["job_name"]

    patient.airflow.clear(patient.dag, patient.run, TASK)
    patient.airflow.until("second job", lambda: len(patient.jobs()) == 2)
    patient.finish()

    assert patient.statuses() == ["Completed", "Completed"]
    assert patient.puts() == [1, 1]
    assert patient.result()["job_name"] == patient.jobs()[1]["name"] != first


@pytest.mark.parametrize("patient", [DEFERRED], indirect=True)
def test_a_run_deleted_and_made_again_runs_a_new_job(patient: Patient) -> None:
    patient.begin()
    patient.finish()

    patient.airflow.delete_run(patient.dag, patient.run)
    patient.begin()
    patient.finish()

    assert patient.statuses() == ["Completed", "Completed"]
    assert patient.puts() == [1, 1]
    assert patient.result()["job_name"] == patient.jobs()[1]["name"]


@pytest.mark.parametrize("patient", [ON_WORKER, DEFERRED], indirect=True)
def test_marking_the_task_failed_cancels_its_job(patient: Patient) -> None:
    patient.begin()
    patient.wait_status(0, "Running")
    patient.wait_waiting()

    patient.airflow.mark(patient.dag, patient.run, TASK, "failed")
    patient.wait_status(0, "Canceled")

    assert patient.airflow.wait_run(patient.dag, patient.run) == "failed"
    assert patient.statuses() == ["Canceled"]


@pytest.mark.parametrize("patient", [ON_WORKER, DEFERRED], indirect=True)
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
    assert patient.result()["job_name"] == patient.jobs()[1]["name"]


@pytest.mark.parametrize("patient", [DEFERRED], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_triggerer_that_ends_leaves_the_job_alone(patient: Patient, number: signal.Signals) -> None:
    patient.begin()
    patient.wait_status(0, "Running")
    patient.wait_waiting()

    patient.airflow.kill("triggerer", number)
    patient.airflow.start("triggerer")
    patient.finish()

    assert patient.statuses() == ["Completed"]
    assert patient.puts() == [1]
    assert patient.tries() == 1


@pytest.mark.parametrize("patient", [DEFERRED], indirect=True)
def test_a_trigger_moved_to_another_triggerer_leaves_the_job_alone(patient: Patient) -> None:
    airflow = patient.airflow
    patient.begin()
    patient.wait_status(0, "Running")
    patient.wait_task("deferred")
    picked_up = "SELECT triggerer_id FROM trigger WHERE triggerer_id IS NOT NULL"
    first = airflow.until("trigger picked up", lambda: airflow.sql(picked_up))[0][0]

    def log(triggerer: int) -> str:
        return airflow.trigger_log(patient.dag, patient.run, TASK, triggerer)

    second = airflow.second_triggerer()
    try:
        assert airflow.move_triggers(first, second) == 1
        airflow.until("trigger at the second triggerer", lambda: log(second))
        # Airflow 3.3 calls on_kill here as if a user had ended the task; the job may end only when that is over.
        airflow.until("end of the trigger at the first", lambda: "trigger completed" in log(first))
        patient.finish()
    finally:
        airflow.kill(SECOND, signal.SIGTERM)

    assert patient.statuses() == ["Completed"]
    assert patient.puts() == [1]
    assert patient.tries() == 1


@pytest.mark.parametrize("patient", [ON_WORKER], indirect=True)
def test_a_worker_that_is_asked_to_end_leaves_the_job_alone(patient: Patient) -> None:
    patient.begin()
    patient.wait_status(0, "Running")

    patient.airflow.end_task(patient.dag, patient.run, TASK)
    patient.airflow.until("second try", lambda: patient.tries() == 2)
    patient.finish()

    assert patient.statuses() == ["Completed"]
    assert patient.puts() == [1]


@pytest.mark.parametrize("patient", [IN_A_HURRY], indirect=True)
def test_a_task_out_of_time_cancels_its_job(patient: Patient) -> None:
    patient.begin()
    patient.wait_status(0, "Running")

    patient.wait_status(0, "Canceled")
    assert patient.airflow.wait_run(patient.dag, patient.run) == "failed"

    assert patient.statuses() == ["Canceled"]
    assert "Timeout" in patient.airflow.log(patient.dag, patient.run, TASK)
