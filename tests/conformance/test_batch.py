"""Batch endpoints as Microsoft's client handles them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import RunScript
from tests.emulator_fixture import RunningEmulator


@pytest.fixture(scope="module")
def seen(run_script: RunScript) -> dict[str, Any]:
    """What the script saw."""
    return run_script("batch.py")


def text(content: str) -> str:
    """A file's content from its hexadecimal form."""
    return bytes.fromhex(content).decode()


def test_an_endpoint_is_created_and_read(seen: dict[str, Any], emulator: RunningEmulator) -> None:
    name, uri, *rest = seen["endpoint"]
    assert uri == f"{str(emulator['endpoint']).rstrip('/')}/scoring/{name}/jobs"
    assert rest == ["aad_token", {"k": "v"}, "d", "Succeeded"]
    assert seen["listed"] is True


def test_a_deployment_with_local_model_and_code_is_created(seen: dict[str, Any]) -> None:
    assert seen["deployment"][:4] == ["first", 2, "mine.csv", -1]
    assert seen["deployment"][4].endswith("/computes/cpu-cluster")
    assert seen["retries"] == [1, 20]
    assert seen["names"] == ["first", "second"]


def test_the_default_deployment_is_asked(seen: dict[str, Any]) -> None:
    assert seen["no default"].startswith("HttpResponseError: No valid deployments to route to.")
    assert seen["default"] == "first"
    assert "absent not found" in seen["unknown"]


def test_a_job_is_invoked_followed_and_its_scores_downloaded(seen: dict[str, Any]) -> None:
    name, status = seen["invoked"]
    assert (name.startswith("batchjob-"), status) == (True, "Preparing")
    assert seen["done"][:2] == ["pipeline", "Completed"]
    assert seen["done"][2:] == [seen["endpoint"][0], "true"]
    assert seen["stream_error"] == ""
    assert "Streaming logs/azureml/executionlogs.txt" in seen["log"]
    assert {name: text(content) for name, content in seen["scores"].items()} == {
        "mine.csv": "f0.txt 0\nf1.txt 10\nf2.txt 20\n"
    }


def test_jobs_are_listed(seen: dict[str, Any]) -> None:
    assert (seen["jobs"], seen["second's"]) == (True, True)


def test_a_pipeline_component_is_deployed_and_invoked(seen: dict[str, Any]) -> None:
    assert "/components/pipe_" in seen["third"]
    assert seen["graph"] == ["pipeline", "Completed", "batch-graphs"]
    assert text(seen["graph files"]["named-outputs/out/a.txt"]).startswith("hello 5\nf0.txt\n")


def test_a_pipeline_job_is_deployed_and_invoked(seen: dict[str, Any]) -> None:
    assert seen["repeated"] == "Completed"
    assert text(seen["repeated files"]["named-outputs/out/a.txt"]).startswith("again 7\nf0.txt\n")


def test_what_is_deleted_is_gone(seen: dict[str, Any]) -> None:
    assert seen["left"] == ["first", "fourth", "third"]
    assert seen["gone"].startswith("ResourceNotFoundError")
