"""Online endpoints as Microsoft's client handles them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import RunScript


@pytest.fixture(scope="module")
def seen(run_script: RunScript) -> dict[str, Any]:
    """What the script saw."""
    return run_script("online.py")


def test_an_endpoint_is_created_and_read(seen: dict[str, Any]) -> None:
    name, uri, *rest = seen["endpoint"]
    assert uri.endswith(f"/online/{name}/score")
    assert rest == ["key", {"k": "v"}, "Succeeded"]
    assert seen["listed"] is True


def test_a_deployment_with_local_model_and_code_answers(seen: dict[str, Any]) -> None:
    assert seen["deployment"] == ["blue", "Succeeded", "Standard_DS3_v2", 1]
    assert seen["settings"] == [3000, 7]
    assert seen["traffic"] == {"blue": 100}
    assert (seen["invoked"], seen["by name"]) == ("[10, 20]", "[10, 20]")


def test_keys_are_made_anew_and_tokens_are_taken(seen: dict[str, Any]) -> None:
    assert seen["keys"] == [True, False]
    assert (seen["aml_token"], seen["aad_token"]) == ("[10, 20]", "[10, 20]")


def test_logs_are_read(seen: dict[str, Any]) -> None:
    assert "the factor is 10" in seen["logs"]
    assert "Code and model are in place" in seen["files"]


def test_failures_are_told(seen: dict[str, Any]) -> None:
    assert "ResourceNotReady: User container has crashed or terminated" in seen["bad"]
    assert "the weights do not fit" in seen["bad"]
    assert seen["bad state"] == "Failed"
    assert seen["wrong"].startswith("HttpResponseError")


def test_an_mlflow_model_needs_no_script(seen: dict[str, Any]) -> None:
    assert (seen["mlflow"], seen["predicted"]) == ("Succeeded", "[3.0, 8.0]")


def test_what_is_deleted_is_gone(seen: dict[str, Any]) -> None:
    assert seen["left"] == ["blue", "mlflow"]
    assert seen["gone"].startswith("ResourceNotFoundError")
