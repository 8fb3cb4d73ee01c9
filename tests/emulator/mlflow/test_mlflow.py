"""MLflow as Azure ML answers it: MLflow's own client with the plugin ``azureml-mlflow``, and the requests of both."""

from __future__ import annotations

import math
import os
import subprocess
import uuid
import venv
from pathlib import Path
from typing import Any

import pytest
import requests

from tests import REPOSITORY
from tests.emulator.conftest import Call
from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator, Start

MLFLOW = "/mlflow/v2.0{ws}/api/2.0/mlflow"

NO_PROMPT = "tag.%60mlflow.prompt.is_prompt%60%20!%3D%20'true'"
"""What MLflow 3 adds to searches."""

LOGGING = """
import mlflow, sys
from pathlib import Path
name = sys.argv[1]
with mlflow.start_run() as first:
    mlflow.log_metric("auc", 0.9)
    mlflow.log_param("depth", 3)
    mlflow.log_metric("late", 0.5, synchronous=False).wait()
    mlflow.log_text("hello", "notes/a.txt")
    uri = first.info.artifact_uri
    print("artifacts", uri)
    print("read", mlflow.artifacts.load_text(f"{uri}/notes/a.txt"))
    try:
        mlflow.log_text("again", "notes/a.txt")
    except Exception as error:
        print("twice", error)
    folder = Path("model"); folder.mkdir()
    (folder / "MLmodel").write_text("flavors:\\n  custom: {a: 1}\\n")
    print("version", mlflow.register_model(folder.resolve().as_uri(), name).version)
    print("model", Path(mlflow.artifacts.download_artifacts(f"models:/{name}/1"), "MLmodel").read_text().split()[0])
with mlflow.start_run() as second:
    mlflow.log_metric("auc", 0.1)
    mlflow.log_text("other", "notes/a.txt")
    print("second", second.info.run_id)
try:
    mlflow.MlflowClient().create_logged_model(second.info.experiment_id)
except mlflow.exceptions.MlflowException as error:
    print("logged", error)
"""


@pytest.fixture(scope="module")
def emulator(preloaded: RunningEmulator) -> RunningEmulator:
    """In place of the session's: one whose jobs find MLflow loaded."""
    return preloaded


@pytest.fixture(scope="module")
def logging(emulator: RunningEmulator) -> tuple[str, str, dict[str, str]]:
    """A job whose script logs with the plugin, and the model it registered; what the script printed, by first words."""
    service, job, model = Service(emulator), f"job-{uuid.uuid4().hex[:12]}", f"model-{uuid.uuid4().hex[:8]}"
    code = service.code({"log.py": LOGGING.encode()})
    ended = service.run(job, f"python log.py {model}; exit 3", codeId=code, experimentName="plugged")
    assert ended["status"] == "Failed"
    printed = dict(line.split(" ", 1) for line in service.log(job).splitlines() if " " in line)
    return job, model, printed


def test_the_plugin_logs_to_the_job_of_its_script(call: Call, logging: tuple[str, str, dict[str, str]]) -> None:
    job, _, printed = logging
    assert printed["artifacts"].startswith("azureml://")
    assert printed["artifacts"].endswith(f"/runs/{job}/artifacts")
    run = call("GET", f"{MLFLOW}/runs/get?run_id={job}")[1]["run"]
    assert {row["key"]: row["value"] for row in run["data"]["metrics"]} == {"auc": 0.9, "late": 0.5}
    assert (run["data"]["params"], run["info"]["status"]) == ([{"key": "depth", "value": "3"}], "FAILED")
    assert printed["read"] == "hello"
    assert printed["twice"] == (
        f"UserError: Resource Conflict: ArtifactId ExperimentRun/dcid.{job}/notes/a.txt already exists."
    )


def test_a_second_run_of_a_script_is_a_run_of_its_own(call: Call, logging: tuple[str, str, dict[str, str]]) -> None:
    job, _, printed = logging
    run = call("GET", f"{MLFLOW}/runs/get?run_id={printed['second']}")[1]["run"]
    assert printed["second"] != job
    assert ([row["value"] for row in run["data"]["metrics"]], run["info"]["status"]) == ([0.1], "FINISHED")


def test_a_saved_model_is_registered_by_its_folder(call: Call, logging: tuple[str, str, dict[str, str]]) -> None:
    _, model, printed = logging
    assert (printed["version"], printed["model"]) == ("1", "flavors:")
    found = call("GET", f"{{ws}}/models/{model}/versions/1?api-version=2025-12-01")[1]["properties"]
    assert "/datastores/workspaceartifactstore/paths/LocalUpload/" in found["modelUri"]
    assert "custom" in found["flavors"]


def test_logged_models_are_not_there_and_the_answer_says_what_is(
    emulator: RunningEmulator, workspace: str, logging: tuple[str, str, dict[str, str]]
) -> None:
    assert "/mlflow/logged-models failed with error code 404" in logging[2]["logged"]
    assert "save_model" in logging[2]["logged"]
    assert "mlflow-skinny<3" in logging[2]["logged"]
    service = Service(emulator)
    for method, path in (("POST", "logged-models"), ("GET", "logged-models/m-1"), ("POST", "logged-models/search")):
        body: Any = {} if method == "POST" else None
        assert service.request(method, f"{MLFLOW.replace('{ws}', workspace)}/{path}", body).status == 404


def test_a_script_beside_jobs_signs_in_as_the_page_says(
    emulator: RunningEmulator, call: Call, jobs_python: Path
) -> None:
    page = (REPOSITORY / "docs" / "mlflow.md").read_text()
    lines = page.partition('eval "$(azureml-emulator env)"')[2].partition("```")[0]
    path = f"{jobs_python.parent}:{os.defpath}"
    # Where MLflow 3.13 cannot report how it is used, a thread of its own takes a variable out of the environment, and a
    # request that reads the environment meanwhile fails with KeyError.
    environment = {"PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true", **emulator.env}
    done = subprocess.run(["/bin/bash", "-ec", lines], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = call("GET", f"{MLFLOW}/experiments/get-by-name?experiment_name=by-hand")[1]["experiment"]
    runs = call("POST", f"{MLFLOW}/runs/search", {"experiment_ids": [found["experiment_id"]]})[1]["runs"]
    assert [(row["key"], row["value"]) for row in runs[0]["data"]["metrics"]] == [("auc", 0.9)]


def test_experiments_are_found_in_an_order_page_by_page(call: Call) -> None:
    mark = f"exp-{uuid.uuid4().hex[:8]}"
    made = [f"{mark}-{end}" for end in "bac"]
    for name in made:
        assert call("POST", f"{MLFLOW}/experiments/create", {"name": name})[0] == 200

    def page(**more: Any) -> tuple[list[str], str | None]:
        body = {"filter": f"name LIKE '{mark}%'", "max_results": 2, "order_by": ["name DESC"], **more}
        status, found = call("POST", f"{MLFLOW}/experiments/search", body)
        assert status == 200, found
        return [row["name"].removeprefix(f"{mark}-") for row in found["experiments"]], found.get("next_page_token")

    first, token = page()
    assert (first, page(page_token=token)) == (["c", "b"], (["a"], None))
    assert page(order_by=["attribute.name ASC"], max_results=None) == (["a", "b", "c"], None)
    assert page(view_type="DELETED_ONLY") == ([], None)
    asked = f"{MLFLOW}/experiments/search?filter=name%20LIKE%20'{mark}%25'&max_results=1&order_by=name%20ASC"
    assert [row["name"] for row in call("GET", asked)[1]["experiments"]] == [f"{mark}-a"]
    for order, status in (("creation_time DESC", 501), ("colour~", 400)):
        assert call("POST", f"{MLFLOW}/experiments/search", {"order_by": [order]})[0] == status


def test_points_of_a_metric_come_page_by_page_where_asked(call: Call) -> None:
    run = call("POST", f"{MLFLOW}/runs/create", {})[1]["run"]["info"]["run_id"]
    points = [{"key": "m", "value": number, "timestamp": 1, "step": number} for number in range(3)]
    call("POST", f"{MLFLOW}/runs/log-batch", {"run_id": run, "metrics": points})
    path = f"{MLFLOW}/metrics/get-history?run_id={run}&metric_key=m"
    assert [row["value"] for row in call("GET", path)[1]["metrics"]] == [0, 1, 2]
    page = call("GET", f"{path}&max_results=2")[1]
    assert [row["value"] for row in page["metrics"]] == [0, 1]
    rest = call("GET", f"{path}&max_results=2&page_token={page['next_page_token']}")[1]
    assert ([row["value"] for row in rest["metrics"]], "next_page_token" in rest) == ([2], False)


@pytest.fixture(scope="module")
def without_the_plugin(jobs_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with all packages of the jobs' environment but the plugin."""
    place = tmp_path_factory.mktemp("bare")
    packages = place / "packages"
    packages.mkdir()
    (site,) = (jobs_python.parent.parent / "lib").glob("python3*/site-packages")
    for found in site.iterdir():
        if not found.name.startswith("azureml"):
            (packages / found.name).symlink_to(found)
    venv.create(place / "venv", symlinks=True)
    (own,) = (place / "venv" / "lib").glob("python3*/site-packages")
    (own / "packages.pth").write_text(str(packages))
    return place / "venv" / "bin" / "python"


def test_without_the_plugin_a_script_fails_as_in_the_service(start_emulator: Start, without_the_plugin: Path) -> None:
    service, name = Service(start_emulator("--environment", f"*={without_the_plugin}")), "bare"
    assert service.run(name, "python -c 'import mlflow; mlflow.log_metric(\"a\", 1)'")["status"] == "Failed"
    log = service.log(name)
    assert "UnsupportedModelRegistryStoreURIException" in log
    assert "azureml-mlflow" in log.splitlines()[1]


def test_places_for_artifacts(emulator: RunningEmulator) -> None:
    service = Service(emulator)
    base = f"/artifact/v2.0{service.ws}/artifacts/LocalUpload/{uuid.uuid4().hex}"
    made = service.post(f"{base}/batch/metadata", {"paths": [{"path": "m/a.txt"}, {"path": "../b"}]}).body
    assert list(made["artifactContentInformation"]) == ["m/a.txt"]
    assert "cannot be stored" in made["errors"]["../b"]["error"]["message"]
    place = made["artifactContentInformation"]["m/a.txt"]["contentUri"]
    assert service.signed(place, "PUT", b"hello", x_ms_blob_type="BlockBlob").status == 201
    again = service.post(f"{base}/batch/metadata", {"paths": [{"path": "m/a.txt"}]}).body
    assert again["artifactContentInformation"] == {}
    assert again["errors"]["m/a.txt"]["error"]["message"].endswith("m/a.txt already exists.")
    assert [row["path"] for row in service.get(base).body["value"]] == ["m/a.txt"]
    found = service.get(f"{base}/contentinfo", path="m/a.txt").body["contentUri"]
    assert service.signed(found).content == b"hello"
    assert service.signed(found, "PUT", b"other", x_ms_blob_type="BlockBlob").status == 403
    assert service.get(f"{base}/contentinfo", path="m/b.txt").status == 404
    assert service.post(f"{base}/batch/metadata", {"paths": []}).status == 400
    run = f"/history/v1.0{service.ws}/experiments/Default/runs/nobody/artifacts/batch/metadata"
    assert service.post(run, {"paths": [{"path": "a"}]}).status == 404


def test_a_jobs_own_token_is_for_azure_ml_and_can_be_renewed(emulator: RunningEmulator, call: Call) -> None:
    service, job = Service(emulator), f"job-{uuid.uuid4().hex[:12]}"
    service.run(job, "echo token=$AZUREML_RUN_TOKEN")
    own = service.log(job).partition("token=")[2].split()[0]
    answer = service.history("GET", f"experiments/Default/runs/{job}/token").body
    assert answer["expiryTimeUtc"].endswith("Z") or "+00:00" in answer["expiryTimeUtc"]
    for token in (own, answer["token"]):
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{MLFLOW.replace('{ws}', service.ws)}/runs/get?run_id={job}"
        assert service.request("GET", url, headers=headers).status == 200
        assert service.request("GET", f"jobs/{job}", headers=headers).status == 401


REFUSED: list[tuple[str, str, Any, int, str]] = [
    ("GET", "runs/get?run_id=nobody", None, 404, "RESOURCE_DOES_NOT_EXIST"),
    ("GET", "runs/get", None, 400, "INVALID_PARAMETER_VALUE"),
    ("POST", "runs/log-metric", {"run_id": "nobody", "key": "a", "value": 1}, 404, "RESOURCE_DOES_NOT_EXIST"),
    ("GET", "experiments/get-by-name?experiment_name=none", None, 404, "RESOURCE_DOES_NOT_EXIST"),
    ("POST", "runs/search", {"experiment_ids": ["0"], "filter": "metrics.a ~ 1"}, 400, "INVALID_PARAMETER_VALUE"),
    ("POST", "runs/search", {"experiment_ids": ["0"], "order_by": ["metrics."]}, 400, "INVALID_PARAMETER_VALUE"),
    ("POST", "model-versions/create", {"name": "none", "source": "runs:/a/b"}, 404, "RESOURCE_DOES_NOT_EXIST"),
    ("POST", "runs/create", [], 400, "BAD_REQUEST"),
    ("POST", "registered-models/alias", {"name": "a", "alias": "b", "version": "1"}, 501, "NOT_IMPLEMENTED"),
    ("DELETE", "registered-models/delete", {"name": "a"}, 501, "NOT_IMPLEMENTED"),
    ("GET", "model-versions/search?order_by=colour.x", None, 400, "INVALID_PARAMETER_VALUE"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), REFUSED)
def test_refusals_are_in_mlflows_words(call: Call, method: str, path: str, body: Any, status: int, code: str) -> None:
    seen, answer = call(method, f"{MLFLOW}/{path}", body)
    assert (seen, answer["error_code"]) == (status, code)
    assert answer["Error"]["Message"]


def test_values_that_cannot_be_read_are_refused_and_nothing_is_logged(call: Call) -> None:
    run = call("POST", f"{MLFLOW}/runs/create", {"experiment_id": "0"})[1]["run"]["info"]["run_id"]
    good = {"key": "good", "value": 1, "timestamp": "1700000000000", "step": "2"}
    for metrics, params in (
        ([good, {"key": "bad", "value": "many"}], []),
        ([good, {"value": 1}], []),
        ("text", []),
        ([good], [{"key": "p", "value": "1"}, {"key": "p", "value": "2"}]),
    ):
        body = {"run_id": run, "metrics": metrics, "params": params}
        assert call("POST", f"{MLFLOW}/runs/log-batch", body)[0] == 400
    assert call("GET", f"{MLFLOW}/runs/get?run_id={run}")[1]["run"]["data"]["metrics"] == []
    assert call("POST", f"{MLFLOW}/runs/log-batch", {"run_id": run, "metrics": [good]})[0] == 200
    (row,) = call("GET", f"{MLFLOW}/metrics/get-history?run_id={run}&metric_key=good")[1]["metrics"]
    assert row == {"key": "good", "value": 1.0, "timestamp": 1700000000000, "step": 2}
    assert math.isclose(row["value"], 1.0)


def test_a_file_outside_the_storage_is_no_model(call: Call) -> None:
    name = f"model-{uuid.uuid4().hex[:8]}"
    call("POST", f"{MLFLOW}/registered-models/create", {"name": name})
    for source in ("file:///etc", "file:///etc/../etc/passwd"):
        status, answer = call("POST", f"{MLFLOW}/model-versions/create", {"name": name, "source": source})
        assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_versions_move_through_stages_are_found_by_name_and_removed(call: Call) -> None:
    name = f"model-{uuid.uuid4().hex[:8]}"
    call("POST", f"{MLFLOW}/registered-models/create", {"name": name})
    source = "azureml://datastores/workspaceblobstore/paths/models/a"
    for number in ("1", "2"):
        made = call("POST", f"{MLFLOW}/model-versions/create", {"name": name, "source": source})[1]["model_version"]
        assert (made["version"], made["current_stage"]) == (number, "None")

    def move(version: str, stage: str, **more: bool) -> Any:
        body = {"name": name, "version": version, "stage": stage, **more}
        return call("POST", f"{MLFLOW}/model-versions/transition-stage", body)

    def staged(**more: list[str]) -> dict[str, str]:
        answer = call("POST", f"{MLFLOW}/registered-models/get-latest-versions", {"name": name, **more})[1]
        return {row["version"]: row["current_stage"] for row in answer["model_versions"]}

    assert move("1", "Production")[1]["model_version"]["current_stage"] == "Production"
    assert staged() == {"1": "Production", "2": "None"}
    assert move("2", "Production", archive_existing_versions=True)[0] == 200
    assert staged() == {"1": "Archived", "2": "Production"}
    assert staged(stages=["Production"]) == {"2": "Production"}
    assert move("2", "production")[1]["error_code"] == "INVALID_PARAMETER_VALUE"
    assert move("3", "Staging")[0] == 404
    tag = {"name": name, "version": "2", "key": "a"}
    assert call("POST", f"{MLFLOW}/model-versions/set-tag", {**tag, "value": "b"})[0] == 200
    assert call("DELETE", f"{MLFLOW}/model-versions/delete-tag", tag)[0] == 200
    of_name = f"{MLFLOW}/registered-models/search?filter=name%20%3D%20'{name}'%20AND%20{NO_PROMPT}"
    ((found,), latest) = (call("GET", of_name)[1]["registered_models"], {"name": name, "version": "2"})
    assert (found["name"], found["latest_versions"][0]["tags"]) == (name, [])
    everyone = call("GET", f"{MLFLOW}/registered-models/search?filter={NO_PROMPT}")[1]["registered_models"]
    assert name in [row["name"] for row in everyone]
    assert call("GET", f"{MLFLOW}/registered-models/search?filter=name%20LIKE%20'm%25'")[0] == 501
    assert call("DELETE", f"{MLFLOW}/model-versions/delete", latest)[0] == 200
    assert call("GET", f"{MLFLOW}/model-versions/get?name={name}&version=2")[0] == 404
    again = call("POST", f"{MLFLOW}/model-versions/create", {"name": name, "source": source})[1]["model_version"]
    assert (again["version"], again["current_stage"]) == ("2", "None")


def test_tracking_needs_a_token(emulator: RunningEmulator, workspace: str) -> None:
    url = f"{emulator['endpoint']}{MLFLOW.replace('{ws}', workspace)}/runs/get?run_id=x"
    assert requests.get(url, verify=emulator["ca_bundle"]).status_code == 401
