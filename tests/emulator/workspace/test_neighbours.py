"""Workspaces and registries beside the emulator's own: made, listed, changed, deleted, and empty."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator.service import Service

BODIES: dict[str, dict[str, Any]] = {
    "workspaces": {"location": "westus", "kind": "Hub", "tags": {"a": "b"}, "properties": {"friendlyName": "Ours"}},
    "registries": {
        "location": "westus",
        "tags": {"a": "b"},
        "properties": {"regionDetails": [{"location": "westus"}], "publicNetworkAccess": "Disabled"},
    },
}
OWN = {"workspaces": "emulator-ws", "registries": "local"}


@pytest.fixture(params=list(BODIES))
def kind(request: pytest.FixtureRequest) -> str:
    """Workspaces, then registries."""
    return str(request.param)


@pytest.fixture
def name(service: Service, kind: str) -> Iterator[str]:
    """A name that was never used; what has it goes afterwards."""
    new = f"n{uuid.uuid4().hex[:12]}"
    yield new
    service.request("DELETE", path(service, kind, new))


def path(service: Service, kind: str, name: str = "") -> str:
    """Where a workspace or a registry is; where they are listed."""
    provider = service.ws.rpartition("/workspaces/")[0]
    return f"{provider}/{kind}/{name}".rstrip("/")


def made(service: Service, kind: str, name: str) -> str:
    """Make one; where it is."""
    place = path(service, kind, name)
    assert service.operation_end(service.put(place, BODIES[kind])) == "Succeeded"
    return place


def test_one_is_made_listed_changed_and_deleted(service: Service, kind: str, name: str) -> None:
    place = made(service, kind, name)
    found = service.get(place).body
    assert (found["id"], found["location"], found["tags"]) == (place, "westus", {"a": "b"})
    assert BODIES[kind]["properties"].items() <= found["properties"].items()
    subscription = place.partition("/resourceGroups/")[0]
    for listed in (path(service, kind), f"{subscription}/providers/Microsoft.MachineLearningServices/{kind}"):
        names = [row["name"] for row in service.get(listed).body["value"]]
        assert (names[0], name in names) == (OWN[kind] if kind == "registries" else service.ws.rpartition("/")[2], True)
    assert service.request("PATCH", place, {"tags": {"c": "d"}}).body["tags"] == {"c": "d"}
    again = service.put(place.upper().replace("SUBSCRIPTIONS", "subscriptions"), BODIES[kind])
    assert (service.operation_end(again), service.get(place).body["name"]) == ("Succeeded", name)
    gone = service.request("DELETE", place)
    assert (gone.status, service.operation_end(gone)) == (202, "Succeeded")
    assert service.get(place).body["error"]["code"] == "ResourceNotFound"
    assert service.request("DELETE", place).status == 204
    assert service.request("PATCH", place, {"tags": {}}).status == 404


def test_nothing_is_in_one(service: Service, kind: str, name: str) -> None:
    place = path(service, kind, name)
    assert service.get(f"{place}/models/m/versions/1").body["error"]["code"] == "ResourceNotFound"
    made(service, kind, name)
    inside = service.get(f"{place}/models/m/versions/1")
    assert (inside.status, inside.body["error"]["code"]) == (501, "NotEmulated")
    assert name in inside.body["error"]["message"]


def test_the_emulators_own_stays(service: Service, kind: str) -> None:
    own = service.ws if kind == "workspaces" else path(service, kind, OWN[kind])
    answer = service.request("DELETE", own)
    assert (answer.status, answer.body["error"]["code"]) == (501, "NotEmulated")
    assert service.get(own).status == 200


def test_what_is_refused(service: Service, kind: str, name: str) -> None:
    place = path(service, kind, name)
    assert service.put(place, {**BODIES[kind], "colour": "blue"}).status == 400
    assert service.put(path(service, kind, "a.b"), BODIES[kind]).status == 400
    assert service.get(place).status == 404


def test_workspaces_are_listed_by_kind(service: Service) -> None:
    name = f"n{uuid.uuid4().hex[:12]}"
    place = made(service, "workspaces", name)
    hubs = [row["name"] for row in service.get(path(service, "workspaces"), kind="hub,project").body["value"]]
    others = [row["name"] for row in service.get(path(service, "workspaces"), kind="Default").body["value"]]
    service.request("DELETE", place)
    assert (name in hubs, name in others, service.ws.rpartition("/")[2] in others) == (True, False, True)


def test_discovery_of_another_registry_says_that_it_is_empty(service: Service) -> None:
    name = f"n{uuid.uuid4().hex[:12]}"
    place = made(service, "registries", name)
    assert service.get(f"/registrymanagement/v1.0/registries/{name}/discovery").status == 501
    service.request("DELETE", place)


def test_an_injected_fault_fails_an_operation(service: Service, kind: str, name: str) -> None:
    service.emulator.fault("operation_fails", route=f"PUT .*/{kind}/{name}$", times=1)
    answer = service.put(path(service, kind, name), BODIES[kind])
    assert service.operation_end(answer) == "Failed"
