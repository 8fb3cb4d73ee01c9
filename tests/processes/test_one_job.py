"""One task, one job, whatever dies: counted from the emulator's jobs, with the PUTs received beside them.

What hurts a task alone is tried on many tasks at once. What hurts a triggerer hurts all that wait in it, so it is tried
when those cases are over that others wait for.
"""

from __future__ import annotations

import signal

import pytest

from tests.airflow_harness import SECOND, RealAirflow
from tests.processes.patient import DEFERRED, IN_A_HURRY, ON_WORKER, TASK, Patient, Ward

pytestmark = pytest.mark.timeout(600)

WARD = Ward()


@pytest.fixture(scope="module")
def tested_airflow(airflow: RealAirflow) -> RealAirflow:
    """The session's Airflow 3.3."""
    return airflow


@WARD.case(DEFERRED)
def test_a_worker_killed_right_after_its_put_leaves_one_job(patient: Patient) -> None:
    # The service acts at once, its answer comes too late: the worker dies knowing nothing of its job.
    patient.service.fault(
        "delay", "--route", f"PUT .*/jobs/{patient.dag}-", "--when", "after", "--delay", "60", "--times", "1"
    )
    patient.begin()
    patient.airflow.until("job", lambda: patient.jobs())
    assert patient.airflow.column("state", patient.dag, patient.run, TASK) == "running"

    patient.airflow.kill_task(patient.dag, patient.run, TASK)
    patient.airflow.until("second try", lambda: patient.tries() == 2)
    patient.finish()

    assert patient.statuses() == ["Completed"]
    assert patient.puts() == [1]


@WARD.case(DEFERRED)
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


@WARD.case(DEFERRED)
def test_a_run_deleted_and_made_again_runs_a_new_job(patient: Patient) -> None:
    patient.begin()
    patient.finish()

    patient.airflow.delete_run(patient.dag, patient.run)
    patient.begin()
    patient.finish()

    assert patient.statuses() == ["Completed", "Completed"]
    assert patient.puts() == [1, 1]
    assert patient.result()["job_name"] == patient.jobs()[1]["name"]


@WARD.case(ON_WORKER, DEFERRED)
def test_marking_the_task_failed_cancels_its_job(patient: Patient) -> None:
    patient.begin()
    patient.wait_status(0, "Running")
    patient.wait_waiting()

    patient.airflow.mark(patient.dag, patient.run, TASK, "failed")
    patient.wait_status(0, "Canceled")

    assert patient.airflow.wait_run(patient.dag, patient.run) == "failed"
    assert patient.statuses() == ["Canceled"]


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
    assert patient.result()["job_name"] == patient.jobs()[1]["name"]


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
    patient.wait_task("running")
    patient.finish()

    assert patient.statuses() == ["Completed"]
    assert patient.puts() == [1]
    assert patient.tries() == 2
    assert patient.result()["job_name"] == patient.jobs()[0]["name"]


@WARD.case(ON_WORKER)
def test_a_worker_killed_with_its_supervisor_leaves_one_job(patient: Patient) -> None:
    patient.begin()
    patient.wait_status(0, "Running")

    patient.airflow.kill_task(patient.dag, patient.run, TASK, supervisor=True)
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
    assert patient.tries() == 1


def test_a_trigger_moved_to_another_triggerer_leaves_the_job_alone(patient: Patient) -> None:
    airflow = patient.airflow
    patient.wait_status(0, "Running")
    patient.wait_waiting()
    first = airflow.triggerers()[-1]

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
