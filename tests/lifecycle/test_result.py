"""What a job that ended has to show: exact places of outputs, and metrics that never harm."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.lifecycle.records import JobResult
from airflow_azureml.lifecycle.result import result
from airflow_azureml.rest.errors import NoAnswerError, TransientError, UnreachableError
from airflow_azureml.rest.flow import Call, Reply
from tests.rest.driving import WS, Drive, job, reply

LONG = "azureml://subscriptions/sub/resourcegroups/group/workspaces/ws/datastores"
ASSETS = "azureml://locations/eastus/workspaces/guid"
STUDIO = "https://ml.azure.com/runs/j?wsid=x"
DEFAULT = {"jobOutputType": "uri_folder", "uri": "azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.j"}


def datastore(name: str, container: str, **properties: Any) -> dict[str, Any]:
    """A blob datastore as the service sends it."""
    inner = {
        "datastoreType": "AzureBlob",
        "accountName": "acct",
        "containerName": container,
        "endpoint": "core.windows.net",
    }
    return {"name": name, "properties": {**inner, **properties}}


class Service:
    """Answers what a result asks: by the end of the path."""

    def __init__(self, **answers: Any) -> None:
        self.stores = {
            "workspaceblobstore": datastore("workspaceblobstore", "blobs"),
            "workspaceartifactstore": datastore("workspaceartifactstore", "azureml"),
        }
        run = {"runId": "j", "startTimeUtc": "2025-01-31T10:00:00.1234567Z", "endTimeUtc": "2025-01-31T10:05:00Z"}
        self.rundata: Any = {"runMetadata": run}
        self.data: Any = {"values": {}}
        self.models: Any = {"values": {}}
        self.children: Any = {"value": []}
        self.metrics: Any = {"run": {"data": {"metrics": [{"key": "auc", "value": 0.9}]}}}
        for name, answer in answers.items():
            setattr(self, name, answer)
        self.drive = Drive(self)

    def outputs(self, **outputs: tuple[str, str]) -> Service:
        """Let run history tell outputs: asset id and type."""
        rows = {name: {"assetId": asset, "type": kind} for name, (asset, kind) in outputs.items()}
        self.rundata["runMetadata"]["outputs"] = rows
        return self

    def __call__(self, call: Any) -> Any:
        assert isinstance(call, Call)
        path = call.path.removeprefix(WS.path)
        if path == "/datastores":
            return reply(200, {"value": [self.stores["workspaceblobstore"]]})
        if path.startswith("/datastores/") or "/datastores/" in path:
            store = self.stores.get(path.rpartition("/")[2])
            return reply(200, store) if store else reply(404)
        ends = {"/rundata": self.rundata, "/dataversion/batchGetResolvedUris": self.data}
        ends |= {"/children": self.children}
        ends |= {"/models/batchGetResolvedUris": self.models, "/mlflow/runs/get": self.metrics}
        answer = next(answer for end, answer in ends.items() if path.endswith(end))
        return answer if isinstance(answer, Reply | Exception) else reply(200, answer)

    def result(
        self, *, kind: str = "Command", status: str = "Completed", steps: Any = None, **outputs: Any
    ) -> JobResult:
        """The result of a job with these outputs on ARM."""
        services = {"Studio": {"endpoint": STUDIO}}
        ended = job("j", status, jobType=kind, outputs=outputs, services=services, jobs=steps)
        return self.drive.run(result(WS, ended, tenant_id="t"))


def output(kind: str = "uri_folder", uri: str | None = None, **more: Any) -> dict[str, Any]:
    """An output as ARM shows it."""
    return {"jobOutputType": kind, "uri": uri, **more}


def test_the_whole_mapping() -> None:
    service = Service(
        data={"values": {"a1": {"uri": f"{LONG}/workspaceblobstore/paths/azureml/j/out/", "type": "UriFolder"}}}
    )
    found = service.outputs(out=("a1", "UriFolder")).result(default=DEFAULT, out=output())
    assert found.to_dict() == {
        "job_name": "j",
        "status": "Completed",
        "experiment_name": "exp",
        "studio_url": f"{STUDIO}&tid=t",
        "started_at": "2025-01-31T10:00:00.123456+00:00",
        "ended_at": "2025-01-31T10:05:00+00:00",
        "outputs": {
            "default": {
                "type": "uri_folder",
                "path": f"{LONG}/workspaceartifactstore/paths/ExperimentRun/dcid.j/",
                "https_url": "https://acct.blob.core.windows.net/azureml/ExperimentRun/dcid.j/",
                "abfss_url": "abfss://azureml@acct.dfs.core.windows.net/ExperimentRun/dcid.j/",
            },
            "out": {
                "type": "uri_folder",
                "path": f"{LONG}/workspaceblobstore/paths/azureml/j/out/",
                "https_url": "https://acct.blob.core.windows.net/blobs/azureml/j/out/",
                "abfss_url": "abfss://blobs@acct.dfs.core.windows.net/azureml/j/out/",
            },
        },
        "metrics": {"auc": 0.9},
        "usage": {
            "queued_seconds": None,
            "run_seconds": 299.877,
            "node_hours": 0.083299,
            "nodes": 1,
            "vm_size": None,
        },
    }


@pytest.mark.parametrize(
    ("steps", "runs", "measured"),
    [
        ({"a": {}}, [{"runId": "a1"}], "a1"),
        ({"a": {}}, [{"runId": "a1", "properties": {"best_child_run_id": "trial"}}], "trial"),
        ({"a": {}}, [], "j"),
        ({"a": {}}, [{"runId": "a1"}, {"runId": "a2"}], "j"),
        ({"a": {}, "b": {}}, [{"runId": "a1"}], "j"),
        ({}, [{"runId": "a1"}], "j"),
    ],
    ids=["one", "sweep", "none-yet", "repeated", "two", "component"],
)
def test_the_metrics_of_a_pipeline_with_one_step_are_the_steps(
    steps: dict[str, Any], runs: list[dict[str, Any]], measured: str
) -> None:
    service = Service(children={"value": runs})
    assert service.result(kind="Pipeline", steps=steps).metrics == {"auc": 0.9}
    asked = [call for call in service.drive.effects if isinstance(call, Call) and call.path.endswith("/runs/get")]
    assert [dict(call.query or {})["run_id"] for call in asked] == [measured]


@pytest.mark.parametrize(
    ("kind", "uri", "path"),
    [
        ("uri_folder", "azureml://datastores/workspaceblobstore/paths/a/b", "a/b/"),
        ("uri_folder", "azureml://datastores/workspaceblobstore/paths/a/b/", "a/b/"),
        ("uri_file", "azureml://datastores/workspaceblobstore/paths/a/b.csv", "a/b.csv"),
        ("uri_file", "azureml://datastores/workspaceblobstore/paths/a/b.csv/", "a/b.csv"),
        ("UriFile", f"{LONG}/workspaceblobstore/paths/a b/ü.csv", "a b/ü.csv"),
        ("mltable", "azureml://datastores/workspaceblobstore/paths/t", "t/"),
        ("mlflow_model", "azureml://datastores/workspaceblobstore/paths/m", "m/"),
        ("custom_model", "azureml://datastores/workspaceblobstore/paths/m.pkl", "m.pkl"),
        ("uri_folder", f"{WS.path}/datastores/workspaceblobstore/paths/x", "x/"),
    ],
)
def test_a_given_place_is_taken_as_it_is(kind: str, uri: str, path: str) -> None:
    service = Service()
    found = service.result(out=output(kind, uri)).outputs["out"]
    assert found.path == f"{LONG}/workspaceblobstore/paths/{path}"
    assert (
        found.https_url == f"https://acct.blob.core.windows.net/blobs/{path.replace(' ', '%20').replace('ü', '%C3%BC')}"
    )
    assert not any("batchGetResolvedUris" in call for call in service.drive.calls)


def test_a_place_in_another_workspace() -> None:
    uri = "azureml://subscriptions/s2/resourceGroups/g2/workspaces/w2/datastores/theirs/paths/p"
    service = Service()
    service.stores["theirs"] = datastore(
        "theirs", "c2", datastoreType="AzureDataLakeGen2", filesystem="fs", containerName=None
    )
    found = service.result(out=output(uri=uri)).outputs["out"]
    assert found.path == "azureml://subscriptions/s2/resourcegroups/g2/workspaces/w2/datastores/theirs/paths/p/"
    assert found.https_url == "https://acct.dfs.core.windows.net/fs/p/"
    assert any("/subscriptions/s2/" in call and call.endswith("/datastores/theirs") for call in service.drive.calls)


def test_model_outputs_are_asked_of_the_model_plane() -> None:
    service = Service(
        models={"values": {"m1": {"path": f"{LONG}/workspaceblobstore/paths/azureml/j/model", "type": "MLFlowModel"}}}
    )
    found = service.outputs(model=("m1", "MLFlowModel")).result(model=output("mlflow_model")).outputs["model"]
    assert (found.type, found.path) == ("mlflow_model", f"{LONG}/workspaceblobstore/paths/azureml/j/model/")


def test_each_datastore_is_read_once() -> None:
    uris: dict[str, Any] = {
        f"o{number}": output(uri=f"azureml://datastores/workspaceblobstore/paths/{number}") for number in range(5)
    }
    service = Service()
    service.result(**uris)
    assert sum(call.endswith("/datastores/workspaceblobstore") for call in service.drive.calls) == 1


@pytest.mark.parametrize("refused", [403, 404, 400, 501])
def test_where_nothing_resolves_the_documented_place_is_told(refused: int) -> None:
    for service in (Service(rundata=reply(refused)), Service(data=reply(refused)).outputs(out=("a", "UriFolder"))):
        found = service.result(default=DEFAULT, out=output(), file=output("uri_file"))
        assert found.outputs["out"].path == f"{LONG}/workspaceblobstore/paths/azureml/j/out/"
        assert found.outputs["file"].path == f"{LONG}/workspaceblobstore/paths/azureml/j/file/file"
        assert found.metrics == {"auc": 0.9}


def test_a_place_with_a_placeholder_is_resolved() -> None:
    uri = "azureml://datastores/workspaceblobstore/paths/runs/${{ name }}/${{output_name}}"
    service = Service(data={"values": {"a": {"uri": f"{LONG}/workspaceblobstore/paths/runs/j/told/"}}}).outputs(
        out=("a", "UriFolder")
    )
    assert service.result(out=output(uri=uri)).outputs["out"].path == f"{LONG}/workspaceblobstore/paths/runs/j/told/"
    assert Service().result(out=output(uri=uri)).outputs["out"].path == f"{LONG}/workspaceblobstore/paths/runs/j/out/"


def test_a_place_in_the_default_datastore_of_the_workspace() -> None:
    """The service resolves it in every kind of job; where it does not say to what, the workspace's own is meant."""
    uri = "azureml://datastores/${{default_datastore}}/paths/${{name}}/${{output_name}}"
    found = Service().result(out=output(uri=uri)).outputs["out"]
    assert found.path == f"{LONG}/workspaceblobstore/paths/j/out/"
    assert found.https_url == "https://acct.blob.core.windows.net/blobs/j/out/"
    service = Service(data={"values": {"a": {"uri": f"{LONG}/other/paths/j/out/"}}}).outputs(out=("a", "UriFolder"))
    assert service.result(out=output(uri=uri)).outputs["out"].path == f"{LONG}/other/paths/j/out/"


def test_no_place_is_invented_for_outputs_of_another_run() -> None:
    found = Service().result(kind="Pipeline", out=output())
    assert found.outputs == {}
    service = Service(data={"values": {"a": {"uri": f"{LONG}/workspaceblobstore/paths/azureml/child/out/"}}})
    found = service.outputs(out=("a", "UriFolder")).result(kind="Pipeline", out=output())
    assert found.outputs["out"].path == f"{LONG}/workspaceblobstore/paths/azureml/child/out/"


def test_default_where_only_run_history_has_it() -> None:
    service = Service(data={"values": {"d": {"uri": f"{LONG}/workspaceartifactstore/paths/ExperimentRun/dcid.other/"}}})
    found = service.outputs(default=("d", "UriFolder")).result(kind="Pipeline")
    assert found.outputs["default"].path.endswith("/paths/ExperimentRun/dcid.other/")


@pytest.mark.parametrize("properties", [{"datastoreType": "OneLake"}, {"accountName": None}])
def test_places_without_an_address(properties: dict[str, Any]) -> None:
    service = Service()
    service.stores["workspaceblobstore"] = datastore("workspaceblobstore", "c", **properties)
    found = service.result(out=output(uri="azureml://datastores/workspaceblobstore/paths/p")).outputs["out"]
    assert (found.path, found.https_url, found.abfss_url) == (f"{LONG}/workspaceblobstore/paths/p/", None, None)
    del service.stores["workspaceblobstore"]
    again = service.result(out=output(uri="azureml://datastores/workspaceblobstore/paths/p")).outputs["out"]
    assert again == found


def test_a_place_that_is_no_datastore() -> None:
    found = Service().result(out=output(uri="https://acct.blob.core.windows.net/c/p?sig=SECRET")).outputs["out"]
    assert found.https_url == "https://acct.blob.core.windows.net/c/p"
    assert "SECRET" not in str(found)


def test_a_registered_output_carries_its_asset() -> None:
    service = Service(
        data={"values": {f"{ASSETS}/data/prepared/versions/4": {"uri": f"{LONG}/workspaceblobstore/paths/p/"}}}
    )
    service.outputs(out=(f"{ASSETS}/data/prepared/versions/4", "UriFolder"))
    found = service.result(out=output(assetName="prepared")).outputs["out"]
    assert found.to_dict()["asset_id"] == f"{WS.path}/data/prepared/versions/4"


def test_an_output_that_was_not_registered_carries_none() -> None:
    asset = f"{ASSETS}/data/azureml_j_output_data_out/versions/1"
    service = Service(data={"values": {asset: {"uri": f"{LONG}/workspaceblobstore/paths/p/"}}}).outputs(
        out=(asset, "UriFolder")
    )
    assert "asset_id" not in service.result(out=output()).outputs["out"].to_dict()


@pytest.mark.parametrize(("kind", "collection"), [("uri_folder", "data"), ("mlflow_model", "models")])
def test_an_asset_of_a_chosen_version(kind: str, collection: str) -> None:
    uri = "azureml://datastores/workspaceblobstore/paths/p"
    found = Service().result(out=output(kind, uri, assetName="a", assetVersion="7")).outputs["out"]
    assert found.asset_id == f"{WS.path}/{collection}/a/versions/7"


@pytest.mark.parametrize("trouble", [reply(403), reply(404), reply(500), reply(200, "odd"), UnreachableError("down")])
def test_failing_metrics_harm_nobody(trouble: Any) -> None:
    found = Service(metrics=trouble).result(out=output(uri="azureml://datastores/workspaceblobstore/paths/p"))
    assert (found.metrics, found.status) == ({}, "Completed")


@pytest.mark.parametrize("trouble", [reply(500), NoAnswerError("lost")])
def test_outputs_are_never_guessed_while_the_service_is_away(trouble: Any) -> None:
    for service in (Service(rundata=trouble), Service(data=trouble).outputs(out=("a", "UriFolder"))):
        with pytest.raises(TransientError):
            service.result(out=output())


def test_a_job_that_goes_on_has_no_end() -> None:
    assert Service().result(status="Running").ended_at is None
    assert Service(rundata={"runMetadata": None}).result().to_dict()["started_at"] is None


def test_unfinished() -> None:
    running = job("j", "Starting", services={"Studio": {"endpoint": STUDIO}}, outputs={"default": DEFAULT})
    assert JobResult.of_unfinished(running, "t").to_dict() == {
        "job_name": "j",
        "status": "Starting",
        "experiment_name": "exp",
        "studio_url": f"{STUDIO}&tid=t",
        "started_at": None,
        "ended_at": None,
        "outputs": {},
        "metrics": {},
    }
