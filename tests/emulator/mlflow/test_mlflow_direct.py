"""An emulator that was told to answer plain MLflow: what a script logs arrives at its job and in the workspace."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.conftest import Call, wait_for_job
from tests.emulator_fixture import RunningEmulator

MLFLOW = "/mlflow/v2.0{ws}/api/2.0/mlflow"

OUTSIDE = """
import json, os, sys, mlflow
from mlflow import MlflowClient
mark = sys.argv[1]
client = MlflowClient()
experiment = mlflow.set_experiment(f"outside-{mark}")
with mlflow.start_run(run_name="first", tags={"kind": "outer"}) as run:
    for step, value in enumerate([3.0, 2.0, 1.0]):
        mlflow.log_metric("train/loss", value, step=step)
    mlflow.log_metrics({"auc": 0.75, "endless": float("inf"), "undefined": float("nan")})
    mlflow.log_params({"depth": 3, "text": "a=b 'c'"})
    mlflow.set_tag("gone", "1")
    client.delete_tag(run.info.run_id, "gone")
    mlflow.log_text("hello", "notes/a.txt")
    with mlflow.start_run(nested=True, run_name="second"):
        mlflow.log_metric("auc", 0.5)
outer = client.get_run(run.info.run_id)
try:
    client.log_param(run.info.run_id, "depth", 4)
    changed = "taken"
except mlflow.exceptions.MlflowException as error:
    changed = error.error_code
try:
    client.get_run("nobody")
    absent = "found"
except mlflow.exceptions.MlflowException as error:
    absent = error.error_code

def found(**options):
    return [each.info.run_name for each in client.search_runs([experiment.experiment_id], **options)]

print(json.dumps({
    "run": run.info.run_id,
    "status": outer.info.status,
    "metrics": {key: repr(value) for key, value in outer.data.metrics.items()},
    "params": outer.data.params,
    "tags": {key: outer.data.tags.get(key) for key in ("kind", "gone")},
    "history": [[each.step, each.value] for each in client.get_metric_history(run.info.run_id, "train/loss")],
    "artifacts": [each.path for each in client.list_artifacts(run.info.run_id, "notes")],
    "text": mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes/a.txt"),
    "changed": changed,
    "absent": absent,
    "all": found(),
    "above": found(filter_string="metrics.auc > 0.6"),
    "both": found(filter_string="metrics.auc <= 0.75 and params.depth = '3' and tags.kind LIKE 'out%'"),
    "nested": found(filter_string=f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"),
    "ordered": found(order_by=["metrics.auc ASC"]),
    "paged": len(client.search_runs([experiment.experiment_id], max_results=1)),
    "by_name": client.get_experiment_by_name(f"outside-{mark}").experiment_id == experiment.experiment_id,
    "experiments": [each.name for each in client.search_experiments() if mark in each.name],
}))
"""


@pytest.fixture(scope="module")
def emulator(forked_jobs_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """In place of the session's: one that answers plain MLflow, and whose jobs find it loaded."""
    state = tmp_path_factory.mktemp("direct") / "state"
    running = RunningEmulator(state, "--mlflow", "direct", "--environment", f"*={forked_jobs_python}")
    yield running
    running.stop()


def run_script(
    emulator: RunningEmulator, workspace: str, python: Path, script: str, token: str, *arguments: str
) -> Any:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "MLFLOW_TRACKING_URI": f"{emulator['endpoint']}/mlflow/v1.0{workspace}",
        "MLFLOW_TRACKING_TOKEN": token,
        "MLFLOW_TRACKING_SERVER_CERT_PATH": emulator["ca_bundle"],
        "MLFLOW_DISABLE_TELEMETRY": "true",  # its thread changes the environment, which requests read meanwhile
    }
    command = [str(python), "-c", script, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=540)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_runs_of_a_script_of_its_own(
    emulator: RunningEmulator, workspace: str, forked_jobs_python: Path, bearer: Callable[..., dict[str, str]]
) -> None:
    token, mark = bearer()["Authorization"].split()[1], uuid.uuid4().hex[:8]
    seen = run_script(emulator, workspace, forked_jobs_python, OUTSIDE, token, mark)
    assert seen["status"] == "FINISHED"
    assert seen["metrics"] == {"train/loss": "1.0", "auc": "0.75", "endless": "inf", "undefined": "nan"}
    assert seen["params"] == {"depth": "3", "text": "a=b 'c'"}
    assert seen["tags"] == {"kind": "outer", "gone": None}
    assert seen["history"] == [[0, 3.0], [1, 2.0], [2, 1.0]]
    assert (seen["artifacts"], seen["text"]) == (["notes/a.txt"], "hello")
    assert (seen["changed"], seen["absent"]) == ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST")
    assert sorted(seen["all"]) == ["first", "second"]
    assert (seen["above"], seen["both"], seen["nested"]) == (["first"], ["first"], ["second"])
    assert (seen["ordered"], seen["paged"], seen["by_name"]) == (["second", "first"], 1, True)
    assert seen["experiments"] == [f"outside-{mark}"]
    assert (emulator.state / f"storage/azureml/ExperimentRun/dcid.{seen['run']}/notes/a.txt").read_text() == "hello"


IN_A_JOB = """
import mlflow, os, sys
from pathlib import Path
folder = Path("model"); folder.mkdir(); (folder / "MLmodel").write_text("flavors:\\n  custom: {a: 1}\\n")
mlflow.log_metric("auc", 0.5)
mlflow.log_metric("auc", 0.9)
mlflow.log_param("depth", 3)
run = mlflow.active_run().info
mlflow.log_artifacts("model", "model")
print("registered", mlflow.register_model(f"runs:/{run.run_id}/model", sys.argv[1]).version)
print("registered", mlflow.register_model(f"{run.artifact_uri}/model", sys.argv[1]).version)
mlflow.end_run()
print("after the end of the run")
"""


def test_a_job_is_the_run_of_its_script(emulator: RunningEmulator, call: Call) -> None:
    job, model = f"job-{uuid.uuid4().hex[:12]}", f"model-{uuid.uuid4().hex[:8]}"
    body = {
        "properties": {
            "jobType": "Command",
            "experimentName": "tracking",
            "environmentId": "azureml:AzureML-sklearn-1.0:1",
            "environmentVariables": {"SCRIPT": IN_A_JOB},
            "command": f'python -c "$SCRIPT" {model}; exit 3',
        }
    }
    assert call("PUT", f"{{ws}}/jobs/{job}?api-version=2025-12-01", body)[0] == 201
    ended = wait_for_job(call, job)
    log = (emulator.state / f"storage/azureml/ExperimentRun/dcid.{job}/user_logs/std_log.txt").read_text()
    assert "after the end of the run" in log, log
    assert ended["properties"]["status"] == "Failed"
    run = call("GET", f"{MLFLOW}/runs/get?run_id={job}")[1]["run"]
    assert (run["info"]["status"], run["info"]["run_name"]) == ("FAILED", job)
    assert [(row["key"], row["value"]) for row in run["data"]["metrics"]] == [("auc", 0.9)]
    assert ended["properties"]["parameters"] == {"depth": "3"}
    for version in ("1", "2"):
        status, found = call("GET", f"{{ws}}/models/{model}/versions/{version}?api-version=2025-12-01")
        assert status == 200
        assert (found["properties"]["modelType"], found["properties"]["jobName"]) == ("mlflow_model", job)
        assert found["properties"]["modelUri"].rstrip("/").endswith(f"paths/ExperimentRun/dcid.{job}/model")
        assert "custom" in found["properties"]["flavors"]
    assert {row["job"] for row in emulator.journal() if "runs/log" in row["path"]} >= {job}


def test_logged_models_lie_where_older_versions_put_them(emulator: RunningEmulator, call: Call) -> None:
    run = call("POST", f"{MLFLOW}/runs/create", {"experiment_id": "0"})[1]["run"]["info"]["run_id"]
    made = call("POST", f"{MLFLOW}/logged-models", {"experiment_id": "0", "name": "my_model", "source_run_id": run})[1]
    info = made["model"]["info"]
    assert info["artifact_uri"].endswith(f"/storage/azureml/ExperimentRun/dcid.{run}/my_model")
    path = f"{MLFLOW}/logged-models/{info['model_id']}"
    ready = {"status": "LOGGED_MODEL_READY"}
    assert call("PATCH", path, ready)[1]["model"]["info"]["status"] == "LOGGED_MODEL_READY"
    assert call("PATCH", f"{path}/tags", {"tags": [{"key": "a", "value": "b"}]})[0] == 200
    assert call("GET", path)[1]["model"]["info"]["tags"] == [{"key": "a", "value": "b"}]
    name = f"model-{uuid.uuid4().hex[:8]}"
    assert call("POST", f"{MLFLOW}/registered-models/create", {"name": name})[0] == 200
    status, again = call("POST", f"{MLFLOW}/registered-models/create", {"name": name})
    assert (status, again["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    version = {"name": name, "source": f"models:/{info['model_id']}"}
    status, answer = call("POST", f"{MLFLOW}/model-versions/create", version)
    assert (status, answer["model_version"]["version"], answer["model_version"]["run_id"]) == (200, "1", run)
    uri = call("GET", f"{MLFLOW}/model-versions/get-download-uri?name={name}&version=1")[1]["artifact_uri"]
    assert uri == info["artifact_uri"]
