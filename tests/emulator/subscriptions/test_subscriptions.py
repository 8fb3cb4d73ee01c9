"""The tenant, the subscription and the resource group, as ``az login`` and ``az group`` ask for them."""

from __future__ import annotations

from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator


def test_a_login_finds_the_tenant_and_its_subscription(service: Service, emulator: RunningEmulator) -> None:
    tenants = service.get("/tenants").body["value"]
    assert [row["tenantId"] for row in tenants] == [emulator["tenant_id"]]
    found = service.get("/subscriptions").body["value"]
    assert [(row["subscriptionId"], row["tenantId"], row["state"]) for row in found] == [
        (emulator["subscription_id"], emulator["tenant_id"], "Enabled")
    ]
    assert service.get(found[0]["id"]).body == found[0]
    regions = service.get(f"{found[0]['id']}/locations").body["value"]
    assert [row["name"] for row in regions] == [emulator["region"]]


def test_the_resource_group_is_there_and_no_other(service: Service, emulator: RunningEmulator) -> None:
    groups = f"/subscriptions/{emulator['subscription_id']}/resourceGroups"
    (group,) = service.get(groups).body["value"]
    assert (group["name"], group["location"]) == (emulator["resource_group"], emulator["region"])
    assert service.get(group["id"].lower()).body == group
    assert service.request("HEAD", group["id"]).status == 204
    assert service.request("HEAD", f"{groups}/other").status == 404
    assert service.get(f"{groups}/other").body["error"]["code"] == "ResourceGroupNotFound"
    assert service.get("/subscriptions/00000000-0000-0000-0000-000000000000").status == 404


def test_a_cloud_is_described_alone_from_2022_09_01_on(service: Service) -> None:
    (listed,) = service.get("/metadata/endpoints?api-version=2019-05-01").body
    assert service.get("/metadata/endpoints?api-version=2022-09-01").body == listed
    assert listed["resourceManager"].startswith(service.base)


def test_the_storage_account_and_its_key(service: Service, emulator: RunningEmulator) -> None:
    place = service.get("").body["properties"]["storageAccount"]
    account = service.get(place).body
    assert (account["id"], account["type"]) == (place, "Microsoft.Storage/storageAccounts")
    assert account["properties"]["primaryEndpoints"]["blob"] == f"{emulator['storage_url']}/"
    assert ".dfs." in account["properties"]["primaryEndpoints"]["dfs"]
    (key,) = service.post(f"{place}/listKeys").body["keys"]
    assert key["value"] == service.post("listStorageAccountKeys").body["userStorageKey"]
    group, subscription = place.rpartition("/")[0], place.partition("/resourceGroups/")[0]
    for listed in (group, f"{subscription}/providers/Microsoft.Storage/storageAccounts"):
        assert service.get(listed).body["value"] == [account]
    for other in (service.get(f"{group}/other"), service.post(f"{group}/other/listKeys")):
        assert (other.status, other.body["error"]["code"]) == (404, "ResourceNotFound")


def test_resources_are_listed_and_those_of_a_type(service: Service) -> None:
    group = service.ws.partition("/providers/")[0]
    for place in (group, group.partition("/resourceGroups/")[0]):
        everything = service.get(f"{place}/resources").body["value"]
        assert service.get(f"{place}/resources", **{"$filter": ""}).body["value"] == everything  # as az asks
        rows = {row["type"]: row for row in everything}
        workspace = rows["Microsoft.MachineLearningServices/workspaces"]
        assert (workspace["id"], "properties" in workspace) == (service.ws, False)
        assert {"Microsoft.Storage/storageAccounts", "Microsoft.MachineLearningServices/registries"} < set(rows)
        found = service.get(f"{place}/resources", **{"$filter": "resourceType eq 'microsoft.storage/storageAccounts'"})
        assert [row["name"] for row in found.body["value"]] == ["emuacct"]
    assert service.get(f"{group}/resources", **{"$filter": "name eq 'x'"}).status == 501
