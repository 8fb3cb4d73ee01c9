"""A real Airflow that keeps large XComs in a datastore: workers, the triggerer and the API server go on as before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from airflow_azureml.filesystems.file_system import AzureMLFileSystem
from tests.airflow_harness import real_airflow
from tests.real_airflow import BIN, RealAirflow, Service

pytestmark = [pytest.mark.timeout(900), pytest.mark.long]

PLACE = "datastores/workspaceblobstore/paths/airflow-xcoms"
SETTINGS = {
    "AIRFLOW__CORE__XCOM_BACKEND": "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend",
    "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH": f"azureml://azureml_default@{PLACE}",
    # Enough for what the API server reads, and not for the result of a job.
    "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_THRESHOLD": "600",
}
REPORTING, WITHOUT_WORKERS = "reporting_job", "without_workers"


@pytest.fixture(scope="module")
def apart(service: Service, databases: Path) -> Iterator[RealAirflow]:
    """An Airflow of its own."""
    with real_airflow(BIN, 3, service, databases / "3.db", more=SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def fs(apart: RealAirflow) -> Iterator[AzureMLFileSystem]:
    """The files of the datastore."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", apart.environment["AIRFLOW_CONN_AZUREML_DEFAULT"])
        yield AzureMLFileSystem(skip_instance_cache=True)


def files(fs: AzureMLFileSystem, dag: str, run: str, task: str) -> list[str]:
    """Where the XComs of a task lie."""
    return [str(path) for path in fs.find(f"{PLACE}/{dag}/{run}/{task}")]


def test_the_result_of_a_deferred_task_is_a_file_and_all_else_is_where_it_was(
    apart: RealAirflow, fs: AzureMLFileSystem
) -> None:
    run = f"run-{uuid4().hex[:8]}"
    apart.trigger(REPORTING, run)
    assert apart.wait_run(REPORTING, run) == "success"

    stored = [json.loads(fs.cat_file(path)) for path in files(fs, REPORTING, run, "clean")]
    name = apart.xcom(REPORTING, run, "clean", key="azureml_job_name")
    assert name in [value.get("job_name") for value in stored]
    assert str(apart.xcom(REPORTING, run, "clean")).startswith(f"azureml://azureml_default@{PLACE}/")
    place = f"/dags/{REPORTING}/dagRuns/{run}/taskInstances/clean"
    note = apart.until("note", lambda: apart.api("GET", place)["note"])
    assert note == apart.xcom(REPORTING, run, "clean", key="azureml_note")
    (link,) = apart.api("GET", f"{place}/links")["extra_links"].values()
    assert f"/runs/{name}?" in link
    page = apart.page("task", REPORTING, run, "clean")
    assert (page["job_name"], page["result"]) == (name, None)
    job = apart.page("job", REPORTING, run, "clean")["value"]
    assert job["status"] == "Completed"
    assert "cleaned" in job["outputs"]

    # The next try deletes what the one before has left.
    before = set(files(fs, REPORTING, run, "clean"))
    apart.clear(REPORTING, run, "clean", downstream=True)
    apart.until("next try", lambda: apart.column("try_number", REPORTING, run, "clean") == 2)
    assert apart.wait_run(REPORTING, run) == "success"
    assert not before & set(files(fs, REPORTING, run, "clean"))


def test_the_triggerer_hands_results_on_in_files(apart: RealAirflow, fs: AzureMLFileSystem) -> None:
    run = f"run-{uuid4().hex[:8]}"
    apart.trigger(WITHOUT_WORKERS, run)
    assert apart.wait_run(WITHOUT_WORKERS, run, timeout=300) == "success"

    assert apart.xcom(WITHOUT_WORKERS, run, "decide") == "promote"
    for task in ("data_prep", "train"):
        assert files(fs, WITHOUT_WORKERS, run, task)
        assert apart.column("pid", WITHOUT_WORKERS, run, task) is None
