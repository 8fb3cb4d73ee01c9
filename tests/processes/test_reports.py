"""What scripts report, as the API server tells it: XComs, notes and asset events of tasks of a real Airflow."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from airflow_azureml.plugin.notes import LOOKS
from tests.real_airflow import RealAirflow

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

DAG = "reports_of_jobs"
BY_HAND = "I have looked at it"


class Instances:
    """The task instances of one run."""

    def __init__(self, airflow: RealAirflow, run: str) -> None:
        self.airflow = airflow
        self.run = run

    def place(self, task: str, index: int = -1) -> str:
        """The path of a task instance in the REST API."""
        return f"/dags/{DAG}/dagRuns/{self.run}/taskInstances/{task}" + (f"/{index}" if index >= 0 else "")

    def note(self, task: str, index: int = -1) -> str | None:
        """The note at a task instance."""
        found: str | None = self.airflow.api("GET", self.place(task, index))["note"]
        return found

    def xcom(self, task: str, key: str, index: int = -1) -> Any:
        """One of its XComs."""
        return self.airflow.xcom(DAG, self.run, task, key, index)

    def extras(self) -> dict[str, Any]:
        """What the run's asset events say of rows, by the job that they are of."""
        query = urlencode({"source_dag_id": DAG, "source_run_id": self.run})
        events = self.airflow.api("GET", f"/assets/events?{query}")["asset_events"]
        return {event["extra"]["job_name"]: event["extra"]["rows"] for event in events}


def test_scripts_report_to_tasks_of_all_kinds(airflow: RealAirflow, tmp_path: Path) -> None:
    run, gate = f"run-{uuid4().hex[:8]}", tmp_path / "gate"
    instances = Instances(airflow, run)
    airflow.trigger(DAG, run, conf={"gate": str(gate)})

    notes = {("mapped", 0): "1 rows", ("mapped", 1): "2 rows", ("on_worker", -1): "three rows"}
    for (task, index), note in notes.items():
        airflow.until(f"note of {task} {index}", partial(instances.note, task, index))
        assert instances.note(task, index) == instances.xcom(task, "azureml_note", index) == note
    airflow.wait_state(DAG, run, "by_hand", "deferred")
    airflow.api("PATCH", instances.place("by_hand"), {"note": BY_HAND})
    gate.touch()
    assert airflow.wait_run(DAG, run) == "success"

    rows = {("mapped", 0): 1, ("mapped", 1): 2, ("on_worker", -1): "three", ("by_hand", -1): 4}
    assert {at: instances.xcom(at[0], "rows", at[1]) for at in rows} == rows
    jobs = {at: instances.xcom(at[0], "azureml_job_name", at[1]) for at in rows}
    assert instances.extras() == {jobs[at]: count for at, count in rows.items()}
    assert instances.xcom("by_hand", "azureml_note") == "4 rows"
    time.sleep(sum(LOOKS))
    assert instances.note("by_hand") == BY_HAND
