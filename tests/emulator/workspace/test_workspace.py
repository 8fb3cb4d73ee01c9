"""The workspace itself: its keys, and what can be asked about it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.service import Service


def test_the_keys_are_those_of_the_storage_account(service: Service) -> None:
    keys = service.post("listKeys").body
    assert keys["userStorageKey"]
    assert service.post("listStorageAccountKeys").body == {"userStorageKey": keys["userStorageKey"]}
    assert service.post("resyncKeys").status == 200
    assert service.post("listKeys").body == keys


def test_there_are_no_notebooks(service: Service) -> None:
    assert set(service.post("listNotebookKeys").body.values()) == {None}
    token = service.post("listNotebookAccessToken").body
    assert (token["accessToken"], token["tokenType"]) == (None, "Bearer")


def test_a_diagnosis_finds_nothing_and_refuses_what_it_does_not_know(service: Service) -> None:
    bodies: tuple[dict[str, Any] | None, ...] = (None, {"value": {"udr": {}, "keyVault": {}}})
    for body in bodies:
        assert set(map(str, service.post("diagnose", body).body["value"].values())) == {"[]"}
    assert service.post("diagnose", {"value": {"weather": {}}}).status == 400


@pytest.mark.parametrize("what", ["features", "privateEndpointConnections"])
def test_lists_of_what_is_not_here(service: Service, what: str) -> None:
    assert service.get(what).body == {"value": []}


def test_private_links(service: Service) -> None:
    (link,) = service.get("privateLinkResources").body["value"]
    assert link["properties"]["groupId"] == "amlworkspace"
    assert service.get("privateEndpointConnections/x").status == 404
    assert service.request("DELETE", "privateEndpointConnections/x").status == 204


def test_the_operations_of_the_resource_provider(service: Service) -> None:
    rows = {
        row["name"]: row for row in service.get("/providers/Microsoft.MachineLearningServices/operations").body["value"]
    }
    row = rows["Microsoft.MachineLearningServices/workspaces/jobs/cancel/action"]
    assert (row["display"]["resource"], row["display"]["operation"]) == ("workspaces/jobs", "cancel")
