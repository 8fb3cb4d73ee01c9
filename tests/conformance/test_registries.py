"""The registry as Microsoft's client handles it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import RunScript


@pytest.fixture(scope="module")
def seen(run_script: RunScript) -> dict[str, Any]:
    """What the script saw."""
    return run_script("registries.py")


def text(content: str) -> str:
    """A file's content from its hexadecimal form."""
    return bytes.fromhex(content).decode()


def test_assets_are_created_and_read(seen: dict[str, Any]) -> None:
    assert seen["model"][0].startswith("azureml://registries/local/models/m-")
    assert (seen["model"][1], seen["listed"], seen["latest"]) == ("3", ["3"], "3")
    assert seen["environment"][0].startswith("azureml://registries/local/environments/e-")
    assert seen["data"].startswith("azureml://registries/local/data/d-")
    assert seen["component"].startswith("azureml://registries/local/components/c_")
    assert seen["found"] == "python show.py ${{inputs.rows}}"


def test_a_model_is_downloaded(seen: dict[str, Any]) -> None:
    assert [text(content) for content in seen["downloaded"].values()] == ["10"]


def test_a_model_is_shared_with_its_files(seen: dict[str, Any]) -> None:
    assert seen["shared"][0].endswith("/versions/7")
    assert [text(content) for content in seen["copied"].values()] == ["10"]


def test_versions_are_published_with_their_files(seen: dict[str, Any]) -> None:
    assert list(seen["published"].values()) == [b"10".hex()]
    assert seen["published data"] == ["uri_folder", "mcr/x"]
    assert seen["twice"].startswith("ResourceExistsError")
    assert "nowhere was not found" in seen["nowhere"]


def test_jobs_use_what_is_in_it(seen: dict[str, Any]) -> None:
    status, log = seen["ran"]
    assert (status, text(log).endswith("10a,b\n1,2\n")) == ("Completed", True)
    assert seen["component ran"] == "Completed"


def test_it_is_found(seen: dict[str, Any]) -> None:
    assert seen["registries"] == [["local"], "eastus"]
    assert seen["another"] == [True, True]
    assert seen["another gone"].startswith("ResourceNotFoundError")
    assert seen["absent"].startswith("ResourceNotFoundError")
