"""Assets, datastores and computes as Microsoft's client handles them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import RunScript
from tests.emulator_fixture import RunningEmulator


@pytest.fixture(scope="module")
def seen(run_script: RunScript) -> dict[str, Any]:
    """What the script saw."""
    return run_script("assets.py")


def test_data(seen: dict[str, Any]) -> None:
    data = seen["data"]
    assert data["versions"] == ["1", "2", "initial", "1"]
    assert data["paths"][0].startswith("azureml://subscriptions/")
    assert data["paths"][0].rstrip("/").endswith("/data")
    assert data["paths"][1].endswith("/a.csv")
    assert data["paths"][2] == "https://example.org/a.csv"
    assert data["latest"] == "initial"
    assert data["updated"] == {"n": "m"}
    assert data["clash"].startswith("ResourceExistsError")
    assert data["missing"].startswith("ResourceNotFoundError")
    assert data["archived"] == [["initial", "2"], ["initial", "2", "1"], ["initial", "2", "1"]]
    assert (data["names"], data["container archived"]) == (True, False)


def test_environments(seen: dict[str, Any]) -> None:
    found = seen["environments"]
    assert found["versions"] == ["1", "2"]
    assert found["conda"] == {"channels": ["conda-forge"], "dependencies": ["python=3.10"]}
    assert found["build"].endswith("/context/")
    assert found["latest"] == "2"
    assert found["curated"].startswith("AzureML-sklearn")
    assert found["archived"] == [["2"], ["2", "1"], ["2", "1"]]


def test_models(seen: dict[str, Any]) -> None:
    found = seen["models"]
    assert found["versions"] == ["1", "2"]
    assert found["latest"] == "2"
    assert set(found["downloaded"].values()) == {"0001"}
    assert len(found["downloaded"]) == 2
    assert found["changed"] == ["said", "Production"]
    assert found["archived"] == [["1"], ["2", "1"], ["2", "1"]]


def test_components(seen: dict[str, Any]) -> None:
    found = seen["components"]
    assert found["versions"] == ["1", "2"]
    assert (found["default"], found["latest"]) == ("2", "2")
    assert found["inputs"] == ["data", "number"]
    assert found["archived"] == [["2"], ["2", "1"], ["2", "1"]]


def test_datastores(seen: dict[str, Any]) -> None:
    found = seen["datastores"]
    assert found["default"] == "workspaceblobstore"
    assert {"workspaceblobstore", "workspaceartifactstore"} < set(found["listed"])
    assert found["secret"] == "c2VjcmV0"
    assert found["deleted"].startswith("ResourceNotFoundError")


def test_computes(seen: dict[str, Any]) -> None:
    found = seen["computes"]
    assert (found["state"], found["resized"], found["nodes"]) == ("Succeeded", 3, [])
    assert {"cpu-cluster", "gpu-cluster"} < set(found["listed"])
    assert found["deleted"].startswith("ResourceNotFoundError")
    assert found["instance"] == ["Running", "Stopped", "Running"]
    assert "is only allowed when the instance" in found["start"]


def test_the_workspace(seen: dict[str, Any], emulator: RunningEmulator) -> None:
    name = emulator["workspace_name"]
    assert seen["key"] is True
    assert seen["workspace"] == [name, emulator["region"], [name]]
