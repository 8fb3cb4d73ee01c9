"""Indexes: versions, the latest and the next one, and what of one may change."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.emulator.service import Answer, Service

PLACE = "azureml://datastores/workspaceblobstore/paths/index"


@pytest.fixture
def name() -> str:
    """A name that was never used."""
    return f"i{uuid.uuid4().hex[:12]}"


def path(service: Service, rest: str = "") -> str:
    """Where indexes are."""
    return f"/genericasset{service.ws}/indexes{rest}"


def put(service: Service, name: str, version: str = "1", **more: Any) -> Answer:
    """PUT a version."""
    return service.put(path(service, f"/{name}/versions/{version}"), {"storageUri": PLACE, **more})


def test_an_index_is_made_and_changed(service: Service, name: str) -> None:
    made = put(service, name, properties={"a": "1"}, tags={"t": "1"})
    assert (made.status, made.body["stage"], made.body["storageUri"]) == (201, "Development", PLACE)
    assert made.body["id"].endswith(f"/indexes/{name}/versions/1")
    again = put(service, name, properties={"a": "2", "b": "3"}, tags={"u": "2"})
    assert (again.status, again.body["properties"], again.body["tags"]) == (200, {"a": "1", "b": "3"}, {"u": "2"})
    assert service.get(path(service, f"/{name}/versions/1")).body == again.body


def test_the_latest_the_next_and_all_versions(service: Service, name: str) -> None:
    following = f"/{name}:getNextVersion"
    assert service.post(path(service, following)).body["nextVersion"] == 1
    put(service, name, "1")
    put(service, name, "7", tags={"t": "x"})
    put(service, name, "8", stage="Archive")
    assert service.post(path(service, following)).body == {"nextVersion": 9, "latestVersion": "8"}
    assert service.get(path(service, f"/{name}")).body["id"].endswith("/versions/7")
    rows = service.get(path(service, f"/{name}/versions")).body["value"]
    assert [row["id"].rpartition("/")[2] for row in rows] == ["7", "1"]
    shown = service.get(path(service, f"/{name}/versions"), listViewType="All", skip="1", top="1").body["value"]
    assert [row["id"].rpartition("/")[2] for row in shown] == ["7"]
    assert len(service.get(path(service, f"/{name}/versions"), tags="t=x").body["value"]) == 1
    listed = service.get(path(service)).body["value"]
    assert [row["id"].rpartition("/")[2] for row in listed if f"/{name}/" in row["id"]] == ["7"]


def test_what_is_refused(service: Service, name: str) -> None:
    for missing in (f"/{name}", f"/{name}/versions/1"):
        assert service.get(path(service, missing)).status == 404
    assert put(service, name, colour="red").status == 400
    assert service.put(path(service, f"/{name}/versions/1"), {"stage": "Development"}).status == 400
