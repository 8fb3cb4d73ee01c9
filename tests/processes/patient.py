"""A run of a DAG whose only job ends when the test says so."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.airflow_harness import RealAirflow, Service

DEFERRED, ON_WORKER, IN_A_HURRY = "patient_deferred", "patient_on_worker", "patient_in_a_hurry"
TASK = "work"


@dataclass
class Patient:
    """One run: what becomes of its task, and which jobs it made."""

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

    def wait_waiting(self) -> None:
        """Wait until the task waits for its job: on its worker, or in a triggerer that has begun with it.

        A task that is ended between its deferral and that moment has nothing running that Airflow could tell.
        """
        if self.dag != DEFERRED:
            self.wait_task("running")
            return
        self.wait_task("deferred")
        place = f"logs/dag_id={self.dag}/run_id={self.run}/task_id={TASK}"
        self.airflow.until("trigger begun", lambda: list(self.airflow.home.glob(f"{place}/*.trigger.*")))

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


@contextlib.contextmanager
def admitted(airflow: RealAirflow, dag: str, gate: Path) -> Iterator[Patient]:
    """A patient of this DAG; nothing of it is left running."""
    patient = Patient(airflow, dag, gate, before=set(airflow.service.jobs()))
    try:
        yield patient
    finally:
        airflow.service.clear_faults()
        gate.touch()
