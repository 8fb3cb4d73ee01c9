"""What a job reads and writes, by OpenLineage's names."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.lifecycle.lineage import names
from airflow_azureml.lifecycle.lineage.datasets import MOST_DATASETS, Dataset, read_by, written
from airflow_azureml.lifecycle.lineage.names import Name
from airflow_azureml.rest.errors import ForbiddenError, UnreachableError
from airflow_azureml.rest.flow import Call
from airflow_azureml.rest.ids import parse_asset
from tests.rest.driving import WS, Drive, job, reply

HOME = "azureml://subscriptions/sub/resourcegroups/group/workspaces/ws"
BLOBS = "abfss://c@acct.dfs.core.windows.net"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://acct.blob.core.windows.net/c/a/b.csv", (BLOBS, "a/b.csv")),
        ("https://acct.dfs.core.windows.net/c/a/b/", (BLOBS, "a/b")),
        ("https://acct.blob.core.windows.net/c/a%20b?sv=1&sig=secret", (BLOBS, "a b")),
        ("https://acct.blob.core.windows.net/c", (BLOBS, "/")),
        ("abfss://c@acct.dfs.core.windows.net/a/b", (BLOBS, "a/b")),
        ("abfs://c@acct.dfs.core.windows.net/a/b", (BLOBS, "a/b")),
        ("wasbs://c@acct.blob.core.windows.net/a/b", (BLOBS, "a/b")),
        (
            "https://acct.blob.core.chinacloudapi.cn/c/a",
            ("abfss://c@acct.dfs.core.chinacloudapi.cn", "a"),
        ),
        (
            "https://127.0.0.1:8443/acct.blob.local/c/a/",
            ("abfss://c@acct.dfs.local", "a"),
        ),
        (
            "https://acct.file.core.windows.net/share/a",
            ("https://acct.file.core.windows.net", "share/a"),
        ),
        ("https://user:word@example.com/data.csv?token=secret", ("https://example.com", "data.csv")),
        ("s3://bucket/key", ("s3://bucket", "key")),
        ("azureml://jobs/j/outputs/o", None),
        ("./local.csv", None),
    ],
)
def test_one_place_has_one_name_however_it_is_written(address: str, name: tuple[str, str] | None) -> None:
    assert names.of_address(address) == name


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        (f"{WS.path}/data/cards/versions/3", (HOME, "data/cards")),
        (f"{HOME}/models/m/versions/1", (HOME, "models/m")),
        ("azureml://registries/Shared/models/m/versions/1", ("azureml://registries/shared", "models/m")),
    ],
)
def test_an_asset_has_one_name_for_all_versions(identity: str, name: tuple[str, str]) -> None:
    asset = parse_asset(identity)
    assert asset is not None
    assert names.of_asset(asset, WS) == name


class Service:
    """One blob datastore and one data asset."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.asked: list[str] = []

    def __call__(self, call: Any) -> Any:
        assert isinstance(call, Call)
        path = call.path.removeprefix(WS.path)
        self.asked.append(path)
        if self.trouble is not None:
            return self.trouble
        if path == "/datastores/blobs":
            inner = {"accountName": "acct", "containerName": "c", "endpoint": "core.windows.net"}
            return reply(200, {"name": "blobs", "properties": {"datastoreType": "AzureBlob", **inner}})
        if path == "/data/cards/versions/3":
            inner = {"dataType": "uri_file", "dataUri": f"{HOME}/datastores/blobs/paths/cards/3.csv"}
            return reply(200, {"id": f"{WS.path}{path}", "properties": inner})
        return reply(404)

    def read(self, **properties: Any) -> tuple[Dataset, ...]:
        """What a job with these properties reads."""
        return Drive(self).run(read_by(WS, job("j", "Completed", **properties)))


CARDS = Dataset(Name(BLOBS, "cards/3.csv"), "3", Name(HOME, "data/cards"))


def data(uri: str) -> dict[str, Any]:
    """An input."""
    return {"jobInputType": "uri_file", "uri": uri}


@pytest.mark.parametrize(
    "uri", [f"{WS.path}/data/cards/versions/3", "azureml:cards:3", f"{HOME}/data/cards/versions/3"]
)
def test_an_asset_is_the_place_where_it_lies_with_its_version(uri: str) -> None:
    assert Service().read(inputs={"cards": data(uri)}) == (CARDS,)


def test_paths_and_addresses_are_places_and_literals_are_none() -> None:
    inputs = {
        "a": data("azureml://datastores/blobs/paths/in/"),
        "b": data("https://acct.blob.core.windows.net/c/in"),
        "c": data("https://example.com/x.csv?sig=secret"),
        "d": {"jobInputType": "literal", "value": "5"},
        "e": None,
    }
    assert Service().read(inputs=inputs) == (Dataset(Name(BLOBS, "in")), Dataset(Name("https://example.com", "x.csv")))


def test_nodes_of_a_pipeline_and_tables_of_automl_are_read_too() -> None:
    steps = {
        "one": {"inputs": {"d": {"job_input_type": "uri_file", "uri": "azureml:cards:3"}}},
        "two": {"inputs": {"d": {"job_input_type": "literal", "value": "${{parent.jobs.one.outputs.o}}"}}},
        "three": "no step",
    }
    assert Service().read(jobType="Pipeline", jobs=steps, inputs={}) == (CARDS,)
    tables = {"trainingData": data("azureml:cards:3"), "testData": None}
    assert Service().read(jobType="AutoML", taskDetails=tables) == (CARDS,)


@pytest.mark.parametrize("trouble", [ForbiddenError("no", reply(403)), UnreachableError("gone")])
def test_what_cannot_be_looked_up_is_named_by_what_the_job_says(trouble: Exception) -> None:
    inputs = {"a": data("azureml:cards:3"), "b": data("azureml://datastores/blobs/paths/in/")}
    assert Service(trouble).read(inputs=inputs) == (
        Dataset(Name(HOME, "data/cards"), "3"),
        Dataset(Name(HOME, "datastores/blobs/paths/in")),
    )


def test_what_lies_in_a_registry_is_not_looked_up() -> None:
    service = Service()
    found = service.read(inputs={"m": data("azureml://registries/shared/models/m/versions/1")})
    assert found == (Dataset(Name("azureml://registries/shared", "models/m"), "1"),)
    assert service.asked == []


def test_of_very_many_inputs_some_are_named() -> None:
    inputs = {f"i{number}": data(f"https://example.com/{number}") for number in range(MOST_DATASETS + 9)}
    assert len(Service().read(inputs=inputs)) == MOST_DATASETS


def test_outputs_are_named_by_the_result() -> None:
    outputs = {
        "default": {"type": "uri_folder", "path": "x", "https_url": "https://acct.blob.core.windows.net/logs/x/"},
        "model": {
            "type": "mlflow_model",
            "path": f"{HOME}/datastores/blobs/paths/m/",
            "https_url": "https://acct.blob.core.windows.net/c/m/",
            "abfss_url": "abfss://c@acct.dfs.core.windows.net/m/",
            "asset_id": f"{WS.path}/models/m/versions/2",
        },
        "lake": {"type": "uri_file", "path": f"{HOME}/datastores/old/paths/f", "https_url": None, "abfss_url": None},
    }
    assert written(WS, outputs) == (
        Dataset(Name(BLOBS, "m"), "2", Name(HOME, "models/m")),
        Dataset(Name(HOME, "datastores/old/paths/f")),
    )
