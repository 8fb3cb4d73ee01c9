"""Where scores are: the file that rows are appended to, where there is one; and a sweep's best trial."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_azureml.lifecycle.records import JobResult
from airflow_azureml.lifecycle.result import failure, result
from airflow_azureml.rest.errors import ForbiddenError, UnreachableError
from airflow_azureml.rest.flow import Call, Plane
from tests.rest.driving import WS, Drive, job, reply

LONG = "azureml://subscriptions/sub/resourcegroups/group/workspaces/ws/datastores/blobs/paths/"
TAGS = {"azureml.batchrun": "true", "azureml.jobtype": "azureml.batchjob", "azureml.deploymentname": "blue"}
ROWS = {"azureml.parameters": json.dumps({"append_row_file_name": "rows.csv"})}
SUMS = {"azureml.parameters": json.dumps({"mini_batch_size": "10"})}


class History:
    """Run history, data plane and one Blob datastore.

    :param files: names that are there in the container.
    """

    def __init__(self, *, children: dict[str, dict[str, tuple[str, str]]], files: tuple[str, ...] = ()) -> None:
        self.children = children
        self.files = files
        self.outputs: dict[str, dict[str, tuple[str, str]]] = {**children}
        self.statuses: dict[str, str] = {}
        self.nested: dict[str, list[str]] = {}
        self.deployment: Any = {"outputAction": "AppendRow", "outputFileName": "predictions.csv"}
        self.credentials = "AccountKey"
        self.signed: Any = None
        self.metrics: dict[str, float] = {}
        self.asked: list[str] = []

    def __call__(self, call: Any) -> Any:
        assert isinstance(call, Call)
        if call.plane is Plane.SIGNED:
            self.asked.append(f"{call.method} {call.path}")
            there = any(call.path.partition("?")[0].endswith(name) for name in self.files)
            return self.signed or reply(200 if there else 404)
        path = call.path.removeprefix(WS.path)
        self.asked.append(f"{call.method} {path}")
        if path.endswith("/rundata"):
            run = call.body["runId"]
            rows = {
                n: {"assetId": f"asset:{uri}", "type": kind} for n, (kind, uri) in self.outputs.get(run, {}).items()
            }
            return reply(200, {"runMetadata": {"runId": run, "outputs": rows}})
        if path.endswith("/batchGetResolvedUris"):
            return reply(200, {"values": {asset: {"uri": asset[6:]} for asset in call.body["values"]}})
        if path.endswith("/children"):
            names = self.nested.get(path.split("/")[-2], list(self.children) if "/runs/j/" in path else [])
            runs = [{"runId": name, "status": self.statuses.get(name, "Completed")} for name in names]
            return reply(200, {"value": runs})
        if path.endswith("/details"):
            name = path.split("/")[-2]
            return reply(200, {"runId": name, "error": {"error": {"message": f"{name} broke"}}, "logFiles": {}})
        if path.endswith("/deployments/blue"):
            return reply(200, {"name": "blue", "properties": self.deployment}) if self.deployment else reply(404)
        if path.endswith("/listSecrets"):
            return reply(200, {"secretsType": "Sas", "sasToken": "sig=secret"})
        if path.endswith("/datastores/blobs"):
            inner = {
                "datastoreType": "AzureBlob",
                "accountName": "acct",
                "containerName": "c",
                "endpoint": "core.windows.net",
            }
            return reply(
                200, {"name": "blobs", "properties": {**inner, "credentials": {"credentialsType": self.credentials}}}
            )
        if path.endswith("/datastores"):
            return reply(200, {"value": [{"name": "blobs", "properties": {"datastoreType": "AzureBlob"}}]})
        assert path.endswith("/mlflow/runs/get"), path
        value = self.metrics.get(call.query["run_id"])
        return reply(200, {"run": {"data": {"metrics": [{"key": "auc", "value": value}] if value is not None else []}}})

    def result(self, properties: dict[str, str] | None = None, **tags: str) -> JobResult:
        """The result of a batch job."""
        ended = job(
            "j", "Completed", jobType="Pipeline", experimentName="ep", tags={**TAGS, **tags}, properties=properties
        )
        return Drive(self).run(result(WS, ended))


FOLDER = {"child": {"score": ("UriFolder", f"{LONG}azureml/child/score/")}}


def test_the_file_of_an_append_row_deployment() -> None:
    service = History(children=FOLDER, files=("rows.csv",))
    score = service.result(ROWS).outputs["score"]
    assert (score.type, score.path) == ("uri_file", f"{LONG}azureml/child/score/rows.csv")
    assert score.https_url == "https://acct.blob.core.windows.net/c/azureml/child/score/rows.csv"
    assert score.abfss_url == "abfss://c@acct.dfs.core.windows.net/azureml/child/score/rows.csv"


def test_a_file_that_is_not_there_leaves_the_folder() -> None:
    score = History(children=FOLDER).result(ROWS).outputs["score"]
    assert (score.type, score.path) == ("uri_folder", f"{LONG}azureml/child/score/")


@pytest.mark.parametrize("trouble", [ForbiddenError("no", reply(403)), UnreachableError("gone")])
def test_a_file_that_cannot_be_looked_at_is_taken_from_what_the_job_says(trouble: Exception) -> None:
    service = History(children=FOLDER)
    service.signed = trouble
    assert service.result(ROWS).outputs["score"].path.endswith("/rows.csv")
    service.credentials, service.signed = "None", None
    assert service.result(ROWS).outputs["score"].path.endswith("/rows.csv")


def test_a_summary_is_a_folder_and_nobody_looks_for_a_file() -> None:
    service = History(children=FOLDER, files=("predictions.csv",))
    assert service.result(SUMS).outputs["score"].type == "uri_folder"
    assert not [asked for asked in service.asked if asked.startswith("HEAD")]


def test_a_job_that_tells_no_parameters_is_read_by_its_deployment() -> None:
    service = History(children=FOLDER, files=("predictions.csv",))
    assert service.result().outputs["score"].path.endswith("/predictions.csv")
    service.deployment = {"outputAction": "SummaryOnly", "outputFileName": "predictions.csv"}
    assert service.result().outputs["score"].type == "uri_folder"
    service.deployment = None
    assert service.result().outputs["score"].type == "uri_folder"


def test_a_place_that_was_given_as_a_file_stays_one() -> None:
    service = History(children={"child": {"score": ("UriFile", f"{LONG}out/x.csv")}})
    score = service.result(ROWS).outputs["score"]
    assert (score.type, score.path) == ("uri_file", f"{LONG}out/x.csv")


def test_the_child_that_has_scores_is_found_among_others() -> None:
    service = History(children={"first": {"data": ("UriFolder", f"{LONG}x/")}, **FOLDER})
    assert service.result(SUMS).outputs["score"].path.endswith("/child/score/")


def test_a_child_without_outputs_has_its_scores_in_the_documented_place() -> None:
    service = History(children={"child": {}}, files=("rows.csv",))
    assert service.result(ROWS).outputs["score"].path == f"{LONG}azureml/child/score/rows.csv"


def test_jobs_of_a_pipeline_component_are_read_as_pipelines() -> None:
    service = History(children=FOLDER)
    service.outputs["j"] = {"scores": ("UriFolder", f"{LONG}p/")}
    found = service.result(ROWS, **{"azureml.jobtype": "azureml.pipelinejob"})
    assert {name: output.path for name, output in found.outputs.items()} == {"scores": f"{LONG}p/"}


def test_no_secret_is_in_a_result() -> None:
    assert "sig" not in json.dumps(History(children=FOLDER, files=("rows.csv",)).result(ROWS).to_dict())


def test_a_sweep_tells_its_best_trial() -> None:
    service = History(children={})
    service.outputs = {"best": {"model": ("UriFolder", f"{LONG}azureml/best/model/")}}
    service.metrics = {"j": 0.1, "best": 0.9}
    outputs = {"model": {"jobOutputType": "uri_folder", "uri": None}}
    ended = job("j", "Completed", jobType="Sweep", outputs=outputs, properties={"best_child_run_id": "best"})
    found = Drive(service).run(result(WS, ended))
    assert (found.best_job_name, found.metrics) == ("best", {"auc": 0.9})
    assert found.outputs["model"].path == f"{LONG}azureml/best/model/"
    assert found.to_dict()["best_job_name"] == "best"
    assert JobResult.from_dict(found.to_dict()) == found


def test_a_sweep_without_a_best_trial_is_read_as_it_is() -> None:
    service = History(children={})
    service.metrics = {"j": 0.1}
    found = Drive(service).run(result(WS, job("j", "Completed", jobType="Sweep")))
    assert (found.best_job_name, found.metrics) == (None, {"auc": 0.1})
    assert "best_job_name" not in found.to_dict()


def test_the_reason_is_that_of_the_innermost_step_that_failed() -> None:
    service = History(children={"ok": {}, "inner": {}})
    service.statuses = {"inner": "Failed", "step": "Failed"}
    service.nested = {"inner": ["step"]}
    why = Drive(service).run(failure(WS, job("j", "Failed", jobType="Pipeline")))
    assert why.reason.startswith("inner > step: step broke")
