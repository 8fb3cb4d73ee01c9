"""The workspace, its region and its connections, judged by Microsoft's client."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import RunScript


@pytest.fixture(scope="module")
def seen(run_script: RunScript) -> dict[str, Any]:
    """What Microsoft's client saw."""
    return run_script("workspace.py")


def test_keys_and_a_diagnosis_of_the_workspace(seen: dict[str, Any]) -> None:
    has_key, account, insights = seen["keys"]
    assert has_key
    assert account.endswith("/storageAccounts/emuacct")
    assert insights is None
    assert seen["synced"] is None
    assert seen["diagnosis"] == [[]] * 9


def test_the_workspace_is_described_anew_and_no_other_is_made(seen: dict[str, Any]) -> None:
    assert seen["described"] == ["Ours", "Changed", True, "Enabled"]
    assert seen["made again"] == ["Theirs", "Changed", ["by", "more"]]
    assert "managedNetwork" in seen["network"]
    assert seen["as before"] == {}
    assert "NotEmulated" in seen["another"]


def test_sizes_and_usages_of_the_region(seen: dict[str, Any]) -> None:
    assert seen["size"] == ["standardDSv2Family", 0]
    assert "Standard_NC6s_v3" in seen["graphics"]
    assert seen["of a type"]
    assert "NotEmulated" in seen["elsewhere"]
    kinds = {"totalCores/usages", "dedicatedCores/usages", "vmFamily/usages", "workspaces/computes/usages"}
    assert kinds < set(seen["usages"])


def test_connections_show_their_secrets_when_they_are_asked_for(seen: dict[str, Any]) -> None:
    name, kind, target, metadata, password, resource = seen["made"]
    assert (kind, target, metadata, password) == ("snowflake", "jdbc:snowflake://x.example/?db=d", {"k": "v"}, None)
    assert resource.endswith(f"/connections/{name}")
    assert seen["found"] == ["snowflake", "username_password", None, True]
    assert seen["api"] == ["api_key", "https://a.example", None]
    assert (seen["secret"], seen["openai"], seen["s3"]) == ("k1", "k2", None)
    assert len(seen["listed"]) == 4
    assert [one.partition("-")[0] for one in seen["of a category"]] == ["s3"]
    assert seen["all secrets"] == ["k1"]
    assert seen["changed"] == {"k": "w"}
    assert seen["gone"].startswith("ResourceNotFoundError")
