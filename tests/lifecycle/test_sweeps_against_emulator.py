"""A sweep from its YAML file to its result: the provider's request, the emulator's trials."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.client import MLClient
from airflow_azureml.lifecycle.naming import JobIdentity, TaskFacts, identify
from airflow_azureml.lifecycle.news import ChildChange, LogLines
from airflow_azureml.lifecycle.result import failure, result
from airflow_azureml.lifecycle.submission import Prepared
from tests.lifecycle.test_against_emulator import client, fetched, run_job

__all__ = ["client"]

LOGS_ITS_RATE = """
import json, os, ssl, sys, urllib.request
tracking = os.environ["MLFLOW_TRACKING_URI"].replace("azureml://", "https://")
body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "auc", "value": float(sys.argv[1]), "timestamp": 1}
head = {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"}
request = urllib.request.Request(f"{tracking}/api/2.0/mlflow/runs/log-metric", json.dumps(body).encode(), head)
urllib.request.urlopen(request, context=ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"]))
"""


@pytest.fixture
def identity(request: pytest.FixtureRequest) -> JobIdentity:
    """The identity of a task that nobody else has."""
    return identify(TaskFacts("dag", uuid.uuid4().hex, None, request.node.originalname))


def sweep(command: str, **properties: Any) -> Prepared:
    """A request for a sweep over three rates."""
    given = {
        "jobType": "Sweep",
        "experimentName": "flows",
        "trial": {"command": command, "environmentId": "azureml:AzureML-x:1"},
        "searchSpace": {"rate": ["choice", [[0.25, 0.75, 0.5]]]},
        "samplingAlgorithm": {"samplingAlgorithmType": "Grid"},
        "objective": {"goal": "maximize", "primaryMetric": "auc"},
    }
    return Prepared({"properties": {**given, **properties}})


def test_a_sweeps_result_is_that_of_its_best_trial(client: MLClient, identity: JobIdentity, tmp_path: Path) -> None:
    command = (
        f"python -c '{LOGS_ITS_RATE}' ${{{{search_space.rate}}}}; "
        "echo ${{search_space.rate}} > ${{outputs.model}}/rate.txt"
    )
    job, news = run_job(
        client, identity, sweep(command, outputs={"model": {"jobOutputType": "uri_folder"}}), stream_logs=True
    )
    assert job.status == "Completed"
    found = client.run(result(client.workspace, job))
    assert (found.best_job_name, found.metrics) == (f"{job.name}_1", {"auc": 0.75})
    assert found.outputs["model"].path.endswith(f"/paths/azureml/{job.name}_1/model/")
    assert fetched(client, found.outputs["model"], tmp_path) == {"rate.txt": "0.75\n"}
    lines = [line for record in news if isinstance(record, LogLines) for line in record.lines]
    assert any("Successfully scheduled a job." in line for line in lines)
    told = {(record.child, record.status) for record in news if isinstance(record, ChildChange)}
    assert {(f"{job.name}_{number}", "Completed") for number in range(3)} <= told


def test_a_sweep_that_fails_says_which_trial_and_why(client: MLClient, identity: JobIdentity) -> None:
    job, _ = run_job(client, identity, sweep("echo the reason >&2; exit 3"))
    assert job.status == "Failed"
    why = client.run(failure(client.workspace, job))
    assert why.reason.startswith(f"{job.name}_")
    assert "non-zero exit" in why.reason
    assert "the reason" in why.log_tail
