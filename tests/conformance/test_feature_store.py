"""Feature sets and their entities, serverless endpoints and marketplace subscriptions, judged by Microsoft's client."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import RunScript


@pytest.fixture(scope="module")
def seen(run_script: RunScript) -> dict[str, Any]:
    """What Microsoft's client saw."""
    return run_script("feature_store.py")


def test_feature_sets_of_entities(seen: dict[str, Any]) -> None:
    name, version, columns = seen["entity"]
    assert (version, columns) == ("1", [["id", "string"]])
    assert seen["set"] == [f"azureml:{name}:1"]
    assert seen["features"] == [["balance", "Double"]]
    assert (seen["feature"], seen["materialized"]) == ("balance", 0)
    assert (seen["archived"], seen["listed"]) == ([[0, 1]] * 2, [True] * 2)


def test_a_serverless_endpoint_of_a_model_that_was_subscribed_to(seen: dict[str, Any]) -> None:
    assert seen["subscription"] == ["subscribed", "azureml://registries/azureml-meta/models/Llama-2-7b-chat"]
    assert seen["endpoint"] == ["Key", "succeeded", True]
    assert (seen["keys"], seen["there"], seen["left"]) == (2, True, [])


def test_indexes_have_versions(seen: dict[str, Any]) -> None:
    assert seen["index"] == ["2", "two", True]
    assert seen["indexes"] == [2, True]
