"""Paths of the file system, taken apart: each form of Azure ML's addresses that has files, and what is none."""

from __future__ import annotations

import pytest

from airflow_azureml.filesystems.places import Place, connection, stripped
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import AssetId, DatastorePath, JobOutputPath, Workspace

WS = Workspace("s", "g", "w")
LONG = "subscriptions/s/resourcegroups/g/workspaces/w"


@pytest.mark.parametrize(
    ("path", "root", "name", "origin"),
    [
        ("datastores/d/paths/a/b", "datastores/d/paths", "a/b", DatastorePath("d", "")),
        ("datastores/d/paths", "datastores/d/paths", "", DatastorePath("d", "")),
        ("datastores/d", "datastores/d", "", DatastorePath("d", "")),
        ("datastores/d/ExperimentRun/dcid.j", "datastores/d", "ExperimentRun/dcid.j", DatastorePath("d", "")),
        ("Datastores/d/Paths/data/x/versions/1", "Datastores/d/Paths", "data/x/versions/1", DatastorePath("d", "")),
        (f"{LONG}/datastores/d/paths/a", f"{LONG}/datastores/d/paths", "a", DatastorePath("d", "", WS)),
        ("data/n/versions/1", "data/n/versions/1", "", AssetId("data", "n", "1")),
        ("data/n/versions/1/a/b.csv", "data/n/versions/1", "a/b.csv", AssetId("data", "n", "1")),
        ("data/n/labels/latest/a", "data/n/labels/latest", "a", AssetId("data", "n", label="latest")),
        (f"{LONG}/Models/n/versions/1/a", f"{LONG}/Models/n/versions/1", "a", AssetId("models", "n", "1", None, WS)),
        (
            "subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/data/n/versions/1",
            "subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/data/n/versions/1",
            "",
            AssetId("data", "n", "1", None, WS),
        ),
        ("jobs/j/outputs/o/paths/a", "jobs/j/outputs/o/paths", "a", JobOutputPath("j", "o")),
        ("jobs/j/outputs/o", "jobs/j/outputs/o", "", JobOutputPath("j", "o")),
        (f"{LONG}/jobs/j/outputs/o/a", f"{LONG}/jobs/j/outputs/o", "a", JobOutputPath("j", "o", "", WS)),
    ],
)
def test_each_form_is_read(path: str, root: str, name: str, origin: object) -> None:
    place = Place.parse(path)
    assert (place.root, place.name, place.origin) == (root, name, origin)
    assert place.path("z") == f"{root}/z"
    assert place.path("") == root


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a",
        "datastores",
        "jobs/j",
        "data/n",
        "data/n/versions",
        "environments/n/versions/1",
        "data/n/labels/other",
        "registries/r/models/n/versions/1/a",
        "locations/l/workspaces/w/data/n/versions/1",
        "subscriptions/s/datastores/d/paths/a",
    ],
)
def test_what_has_no_files_is_refused_with_what_is_accepted(path: str) -> None:
    with pytest.raises(SpecError, match=r"no path of files. Expected azureml://datastores/<datastore>/paths/<path>, "):
        Place.parse(path)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("datastores/d/paths/a/../b/./c", "b/c"),
        ("datastores/d/paths/a/..", ""),
        ("data/n/versions/1/./a/../b.csv", "b.csv"),
        ("jobs/j/outputs/o/paths/..a/b.", "..a/b."),
    ],
)
def test_dots_are_resolved_within_the_origin(path: str, name: str) -> None:
    assert Place.parse(path).name == name


@pytest.mark.parametrize(
    "path",
    ["datastores/d/paths/../x", "datastores/d/../x", "datastores/d/paths/a/../../x", "data/n/versions/1/../2/a"],
)
def test_a_path_out_of_its_origin_is_refused(path: str) -> None:
    with pytest.raises(SpecError, match=f"path: azureml://{path} leads out of the datastore, asset or output"):
        Place.parse(path)


@pytest.mark.parametrize(
    ("address", "path", "conn_id"),
    [
        ("azureml://datastores/d/paths/a/", "datastores/d/paths/a", None),
        ("azureml://conn@datastores/d/paths/a@b", "datastores/d/paths/a@b", "conn"),
        ("azureml://conn@/datastores/d/paths/a", "datastores/d/paths/a", "conn"),
        ("azureml:///datastores/d/paths/a", "datastores/d/paths/a", None),
        ("AzureML://datastores/d/paths/a", "datastores/d/paths/a", None),
        ("/datastores/d/paths/a@b", "datastores/d/paths/a@b", None),
        ("azureml://conn@datastores/d/paths/a/../b/./c", "datastores/d/paths/b/c", "conn"),
        ("azureml://datastores/d/paths/a/..", "datastores/d/paths", None),
        ("azureml://datastores/d/paths/../x", "datastores/d/paths/../x", None),
    ],
)
def test_addresses_are_stripped_to_paths(address: str, path: str, conn_id: str | None) -> None:
    assert (stripped(address), connection(address)) == (path, conn_id)
