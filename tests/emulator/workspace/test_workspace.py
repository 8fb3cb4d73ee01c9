"""The workspace itself: its keys, and what can be asked about it."""

from __future__ import annotations

from collections.abc import Iterator
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


@pytest.fixture
def undescribed(service: Service) -> Iterator[Service]:
    """The emulator; what a test said about the workspace is forgotten afterwards."""
    yield service
    forgotten = service.put("", {"location": "eastus", "properties": {}})
    assert forgotten.status == 200, forgotten.content


def test_a_change_of_the_workspace_leaves_what_it_does_not_name(undescribed: Service) -> None:
    service, before = undescribed, undescribed.get("").body
    one, two = "/subscriptions/s/one", "/subscriptions/s/two"
    assigned = {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {one: {}, two: {}}}
    told = {"tags": {"a": "1"}, "identity": assigned, "properties": {"description": "d", "imageBuildCompute": "c"}}
    changed = service.request("PATCH", "", told)
    assert (changed.status, changed.body) == (200, service.get("").body)
    service.request(
        "PATCH", "", {"identity": {"userAssignedIdentities": {one: None}}, "properties": {"description": "e"}}
    )
    now = service.get("").body
    assert (now["tags"], now["properties"]["description"]) == ({"a": "1"}, "e")
    assert now["properties"] == {**before["properties"], "description": "e", "imageBuildCompute": "c"}
    assert now["identity"] == {**before["identity"], "type": assigned["type"], "userAssignedIdentities": {two: {}}}
    assert service.get(service.ws.rpartition("/")[0]).body["value"][0] == now


def test_making_the_workspace_again_forgets_what_was_said(undescribed: Service) -> None:
    service, before = undescribed, undescribed.get("").body
    service.request("PATCH", "", {"tags": {"a": "1"}, "properties": {"description": "d"}})
    again = service.put("", {**before, "tags": {"b": "2"}, "properties": {**before["properties"], "friendlyName": "F"}})
    assert (again.status, again.body["tags"], again.body["properties"]["friendlyName"]) == (200, {"b": "2"}, "F")
    assert again.body["properties"] == {**before["properties"], "friendlyName": "F"}


def test_another_workspace_is_not_made_of_it(service: Service) -> None:
    before = service.get("").body
    for body in ({"encryption": {"status": "Enabled"}}, {"managedNetwork": {"isolationMode": "AllowInternetOutbound"}}):
        assert service.request("PATCH", "", {"properties": body}).status == 501
    elsewhere = {"storageAccount": "/subscriptions/s/other"}
    assert service.put("", {"location": "eastus", "properties": elsewhere}).status == 501
    assert service.request("PATCH", "", {"properties": {"colour": "red"}}).status == 400
    assert service.request("PATCH", "", {"properties": {"publicNetworkAccess": "Sometimes"}}).status == 400
    assert service.get("").body == before
