"""What a region has to give: sizes of machines, usages, quotas."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.emulator.service import Answer, Service
from tests.emulator.workspace.test_computes import done, put

FAMILY = "Standard_DSv2_Family_Cluster_Dedicated_vCPUs"


@pytest.fixture
def region(service: Service) -> str:
    """The address of the region."""
    subscription = f"/subscriptions/{service.emulator['subscription_id']}"
    return f"{subscription}/providers/Microsoft.MachineLearningServices/locations/eastus"


def rows(answer: Answer) -> dict[str, dict[str, Any]]:
    """The rows of a list by their ids."""
    assert answer.status == 200
    return {row["id"]: row for row in answer.body["value"]}


def test_a_size_says_what_its_machine_has(service: Service, region: str) -> None:
    sizes = {row["name"]: row for row in service.get(f"{region}/vmSizes").body["value"]}
    size = sizes["Standard_DS3_v2"]
    assert (size["vCPUs"], size["memoryGB"], size["maxResourceVolumeMB"]) == (4, 14.0, 28672)
    assert size["supportedComputeTypes"] == ["AmlCompute", "ComputeInstance"]
    assert sizes["Standard_NC6s_v3"]["gpus"] == 1


def test_the_first_api_version_names_the_list_of_sizes_otherwise(service: Service, region: str) -> None:
    first = service.get(f"{region}/vmSizes", **{"api-version": "2020-08-01"})
    assert first.body == {"amlCompute": service.get(f"{region}/vmSizes").body["value"]}


def test_the_sizes_of_the_clusters_that_are_there_are_listed(service: Service, region: str) -> None:
    sizes = {row["name"].upper() for row in service.get(f"{region}/vmSizes").body["value"]}
    clusters = [row["properties"] for row in service.get("computes").body["value"]]
    assert {"STANDARD_DS3_V2", "STANDARD_NC6S_V3"} <= sizes & {row["properties"]["vmSize"] for row in clusters}


def test_a_running_instance_uses_cores_of_its_family(service: Service, region: str) -> None:
    name = f"c{uuid.uuid4().hex[:10]}"
    done(service, put(service, name, vmSize="STANDARD_DS4_V2"))
    own = f"{service.ws}/computes/{name}/usages/{FAMILY}"
    of_family = f"/subscriptions/{service.emulator['subscription_id']}/usages/{FAMILY}"

    def used() -> tuple[int, int]:
        found = rows(service.get(f"{region}/usages"))
        return found[own]["currentValue"], found[of_family]["currentValue"]

    mine, together = used()
    assert mine == 8
    assert together >= 8
    done(service, service.post(f"computes/{name}/stop"))
    assert used()[0] == 0
    service.request("DELETE", f"computes/{name}")


def test_a_quota_of_the_workspace_can_be_set(service: Service, region: str) -> None:
    own = f"{service.ws}/quotas/{FAMILY}"
    before = rows(service.get(f"{region}/quotas"))[own]["limit"]

    def update(*asked: dict[str, Any]) -> list[str]:
        answer = service.post(f"{region}/updateQuotas", {"value": list(asked)})
        return [row["status"] for row in answer.body["value"]]

    assert update(
        {"id": own, "type": "Microsoft.MachineLearningServices/workspaces/quotas", "limit": 12, "unit": "Count"},
        {"id": own, "limit": 1000},
        {"id": own, "limit": -1},
        {"id": f"{own}X", "limit": 1},
        {"id": own.replace("/workspaces/", "/workspaces/another-"), "limit": 1},
    ) == ["Success", "InvalidQuotaExceedsSubscriptionLimit", "Failure", "InvalidVMFamilyName", "Failure"]
    assert rows(service.get(f"{region}/quotas"))[own]["limit"] == 12
    assert update({"id": own, "limit": before}) == ["Success"]
    refused = service.post(f"{region}/updateQuotas", {"value": [{"id": own}]})
    assert (refused.status, "value[0].limit" in refused.body["error"]["message"]) == (400, True)


def test_another_region_is_not_emulated(service: Service, region: str) -> None:
    for what in ("vmSizes", "usages", "quotas"):
        answer = service.get(f"{region.replace('eastus', 'westus')}/{what}")
        assert (answer.status, answer.body["error"]["code"]) == (501, "NotEmulated")
        assert service.get(f"{region.replace('eastus', 'East%20US')}/{what}").status == 200
