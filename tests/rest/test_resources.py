"""Jobs, the workspace, datastores and the statuses: the calls as they go out, and answers of every completeness."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.rest import jobs, status, workspace
from airflow_azureml.rest.errors import ConflictError, NotFoundError, TransientServiceError, UnreachableError
from airflow_azureml.rest.flow import Plane
from airflow_azureml.rest.status import Phase
from tests.rest.driving import MISSING_JOB, WS, Drive, job_json, reply, run

FULL = job_json(
    "j1",
    "Queued",
    displayName="d",
    tags={"a": "b", "n": None},
    services={"Studio": {"endpoint": "https://ml.azure.com/runs/j1?wsid=x"}},
    computeId="/c",
    outputs={
        "default": {
            "jobOutputType": "uri_folder",
            "uri": "azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.j1",
        },
        "out": {"jobOutputType": "UriFile", "uri": None, "assetName": "a", "assetVersion": "3"},
        "odd": None,
    },
) | {"systemData": {"createdAt": "2023-04-19T21:23:36.5867466+00:00"}}


def test_statuses() -> None:
    terminal = {word for word in status.PHASES if status.phase(word).is_terminal}
    assert terminal == {"Completed", "Failed", "Canceled"}
    assert status.phase("Completed") is Phase.SUCCEEDED
    assert status.phase("BrandNew") is Phase.ACTIVE
    assert status.is_being_canceled("CancelRequested")
    assert not status.is_being_canceled("Canceled")


def test_get() -> None:
    call = jobs.get(WS, "j1")
    assert (call.method, call.path, call.plane, call.may_repeat) == ("GET", f"{WS.path}/jobs/j1", Plane.ARM, True)
    job = run(call, reply(200, FULL))
    assert (job.name, job.status, job.kind, job.experiment_name, job.display_name) == (
        "j1",
        "Queued",
        "Command",
        "exp",
        "d",
    )
    assert job.studio_url == "https://ml.azure.com/runs/j1?wsid=x"
    assert job.tags == {"a": "b"}
    assert job.created_at is not None
    assert job.created_at.microsecond == 586746
    assert set(job.outputs) == {"default", "out"}
    out = job.outputs["out"]
    assert (out.kind, out.uri, out.asset_name, out.asset_version) == ("uri_file", None, "a", "3")
    assert job.raw == FULL


@pytest.mark.parametrize(
    "value",
    [None, [], {"name": "c", "id": "/x/jobs/c"}, {"id": "/x/jobs/c", "properties": None}, {"properties": {"tags": 5}}],
)
def test_incomplete_jobs_do_no_harm(value: Any) -> None:
    job = run(jobs.get(WS, "c"), reply(200, value))
    assert (job.status, job.phase) == ("Unknown", Phase.ACTIVE)
    assert job.name in ("", "c")


def test_find_tells_a_missing_job_from_a_missing_workspace() -> None:
    assert run(jobs.find(WS, "j"), reply(404, MISSING_JOB)) is None
    assert run(jobs.find(WS, "j"), reply(404)) is None
    gone = {"error": {"code": "ResourceNotFound", "message": "The Resource 'ws' was not found."}}
    with pytest.raises(NotFoundError, match="The Resource 'ws' was not found"):
        run(jobs.find(WS, "j"), reply(404, gone))


def test_create_is_never_repeated_by_the_pipeline() -> None:
    call = jobs.create(WS, "j1", {"properties": {}}, user_token=True, api_version="2024-01-01-preview")
    assert (call.method, call.may_repeat, call.user_token, call.body) == ("PUT", False, True, {"properties": {}})
    assert call.query == {"api-version": "2024-01-01-preview"}
    assert jobs.create(WS, "j1", {}).query == {}
    made, there = (run(call, reply(status, FULL)) for status in (201, 200))
    assert (made.job.name, made.is_new, there.job.name, there.is_new) == ("j1", True, "j1", False)
    with pytest.raises(ConflictError):
        run(call, reply(409))


def test_cancel_call() -> None:
    call = jobs.begin_cancel(WS, "j1")
    assert (call.method, call.path, call.body, call.may_repeat) == ("POST", f"{WS.path}/jobs/j1/cancel", None, True)
    assert run(call, reply(202, headers={"Location": "https://x"})) is None
    assert run(call, reply(200)) is None


def test_list_follows_pages() -> None:
    pages = [
        reply(
            200, {"value": [job_json("a"), "odd"], "nextLink": "https://arm.example/x/jobs?api-version=1&$skip=a%2Fb"}
        ),
        reply(200, {"value": [job_json("b")], "nextLink": None}),
    ]
    drive = Drive(lambda _: pages.pop(0))
    found = drive.run(jobs.list(WS, tag="k", kind="Command"))
    assert [job.name for job in found] == ["a", "b"]
    first, second = drive.effects
    assert first.query == {"listViewType": "ActiveOnly", "tag": "k", "jobType": "Command"}  # type: ignore[union-attr]
    assert second.path == "https://arm.example/x/jobs"  # type: ignore[union-attr]
    assert second.query == {"api-version": "1", "$skip": "a/b"}  # type: ignore[union-attr]
    assert second.plane is Plane.ARM  # type: ignore[union-attr]


def test_a_list_that_repeats_itself_ends() -> None:
    page = reply(200, {"value": [job_json("a")], "nextLink": "https://arm.example/same"})
    assert len(Drive(lambda _: page).run(jobs.list(WS))) == 2


INFO = {
    "id": WS.path,
    "name": "ws",
    "location": "eastus",
    "properties": {
        "workspaceId": "guid",
        "discoveryUrl": "https://eastus.api.azureml.ms/discovery",
        "mlFlowTrackingUri": "azureml://eastus.api.azureml.ms/mlflow/v1.0/x",
        "tenantId": "t",
    },
}


def test_workspace() -> None:
    info = run(workspace.get(WS), reply(200, INFO))
    assert (info.location, info.guid, info.tenant_id) == ("eastus", "guid", "t")


def test_data_plane_by_discovery() -> None:
    answers = [reply(200, INFO), reply(200, {"api": "https://private.workspace.example/", "n": 5})]
    drive = Drive(lambda _: answers.pop(0))
    assert drive.run(workspace.data_plane(WS)) == "https://private.workspace.example"
    asked = drive.effects[1]
    assert asked.path == "https://eastus.api.azureml.ms/discovery"  # type: ignore[union-attr]
    assert asked.plane is Plane.OPEN  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "answer", [reply(403), reply(404), UnreachableError("blocked"), reply(200, {}), reply(200, "text")]
)
def test_data_plane_where_discovery_is_blocked(answer: Any) -> None:
    assert run(workspace.data_plane(WS), reply(200, INFO), answer) == "https://eastus.api.azureml.ms"


def test_data_plane_that_nobody_tells() -> None:
    with pytest.raises(NotFoundError, match="neither a discoveryUrl"):
        run(workspace.data_plane(WS), reply(200, {"name": "ws", "properties": {}}))


BLOB = {
    "name": "workspaceblobstore",
    "properties": {
        "datastoreType": "AzureBlob",
        "accountName": "acct",
        "containerName": "azureml-blobstore-guid",
        "endpoint": "core.windows.net",
        "isDefault": True,
        "credentials": {"credentialsType": "AccountKey"},
    },
}


def test_datastores() -> None:
    store = run(workspace.datastore(WS, "workspaceblobstore"), reply(200, BLOB))
    assert (store.kind, store.credentials, store.is_default) == ("AzureBlob", "AccountKey", True)
    address = store.address("a/b")
    assert address is not None
    assert address.https_url == "https://acct.blob.core.windows.net/azureml-blobstore-guid/a/b"
    assert run(workspace.default_datastore(WS), reply(200, {"value": [BLOB]})) == store
    with pytest.raises(NotFoundError, match="no default datastore"):
        run(workspace.default_datastore(WS), reply(200, {"value": []}))


@pytest.mark.parametrize(
    ("properties", "https", "abfss"),
    [
        ({"datastoreType": "AzureDataLakeGen2", "accountName": "a", "filesystem": "f"},
         "https://a.dfs.core.windows.net/f/p", "abfss://f@a.dfs.core.windows.net/p"),
        ({"datastoreType": "AzureFile", "accountName": "a", "fileShareName": "s", "endpoint": "core.chinacloudapi.cn"},
         "https://a.file.core.chinacloudapi.cn/s/p", None),
        ({"datastoreType": "OneLake", "accountName": "a"}, None, None),
        ({"datastoreType": "AzureDataLakeGen1", "storeName": "s"}, None, None),
        ({"datastoreType": "AzureBlob"}, None, None),
    ],
)  # fmt: skip
def test_addresses_by_type(properties: dict[str, str], https: str | None, abfss: str | None) -> None:
    address = workspace.Datastore.from_json({"name": "d", "properties": properties}).address("p")
    assert (address and address.https_url) == https
    assert (address and address.abfss_url) == abfss


def test_secrets_expire_and_do_not_show() -> None:
    call = workspace.secret(WS, "d")
    assert (call.method, call.body, call.may_repeat) == ("POST", {"expirableSecret": True, "expireAfterHours": 1}, True)
    secret = run(call, reply(200, {"secretsType": "Sas", "sasToken": "?sv=1&sig=SECRET"}))
    store = workspace.Datastore.from_json(BLOB)
    address = store.address("a b")
    assert address is not None
    place = secret.location(address)
    assert (place.url, place.sas, place.key) == (address.https_url, "sv=1&sig=SECRET", None)
    assert "SECRET" not in repr(secret) + repr(place)
    assert run(call, reply(200, {"secretsType": "AccountKey", "key": "SECRET=="})).key == "SECRET=="
    assert run(call, reply(200, {"secretsType": "ServicePrincipal", "clientSecret": "x"})) == workspace.Secret()
    with pytest.raises(TransientServiceError):
        run(call, reply(429))
