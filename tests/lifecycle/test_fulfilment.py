"""What is asked before a job is submitted: nothing twice, and little when all is there. Through the real client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.client import MLClient
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.lifecycle.submission import prepare
from airflow_azureml.rest.errors import NotFoundError, SpecError
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.settings import Settings
from tests.corpus.fake_azure import GROUP, SUBSCRIPTION, TENANT, WORKSPACE, FakeAzure, Sent, stand_in

WS = Workspace(SUBSCRIPTION, GROUP, WORKSPACE)
SETTINGS = Settings(WS, auth="client_secret", tenant_id=TENANT, client_id="c", client_secret="s")
JOB: dict[str, Any] = {
    "command": "echo",
    "code": "./src",
    "environment": {"image": "img"},
    "inputs": {name: {"type": "uri_folder", "path": f"./{name}"} for name in ("one", "two", "three")},
}


class Submission:
    """Provides jobs in one workspace and keeps what was asked for each."""

    def __init__(self, folder: Path, fake_azure: FakeAzure) -> None:
        self.folder = folder
        self.fake_azure = fake_azure

    def __call__(self, job: Any) -> tuple[Any, list[str]]:
        before = len(self.fake_azure.sent)
        with MLClient(SETTINGS) as client:
            body = client.run(prepare(WS, translate(load(job, folder=str(self.folder)), WS))).body
        asked = [f"{sent.method} {sent.path.removeprefix(WS.path)}" for sent in self.fake_azure.sent[before:]]
        return body["properties"], asked


@pytest.fixture
def submission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Submission:
    """A workspace that answers, and local things to upload."""
    for name in ("src/main.py", "one/a", "two/b", "three/c"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)
    fake_azure = FakeAzure()
    stand_in(fake_azure, monkeypatch.setattr)
    return Submission(tmp_path, fake_azure)


def test_code_and_environment_cost_a_request_each_once_they_are_there(submission: Submission) -> None:
    job = {key: value for key, value in JOB.items() if key != "inputs"}
    first, asked = submission(job)
    assert asked[0].startswith("GET /codes/")
    assert asked[1].startswith("POST /codes/")
    second, asked = submission(job)
    assert second == first
    assert len(asked) == 2
    assert asked[0].startswith("GET /codes/")
    assert asked[1].startswith("PUT /environments/CliV2AnonymousEnvironment/versions/")


def test_an_unchanged_input_costs_one_request_once_the_secret_is_known(submission: Submission) -> None:
    submission(JOB)
    _, asked = submission(JOB)
    assert sum(line.endswith("/listSecrets") for line in asked) == 1
    assert len(asked) == 2 + 2 + 3
    assert not [line for line in asked if line.startswith("PUT") and "LocalUpload" in line]


def test_the_file_of_a_flow_is_named_by_its_address(submission: Submission) -> None:
    """The address is that of the registered code, without the port that the service writes."""
    flow = submission.folder / "my-flow"
    (flow / ".promptflow").mkdir(parents=True)
    (flow / ".promptflow" / "flow.tools.json").write_text("{}")
    (flow / "flow.dag.yaml").write_text(
        "$schema: https://azuremlschemas.azureedge.net/promptflow/latest/Flow.schema.json\n"
    )
    node = {"component": "my-flow/flow.dag.yaml", "inputs": {"data": {"path": "azureml:d:1"}, "url": "${data.url}"}}
    for _ in range(2):  # the second time the code is there
        submission({"type": "pipeline", "compute": "azureml:c", "jobs": {"f": node}})
        put = next(sent for sent in reversed(submission.fake_azure.sent) if "/components/" in sent.path)
        spec = put.body["properties"]["componentSpec"]
        assert spec["type"] == "promptflow_parallel"
        assert "/codes/" in spec["code"]
        assert spec["flow_definition_uri"].startswith("https://stundertest.blob.core.windows.net/aaaaaaaa-")
        assert spec["flow_definition_uri"].endswith("/my-flow/flow.dag.yaml")


def test_equal_needs_are_met_once(submission: Submission) -> None:
    node = {"type": "command", "command": "echo", "code": "./src", "environment": {"image": "img"}}
    jobs = {name: {**node, "inputs": {"d": {"type": "uri_folder", "path": "./one"}}} for name in "abc"}
    body, asked = submission({"type": "pipeline", "compute": "azureml:c", "jobs": jobs})
    assert len({node["componentId"] for node in body["jobs"].values()}) == 1
    assert sum(line.startswith("PUT /components/") for line in asked) == 1
    assert sum(line.startswith("PUT /environments/") for line in asked) == 1
    assert sum(line.startswith("GET /codes/") for line in asked) == 1
    assert sum("/computes/" in line for line in asked) == 1
    assert sum(line.startswith("PUT ") and line.endswith("/one/a") for line in asked) >= 1


def test_the_id_that_the_service_answers_with_counts(submission: Submission) -> None:
    node = {"type": "command", "command": "echo", "environment": "azureml:e:1"}
    body, _ = submission({"type": "pipeline", "compute": "azureml:c", "jobs": {"a": node}})
    put = next(sent for sent in submission.fake_azure.sent if sent.method == "PUT" and "/components/" in sent.path)
    answered = submission.fake_azure.row(put)["id"]
    assert answered != put.path, "the stand-in chooses an address of its own"
    assert body["jobs"]["a"]["componentId"] == answered


def test_changed_code_is_sent(submission: Submission) -> None:
    first, _ = submission(JOB)
    (submission.folder / "src" / "main.py").write_text("other")
    second, asked = submission(JOB)
    assert second["codeId"] != first["codeId"]
    assert any(line.startswith("POST /codes/") for line in asked)
    assert second["inputs"] == first["inputs"]


def test_labels_become_versions(submission: Submission) -> None:
    names = {"data": "uri_folder", "models": "mlflow_model"}
    inputs = {name: {"type": kind, "path": "azureml:x@latest"} for name, kind in names.items()}
    body, asked = submission({"command": "echo", "environment": "azureml:x@latest", "inputs": inputs})
    assert body["environmentId"] == f"{WS.path}/environments/x/versions/7"
    assert [body["inputs"][name]["uri"] for name in names] == [f"{WS.path}/{name}/x/versions/7" for name in names]
    assert len(asked) == 3


@pytest.mark.parametrize(("changed", "wanted"), [(False, "7"), (True, "8")])
def test_a_named_environment_is_its_newest_version_or_the_next_one(
    submission: Submission, monkeypatch: pytest.MonkeyPatch, changed: bool, wanted: str
) -> None:
    answer = submission.fake_azure.resource

    def refuse(sent: Sent, parts: list[str]) -> tuple[int, Any, dict[str, str]]:
        if changed and sent.method == "PUT" and parts[-1] == "7":
            return 409, {"error": {"code": "UserError", "message": "it is there, otherwise"}}, {}
        return answer(sent, parts)

    monkeypatch.setattr(submission.fake_azure, "resource", refuse)
    job = load({"command": "echo", "environment": {"name": "n", "image": "i"}}, from_python=True)
    body, asked = submission(job)
    assert body["environmentId"] == f"{WS.path}/environments/n/versions/{wanted}"
    assert asked[0] == "GET /environments/n"


def test_what_does_not_exist(submission: Submission) -> None:
    with pytest.raises(NotFoundError, match="no-such-env"):
        submission({"command": "echo", "environment": "azureml:no-such-env@latest"})
    node = {"type": "command", "command": "echo", "environment": "azureml:e:1"}
    with pytest.raises(SpecError, match='compute "no-such-c" does not exist'):
        submission({"type": "pipeline", "compute": "azureml:no-such-c", "jobs": {"a": node}})
    assert not [sent for sent in submission.fake_azure.sent if sent.method == "PUT"]
