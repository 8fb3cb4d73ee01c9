"""What a PATCH of each resource may change: anything else is refused, so that no change is passed over."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.emulator.online.service import OnlineService
from tests.emulator.service import ENVIRONMENT, Service
from tests.emulator_fixture import RunningEmulator

LOCATION = {"location": "eastus"}


@pytest.fixture(scope="module")
def places(emulator: RunningEmulator) -> dict[str, str]:
    """A resource of each kind that has a PATCH."""
    service, name = OnlineService(emulator), f"p-{uuid.uuid4().hex[:10]}"
    batch = {
        "compute": f"{service.ws}/computes/cpu-cluster",
        "environmentId": ENVIRONMENT,
        "model": {"referenceType": "Id", "assetId": service.model({"m.txt": b""}, "m.txt")},
        "codeConfiguration": {"codeId": service.code({"score.py": b""}), "scoringScript": "score.py"},
    }
    service.follow(service.put(f"batchEndpoints/{name}", {**LOCATION, "properties": {"authMode": "AADToken"}}))
    service.follow(service.put(f"batchEndpoints/{name}/deployments/one", {**LOCATION, "properties": batch}))
    service.set_online(name)
    assert service.deploy(name, "one") == "Succeeded"
    cluster = {"computeType": "AmlCompute", "properties": {"vmSize": "X"}}
    service.follow(service.put(f"computes/{name}", {**LOCATION, "properties": cluster}))
    service.run(name, "true")
    return {
        "batch endpoint": f"batchEndpoints/{name}",
        "batch deployment": f"batchEndpoints/{name}/deployments/one",
        "online endpoint": f"onlineEndpoints/{name}",
        "online deployment": f"onlineEndpoints/{name}/deployments/one",
        "compute": f"computes/{name}",
        "job": f"jobs/{name}",
    }


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("batch endpoint", {"properties": {"defaults": {"deploymentName": "one"}}}, "properties"),
        ("batch endpoint", {"tags": "x"}, "tags"),
        ("batch deployment", {"properties": {"miniBatchSize": 3}}, "properties.miniBatchSize"),
        ("batch deployment", {"properties": "x"}, "properties"),
        ("online endpoint", {"properties": {"traffic": {"one": 100}}}, "properties"),
        ("online endpoint", {"identity": []}, "identity"),
        ("online deployment", {"properties": {"model": "m"}}, "properties"),
        ("online deployment", {"sku": "x"}, "sku"),
        ("compute", {"properties": {"properties": {"vmSize": "Y"}}}, "properties.properties.vmSize"),
        ("compute", {"properties": {"properties": []}}, "properties.properties"),
        ("job", {"properties": {"displayName": "x"}}, "properties.displayName"),
        ("job", {"properties": "x"}, "properties"),
    ],
)
def test_what_it_cannot_change_is_refused(
    emulator: RunningEmulator, places: dict[str, str], kind: str, body: Any, field: str
) -> None:
    answer = Service(emulator).request("PATCH", places[kind], body)
    assert answer.status == 400, answer.content
    assert f'"PropertyName": "{field}"' in answer.body["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("batch endpoint", {"tags": {"a": "b"}, "identity": {"type": "SystemAssigned"}}),
        ("batch deployment", {"tags": {"a": "b"}, "properties": {"description": "said"}}),
        ("online endpoint", {"tags": {"a": "b"}, "identity": {"type": "SystemAssigned"}}),
        ("online deployment", {"tags": {"a": "b"}, "sku": {"name": "Default", "capacity": 2}}),
        ("compute", {"properties": {"properties": {"scaleSettings": {"minNodeCount": 0, "maxNodeCount": 3}}}}),
        ("job", {"properties": {"notificationSetting": {"emails": ["a@b.c"]}}}),
    ],
)
def test_what_it_can_change_is_taken(emulator: RunningEmulator, places: dict[str, str], kind: str, body: Any) -> None:
    answer = Service(emulator).request("PATCH", places[kind], body)
    assert answer.status in (200, 202), answer.content
