"""One task, one job, whatever dies: counted from the emulator's jobs, with the PUTs received beside them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.airflow_harness import SECOND, RealAirflow, Service

pytestmark = pytest.mark.timeout(300)

DEFERRED, ON_WORKER = "patient_deferred", "patient_on_worker"
TASK = "work"


@dataclass
class Patient:
    """A run of a DAG whose only job ends when the test says so; knows which jobs it made."""

    airflow: RealAirflow
    dag: str
    gate: Path
    run: str = field(default_factory=lambda: f"run-{uuid4().hex[:8]}")
    before: set[str] = field(default_factory=set)

    @property
    def service(self) -> Service:
        """The emulator that the jobs run on."""
        return self.airflow.service

    def begin(self) -> None:
        """Start the DAG run."""
        self.airflow.trigger(self.dag, self.run, conf={"gate": str(self.gate)})

    def jobs(self) -> list[dict[str, Any]]:
        """The jobs made since the test began, the oldest first."""
        return self.service.made(self.dag, besides=self.before)

    def puts(self) -> list[int]:
        """How many PUTs of each of these jobs were received."""
        return [self.service.puts(job["name"]) for job in self.jobs()]

    def statuses(self) -> list[str]:
        """The statuses of these jobs."""
        return [job["status"] for job in self.jobs()]

    def wait_status(self, number: int, *statuses: str) -> None:
        """Wait until job ``number`` (from 0) has one of these statuses."""
        self.airflow.until(
            f"job {number} {statuses}", lambda: len(self.jobs()) > number and self.statuses()[number] in statuses
        )

    def wait_task(self, *states: str) -> None:
        """Wait until the task is in one of these states."""
        self.airflow.wait_state(self.dag, self.run, TASK, *states)

    def tries(self) -> int:
        """Which try the task is in."""
        return int(self.airflow.column("try_number", self.dag, self.run, TASK))

    def finish(self) -> None:
        """Let the job end, and expect the DAG run to succeed."""
        self.gate.touch()
        assert self.airflow.wait_run(self.dag, self.run) == "success", self.airflow.log(self.dag, self.run, TASK)

    def result(self) -> dict[str, Any]:
        """What the task returned."""
        value: dict[str, Any] = self.airflow.xcom(self.dag, self.run, TASK)
        return value


@pytest.fixture
def patient(airflow: RealAirflow, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Patient]:
    """A patient of the DAG named by the test's parameter; nothing of it is left running."""
    found = Patient(airflow, request.param, tmp_path / "gate")
    found.before = set(airflow.service.jobs())
    try:
        yield found
    finally:
        airflow.service.clear_faults()
        found.gate.touch()


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


@pytest.mark.parametrize("patient", [ON_WORKER, DEFERRED], indirect=True)
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


@pytest.mark.parametrize("patient", [ON_WORKER, DEFERRED], indirect=True)
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
    patient.wait_task("deferred" if patient.dag == DEFERRED else "running")

    patient.airflow.mark(patient.dag, patient.run, TASK, "failed")
    patient.wait_status(0, "Canceled")

    assert patient.airflow.wait_run(patient.dag, patient.run) == "failed"
    assert patient.statuses() == ["Canceled"]


@pytest.mark.parametrize("patient", [ON_WORKER, DEFERRED], indirect=True)
def test_clearing_the_waiting_task_replaces_its_job(patient: Patient) -> None:
    patient.begin()
    patient.wait_status(0, "Running")
    patient.wait_task("deferred" if patient.dag == DEFERRED else "running")

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
    patient.wait_task("deferred")
    patient.airflow.until("trigger picked up", lambda: patient.airflow.sql("SELECT 1 FROM trigger WHERE triggerer_id"))

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
    first = airflow.until(
        "trigger picked up", lambda: airflow.sql("SELECT triggerer_id FROM trigger WHERE triggerer_id")
    )

    second = airflow.second_triggerer()
    try:
        assert airflow.move_triggers(first[0][0], second) == 1
        airflow.until("move", lambda: second in airflow.trigger_logs(patient.dag, patient.run, TASK))
        patient.finish()
    finally:
        airflow.kill(SECOND, signal.SIGTERM)

    assert patient.statuses() == ["Completed"]
    assert patient.puts() == [1]
    assert patient.tries() == 1
