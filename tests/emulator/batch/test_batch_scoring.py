"""Model deployments that really score: scripts, mini-batches, failures, retries, results."""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.batch.service import BatchService
from tests.emulator_fixture import RunningEmulator

NUMBERS = {f"f{index}.txt": f"{index}\n{index + 1}\n".encode() for index in range(5)}


@pytest.fixture(scope="module")
def service(emulator: RunningEmulator) -> BatchService:
    """The session's emulator."""
    return BatchService(emulator)


def deployed(service: BatchService, script: str | None = None, **properties: Any) -> str:
    """A new endpoint whose default deployment runs a script."""
    endpoint = service.endpoint()
    service.deployment(endpoint, "main", **({"script": script} if script else {}), **properties)
    service.set_default(endpoint, "main")
    return endpoint


def test_a_script_scores_every_file_once(service: BatchService) -> None:
    endpoint = deployed(service, miniBatchSize=2)
    job = service.started(endpoint, service.folder(NUMBERS))
    assert service.await_batch(endpoint, job) == "Completed"
    expected = [f"f{index}.txt {10 * value}" for index in range(5) for value in (index, index + 1)]
    assert service.scores(job) == expected
    assert "5 files in 3 mini-batches" in service.log(service.child(job))


def test_looks_at_the_job_count_for_its_child_too(service: BatchService) -> None:
    endpoint = deployed(service)
    service.emulator.command("clock", "set", "jobs", "looks", "--looks", "2")
    try:
        job = service.started(endpoint, service.folder(NUMBERS))
        time.sleep(0.5)
        assert [row["status"] for row in service.emulator.jobs(endpoint) if row["name"] == job] == ["Starting"]
        assert service.await_batch(endpoint, job, patience=30) == "Completed"
    finally:
        service.emulator.command("clock", "reset")


def test_the_job_is_a_pipeline_with_one_child(service: BatchService) -> None:
    endpoint = deployed(service)
    mark = {"airflow_invocation": "dag-task-1", "team": "alpha"}
    job = service.started(endpoint, service.folder(NUMBERS), properties=mark, tags={"k": "v"}, name="nightly")
    assert service.await_batch(endpoint, job) == "Completed"
    arm = service.job(job)
    assert (arm["jobType"], arm["status"], arm["displayName"]) == ("Pipeline", "Completed", "nightly")
    assert arm["experimentName"] == endpoint
    own = {"azureml.batchrun": "true", "azureml.jobtype": "azureml.batchjob", "azureml.deploymentname": "main"}
    assert arm["tags"] == {"k": "v", **own, "inputType": "uri_folder", "outputType": "uri_folder"}
    assert mark.items() <= arm["properties"].items()
    run = service.history("GET", f"runs/{job}").body
    assert mark.items() <= run["properties"].items()
    assert run["runType"] == "azureml.PipelineRun"
    child = service.child(job)
    assert child != job
    assert service.outputs(child)["score"]["uri"].endswith(f"/paths/azureml/{child}/score/")


def test_the_service_s_words_are_taken_in_any_case(service: BatchService) -> None:
    endpoint = deployed(service)
    place = f"azureml://datastores/workspaceblobstore/paths/out/{uuid.uuid4().hex}/mine.csv"
    given = {
        "InputData": {"heart_data": {"JobInputType": "UriFolder", "Uri": service.folder(NUMBERS)}},
        "OutputData": {"score": {"JobOutputType": "UriFile", "Uri": place}},
        "MiniBatchSize": 5,
        "RetrySettings": {"MaxRetries": 0, "Timeout": "PT20S"},
    }
    answer = service.scoring("POST", service.uri(endpoint), {"Properties": given})
    assert answer.status == 201, answer.content
    assert answer.headers["azureml-model-deployment"] == "main"
    assert answer.headers["location"].partition("?")[0].endswith(f"/batchEndpoints/{endpoint}/deployments/main")
    body = answer.body
    assert body["id"].endswith(f"/batchEndpoints/{endpoint}/deployments/main/jobs/{body['name']}")
    assert (body["properties"]["status"], body["properties"]["miniBatchSize"]) == ("Preparing", 5)
    assert body["properties"]["inputData"]["heart_data"]["jobInputType"] == "UriFolder"
    assert service.await_batch(endpoint, body["name"]) == "Completed"
    assert len(service.read(place).decode().splitlines()) == 10
    assert "in 1 mini-batches" in service.log(service.child(body["name"]))


def test_an_existing_result_is_kept_and_the_job_succeeds(service: BatchService) -> None:
    endpoint = deployed(service)
    place = service.folder({"predictions.csv": b"older"})
    outputs = {"score": {"jobOutputType": "UriFolder", "uri": place}}
    job = service.started(endpoint, service.folder(NUMBERS), outputData=outputs)
    assert service.await_batch(endpoint, job) == "Completed"
    assert service.read(f"{place}predictions.csv") == b"older"


INPUTS = [
    "file",
    "asset file",
    "asset",
    "asset label",
    "located asset",
    "datastore id",
    "long",
    "https",
    "wasbs",
    "abfss",
]


@pytest.mark.parametrize("kind", INPUTS)
def test_data_is_found_by_every_form_of_address(service: BatchService, kind: str, default_endpoint: str) -> None:
    path = f"data/{uuid.uuid4().hex}"
    for name, content in (("a.txt", b"1\n"), ("b.txt", b"2\n")):
        service.upload(f"{path}/{name}", content)
    short = f"azureml://datastores/workspaceblobstore/paths/{path}"
    own = service.emulator
    coordinates = f"subscriptions/{own['subscription_id']}/resourcegroups/{own['resource_group']}/workspaces"
    name = f"data-{uuid.uuid4().hex[:8]}"
    for tail, data_type, version in (("/", "uri_folder", "1"), ("/b.txt", "uri_file", "2")):
        properties = {"dataType": data_type, "dataUri": short + tail}
        assert service.put(f"data/{name}/versions/{version}", {"properties": properties}).status == 201
    container = service.get("datastores/workspaceblobstore").body["properties"]["containerName"]
    region, account = service.get("").body["location"], own["storage_url"].removeprefix("https://")
    located = f"azureml://locations/{region}/workspaces/{own['workspace_name']}/data/{name}/versions"
    addresses = {
        "file": ("UriFile", f"{short}/b.txt"),
        "asset file": ("UriFile", f"{service.ws}/data/{name}/versions/2"),
        "asset": ("UriFolder", f"{service.ws}/data/{name}/versions/1"),
        "asset label": ("UriFile", f"{located}/labels/latest"),
        "located asset": ("UriFolder", f"{located}/1"),
        "datastore id": ("UriFolder", f"{service.ws}/datastores/workspaceblobstore/paths/{path}"),
        "long": (
            "UriFolder",
            f"azureml://{coordinates}/{own['workspace_name']}/datastores/workspaceblobstore/paths/{path}/",
        ),
        "https": ("UriFile", f"{own['storage_url']}/{container}/{path}/b.txt"),
        "wasbs": ("UriFolder", f"wasbs://{container}@{account}/{path}/"),
        "abfss": ("UriFile", f"abfss://{container}@{account.replace('.blob.', '.dfs.')}/{path}/b.txt"),
    }
    given, uri = addresses[kind]
    job = service.started(default_endpoint, uri, given)
    assert service.await_batch(default_endpoint, job) == "Completed"
    assert service.scores(job) == (["b.txt 20"] if given == "UriFile" else ["a.txt 10", "b.txt 20"])


@pytest.fixture(scope="module")
def default_endpoint(service: BatchService) -> str:
    """An endpoint whose default deployment multiplies by ten."""
    return deployed(service)


FAILING = "def init(): pass\ndef run(batch): raise ValueError('bad data')\n"


def test_a_failed_child_fails_the_batch_job(service: BatchService) -> None:
    endpoint = deployed(service, FAILING, retrySettings={"maxRetries": 0})
    job = service.started(endpoint, service.folder(NUMBERS))
    assert service.await_batch(endpoint, job) == "Failed"
    child = service.child(job)
    assert child in service.details(job)["error"]["error"]["message"]
    log = service.log(child)
    assert "ValueError: bad data" in log
    assert "No succeeded mini batch item returned from run()" in log


def test_a_cancel_reaches_the_child(service: BatchService) -> None:
    endpoint = deployed(service, "import time\ndef init(): time.sleep(300)\ndef run(batch): return batch\n")
    job = service.started(endpoint, service.folder(NUMBERS))
    service.wait(job, "Running")
    child = service.child(job)
    deadline = time.monotonic() + 30
    while service.history("GET", f"runs/{child}").body["status"] != "Running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert service.post(f"jobs/{job}/cancel").status == 202
    assert service.wait(job)["status"] == "Canceled"
    assert service.history("GET", f"runs/{child}").body["status"] == "Canceled"


def test_jobs_are_listed_by_endpoint_and_by_deployment(service: BatchService) -> None:
    endpoint = deployed(service)
    service.deployment(endpoint, "second")
    data = {"inputData": {"d": {"jobInputType": "UriFolder", "uri": service.folder({"a": b"1\n"})}}}
    first = service.invoke(endpoint, data).body["name"]
    second = service.invoke(endpoint, data, azureml_model_deployment="second").body["name"]
    plane = f"{service.base}/mferp/managementfrontend{service.ws}/batchEndpoints/{endpoint}"
    query = "?api-version=2020-09-01-dataplanepreview"
    listed = service.scoring("GET", f"{plane}/jobs{query}")
    assert [row["name"] for row in listed.body["value"]] == [second, first]
    one = service.scoring("GET", f"{plane}/deployments/second/jobs{query}")
    assert [row["name"] for row in one.body["value"]] == [second]
    assert service.scoring("GET", f"{plane}/jobs{query}", audience=service.base).status == 401
    for job in (first, second):
        service.await_batch(endpoint, job)


class TestFaults:
    """What an ambiguous invocation looks like."""

    @pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
    def test_an_error_before_or_after_the_job_was_made(
        self, service: BatchService, emulator: RunningEmulator, default_endpoint: str, when: str, made: int
    ) -> None:
        given = {"inputData": {"d": {"jobInputType": "UriFolder", "uri": service.folder({"a": b"1\n"})}}}
        before = len([row for row in emulator.jobs() if row["name"].startswith("batchjob-")])
        emulator.fault("status", route="POST /scoring/", times=1, status=500, when=when)
        assert service.invoke(default_endpoint, given).status == 500
        found = [row for row in emulator.jobs() if row["name"].startswith("batchjob-")]
        assert len(found) - before == made
        posts = [row for row in emulator.journal() if row["method"] == "POST" and row["path"].startswith("/scoring/")]
        assert posts[-1]["status"] == 500
        if made:
            assert posts[-1]["job"] in [row["name"] for row in found]

    def test_the_mark_can_be_forgotten(
        self, service: BatchService, emulator: RunningEmulator, default_endpoint: str
    ) -> None:
        emulator.fault("drop_mark", times=1)
        folder, mark = service.folder({"a": b"1\n"}), {"airflow_invocation": "x"}
        jobs = [service.started(default_endpoint, folder, properties=mark) for _ in range(2)]
        marks = [service.job(job)["properties"].get("airflow_invocation") for job in jobs]
        assert marks == [None, "x"]
        runs = [service.history("GET", f"runs/{job}").body["properties"] for job in jobs]
        assert ["airflow_invocation" in run for run in runs] == [False, True]

    def test_a_batch_job_whose_node_is_taken_away_is_canceled(
        self, service: BatchService, emulator: RunningEmulator, default_endpoint: str
    ) -> None:
        emulator.fault("preempt", scope="preempted")
        job = service.started(default_endpoint, service.folder({"a": b"1\n"}), tags={"test": "preempted"})
        assert service.await_batch(default_endpoint, job) == "Canceled"
        run = service.history("GET", f"runs/{job}").body
        (child,) = service.history("GET", f"runs/{job}/children").body["value"]
        assert (run["status"], child["status"]) == ("Canceled", "Canceled")
        assert "got pre-empted" in run["cancelationReason"]

    def test_lists_can_lag(self, service: BatchService, emulator: RunningEmulator, default_endpoint: str) -> None:
        emulator.fault("list_lag", delay=600)
        job = service.started(default_endpoint, service.folder({"a": b"1\n"}))
        # Its step names the job, too: it lags as well.
        assert service.await_batch(default_endpoint, job) == "Completed"

        def listed() -> list[bool]:
            plane = f"{service.base}/mferp/managementfrontend{service.ws}/batchEndpoints/{default_endpoint}/jobs"
            answers = [
                service.scoring("GET", f"{plane}?api-version=2020-09-01-dataplanepreview").body["value"],
                service.get("jobs", **{"listViewType": "All"}).body["value"],
                service.history("POST", f"experiments/{default_endpoint}/runs:query", {}).body["value"],
            ]
            return [job in json.dumps(rows) for rows in answers]

        assert listed() == [False, False, False]
        emulator.clear_faults()
        assert listed() == [True, True, True]


MLFLOW_MODEL = """
import sys, mlflow.pyfunc, pandas
from mlflow.models import infer_signature

class Twice(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input["a"].to_numpy() * 2

example = pandas.DataFrame({"a": [1.5], "name": ["x"]})
signature = infer_signature(example, [3.0])
mlflow.pyfunc.save_model(sys.argv[1], python_model=Twice(), signature=signature, pip_requirements=["mlflow-skinny"])
"""


@pytest.fixture(scope="module")
def preloaded_service(preloaded: RunningEmulator) -> BatchService:
    """An emulator whose jobs find MLflow loaded."""
    return BatchService(preloaded)


@pytest.fixture(scope="module")
def mlflow_endpoint(
    preloaded_service: BatchService, forked_jobs_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """An endpoint with an MLflow model and neither script nor environment."""
    service, folder = preloaded_service, tmp_path_factory.mktemp("mlflow") / "twice"
    done = subprocess.run([forked_jobs_python, "-c", MLFLOW_MODEL, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    files = {f"twice/{p.relative_to(folder)}": p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    model = service.model(files, "twice/", "mlflow_model")
    endpoint = service.endpoint()
    reference = {"referenceType": "Id", "assetId": model}
    service.deployment(endpoint, "main", model=reference, codeConfiguration=None, environmentId=None)
    service.set_default(endpoint, "main")
    return endpoint


def test_mlflow_models_score_tables_without_a_script(preloaded_service: BatchService, mlflow_endpoint: str) -> None:
    service = preloaded_service
    tables = {"one.csv": b"name,a\nx,1\ny,2\n", "two.csv": b'a,name\n0.5,"z, z"\n'}
    job = service.started(mlflow_endpoint, service.folder(tables))
    assert service.await_batch(mlflow_endpoint, job) == "Completed", service.log(service.child(job))
    assert service.scores(job) == ["0,2.0,one.csv", "1,4.0,one.csv", "0,1.0,two.csv"]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("a.avro", b"x", "File type 'avro' is not supported."),
        ("a.csv", b"name,a\nx,text\n", "could not convert string to float"),
    ],
)
def test_a_file_that_an_mlflow_model_cannot_read_fails_the_job(
    preloaded_service: BatchService, mlflow_endpoint: str, file: str, content: bytes, message: str
) -> None:
    service = preloaded_service
    job = service.started(mlflow_endpoint, service.folder({file: content, "good.csv": b"name,a\nx,1\n"}))
    assert service.await_batch(mlflow_endpoint, job) == "Failed"
    log = service.log(service.child(job))
    assert "ERROR:azureml:Error processing input file:" in log
    assert message in log


def test_a_batch_job_ends_with_the_emulator_and_is_known_after_the_next_start(fresh_emulator: RunningEmulator) -> None:
    service = BatchService(fresh_emulator)
    endpoint = deployed(service, "import time\ndef init(): time.sleep(300)\ndef run(batch): return batch\n")
    job = service.started(endpoint, service.folder({"a": b"1\n"}))
    service.wait(job, "Running")
    child = service.child(job)
    fresh_emulator.stop()
    fresh_emulator.start()
    again = BatchService(fresh_emulator)
    assert again.await_batch(endpoint, job) == "Failed"
    assert again.history("GET", f"runs/{child}").body["status"] == "Failed"
    assert "stopped" in again.details(job)["error"]["error"]["message"]
    assert again.get(f"batchEndpoints/{endpoint}/deployments/main").status == 200
