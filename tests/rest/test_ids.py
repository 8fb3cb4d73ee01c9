"""Ids and addresses in every spelling that the service and the YAML grammar have for them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_azureml.rest import ids, storage
from airflow_azureml.rest.ids import AssetId, DatastorePath, Workspace
from airflow_azureml.rest.storage import StorageAddress

WS = Workspace("sub", "rg", "ws")
OTHER = Workspace("s2", "g2", "w2")
LONG = "azureml://subscriptions/sub/resourcegroups/rg/workspaces/ws/datastores"


def test_the_path_of_a_workspace() -> None:
    assert WS.path == "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"
    assert WS.same_as(Workspace("SUB", "RG", "Ws"))
    assert not WS.same_as(OTHER)


@pytest.mark.parametrize(
    ("text", "kind", "name", "version", "label"),
    [
        (f"{WS.path}/computes/c", "computes", "c", None, None),
        (f"azureml:{WS.path}/environments/e/versions/3", "environments", "e", "3", None),
        (WS.path.replace("resourceGroups", "resourcegroups") + "/data/d/versions/0.2.0", "data", "d", "0.2.0", None),
        (f"{WS.path}/components/c/labels/default", "components", "c", None, "default"),
    ],
)
def test_arm_ids(text: str, kind: str, name: str, version: str | None, label: str | None) -> None:
    found = ids.parse_arm_id(text)
    assert found is not None
    assert (found.workspace, found.kind, found.name, found.version, found.label) == (WS, kind, name, version, label)
    assert ids.parse_arm_id(str(found)) == found


@pytest.mark.parametrize("text", ["", WS.path, "azureml:x:1", f"{WS.path}/data/d/versions", f"{WS.path}/a/b/c/d/e"])
def test_what_is_no_arm_id(text: str) -> None:
    assert ids.parse_arm_id(text) is None


@pytest.mark.parametrize(
    ("text", "expected", "arm"),
    [
        (
            "azureml://locations/eastus/workspaces/guid/data/azureml_j_output_data_out/versions/1",
            AssetId("data", "azureml_j_output_data_out", "1", location="eastus", workspace_guid="guid"),
            f"{WS.path}/data/azureml_j_output_data_out/versions/1",
        ),
        (
            "azureml://locations/eastus/workspaces/ws/data/d/versions/labels/latest",
            AssetId("data", "d", label="latest", location="eastus", workspace_guid="ws"),
            f"{WS.path}/data/d/labels/latest",
        ),
        (
            "azureml://registries/reg/models/m/versions/2",
            AssetId("models", "m", "2", registry="reg"),
            "azureml://registries/reg/models/m/versions/2",
        ),
        (
            "azureml://feeds/reg/environments/e/labels/latest",
            AssetId("environments", "e", label="latest", registry="reg"),
            "azureml://registries/reg/environments/e/labels/latest",
        ),
        (
            "azureml://subscriptions/s2/resourceGroups/g2/workspaces/w2/data/d/versions/1",
            AssetId("data", "d", "1", workspace=OTHER),
            f"{OTHER.path}/data/d/versions/1",
        ),
        (
            f"{OTHER.path}/data/d/versions/1",
            AssetId("data", "d", "1", workspace=OTHER),
            f"{OTHER.path}/data/d/versions/1",
        ),
    ],
)
def test_asset_ids(text: str, expected: AssetId, arm: str) -> None:
    found = ids.parse_asset(text)
    assert found == expected
    assert found.arm_id(WS) == arm


@pytest.mark.parametrize(
    "text", ["", f"{WS.path}/data/d", "azureml://datastores/d/paths/p", "azureml:d:1", "https://x/y"]
)
def test_what_is_no_asset(text: str) -> None:
    assert ids.parse_asset(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("azureml://datastores/ds/paths/a/b/", DatastorePath("ds", "a/b/")),
        ("azureml://datastores/ds/paths/", DatastorePath("ds", "")),
        ("azureml://datastores/ds", DatastorePath("ds", "")),
        ("azureml://datastores/ds/ExperimentRun/dcid.j", DatastorePath("ds", "ExperimentRun/dcid.j")),
        ("azureml://datastores/ds/pathsofglory/x", DatastorePath("ds", "pathsofglory/x")),
        (f"{LONG}/ds/paths/flight-paths/paths/model", DatastorePath("ds", "flight-paths/paths/model", WS)),
        (f"{LONG}/ds/paths/a b/ü.csv", DatastorePath("ds", "a b/ü.csv", WS)),
        (f"{LONG.replace('resourcegroups', 'resourceGroups')}/ds/paths/p", DatastorePath("ds", "p", WS)),
        (f"{OTHER.path}/datastores/ds/paths/p/q", DatastorePath("ds", "p/q", OTHER)),
        (f"azureml:{OTHER.path}/datastores/ds/paths/p", DatastorePath("ds", "p", OTHER)),
        (f"{OTHER.path}/datastores/ds", None),
        ("https://a.blob.core.windows.net/c/p", None),
        ("azureml://jobs/j/outputs/o/paths/p", None),
    ],
)
def test_datastore_paths(text: str, expected: DatastorePath | None) -> None:
    assert ids.parse_datastore_path(text) == expected


def test_spellings_of_a_datastore_path() -> None:
    path = DatastorePath("ds", "a/b")
    assert path.short == "azureml://datastores/ds/paths/a/b"
    assert path.long(WS) == f"{LONG}/ds/paths/a/b"
    assert (
        DatastorePath("ds", "a", OTHER)
        .long(WS)
        .startswith("azureml://subscriptions/s2/resourcegroups/g2/workspaces/w2/")
    )
    assert path.as_folder().path == "a/b/"
    assert path.as_folder().as_folder() == path.as_folder()
    assert path.as_folder().as_file() == path
    assert DatastorePath("ds", "").as_folder().path == ""


@settings(deadline=None)
@given(st.text(min_size=0, max_size=30).filter(lambda text: not text.startswith("/")))
def test_datastore_paths_round_trip(path: str) -> None:
    here = DatastorePath("ds", path, WS)
    assert ids.parse_datastore_path(here.long(OTHER)) == here
    assert ids.parse_datastore_path(here.short) == DatastorePath("ds", path)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_readers_never_raise(text: str) -> None:
    for prefix in ("", "azureml:", "azureml://", "https://"):
        for read in (
            ids.parse_arm_id,
            ids.parse_asset,
            ids.parse_datastore_path,
        ):
            read(prefix + text)
        storage.parse_https(prefix + text)


@pytest.mark.parametrize(
    ("word", "kind"),
    [("UriFolder", "uri_folder"), ("uri_file", "uri_file"), ("MLTable", "mltable"), ("MLFlowModel", "mlflow_model"),
     ("CustomModel", "custom_model"), ("TritonModel", "triton_model"), ("Strange", "Strange")],
)  # fmt: skip
def test_data_kinds(word: str, kind: str) -> None:
    assert ids.data_kind(word) == kind


def test_tenant_in_the_studio_link() -> None:
    link = "https://ml.azure.com/runs/j?wsid=/subscriptions/s/resourcegroups/g/workspaces/w"
    assert ids.with_tenant(link, "t-1") == f"{link}&tid=t-1"
    assert ids.with_tenant(f"{link}&tid=t-2", "t-1") == f"{link}&tid=t-2"
    assert ids.with_tenant(link, None) == link
    assert ids.with_tenant("http://127.0.0.1:1/runs/j", "t") == "http://127.0.0.1:1/runs/j?tid=t"


def test_storage_spellings() -> None:
    place = StorageAddress("blob", "acct", "core.windows.net", "c", "a b/ü#1?.csv")
    assert place.https_url == "https://acct.blob.core.windows.net/c/a%20b/%C3%BC%231%3F.csv"
    assert place.abfss_url == "abfss://c@acct.dfs.core.windows.net/a b/ü#1?.csv"
    assert storage.parse_https(place.https_url) == place
    assert storage.parse_https(place.https_url + "?sv=1&sig=x") == place


def test_share_and_path_style_have_no_abfss() -> None:
    share = StorageAddress("file", "acct", "core.windows.net", "share", "p")
    assert (share.https_url, share.abfss_url) == ("https://acct.file.core.windows.net/share/p", None)
    local = StorageAddress("blob", "127.0.0.1:8443/emu", "local", "c", "p/")
    assert (local.https_url, local.abfss_url) == ("https://127.0.0.1:8443/emu.blob.local/c/p/", None)
    assert storage.parse_https(local.https_url) == local


@pytest.mark.parametrize(
    "url", ["https://example.com/c/p", "https://acct.blob.core.windows.net", "ftp://a.blob.x/c", "acct"]
)
def test_what_is_no_storage_address(url: str) -> None:
    assert storage.parse_https(url) is None


@settings(deadline=None)
@given(st.text(min_size=1, max_size=30).filter(lambda text: not text.startswith("/")))
def test_https_round_trip(path: str) -> None:
    place = StorageAddress("dfs", "acct", "core.windows.net", "c", path)
    try:
        url = place.https_url
    except UnicodeEncodeError:
        return
    assert storage.parse_https(url) == place
