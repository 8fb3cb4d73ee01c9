"""Online endpoints and deployments: their operations, their keys and tokens, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.online.service import OnlineService
from tests.emulator_fixture import RunningEmulator


@pytest.fixture(scope="module")
def service(emulator: RunningEmulator) -> OnlineService:
    """The session's emulator."""
    return OnlineService(emulator)


@pytest.fixture(scope="module")
def endpoint(service: OnlineService) -> str:
    """An endpoint with two deployments that serve."""
    name = service.online()
    assert (service.deploy(name, "blue"), service.deploy(name, "green", factor="3")) == ("Succeeded", "Succeeded")
    service.set_online(name, traffic={"blue": 100})
    return name


class TestOperations:
    """Endpoints and deployments as ARM resources."""

    def test_creating_an_endpoint_is_an_operation(self, service: OnlineService) -> None:
        body = {"location": "eastus", "tags": {"a": "b"}, "properties": {"authMode": "key", "description": "d"}}
        answer = service.put("onlineEndpoints/on-created", body)
        assert answer.status == 201
        assert "/mfeOperationsStatus/oe:" in answer.headers["azure-asyncoperation"]
        properties = answer.body["properties"]
        assert (properties["provisioningState"], properties["scoringUri"]) == ("Creating", None)
        assert service.ended(answer)["status"] == "Succeeded"
        found = service.get("onlineEndpoints/ON-created").body
        assert (found["name"], found["tags"], found["kind"]) == ("on-created", {"a": "b"}, "Managed")
        shown = found["properties"]
        assert (shown["authMode"], shown["traffic"], shown["mirrorTraffic"]) == ("Key", {}, {})
        assert shown["scoringUri"].endswith("/online/on-created/score")
        assert shown["keys"] is None
        assert found["id"] in [row["id"] for row in service.get("onlineEndpoints").body["value"]]

    def test_a_deployment_is_completed_with_the_service_s_defaults(self, service: OnlineService, endpoint: str) -> None:
        found = service.get(f"onlineEndpoints/{endpoint}/deployments/blue").body
        properties = found["properties"]
        assert (properties["provisioningState"], properties["endpointComputeType"]) == ("Succeeded", "Managed")
        assert properties["requestSettings"]["requestTimeout"] == "PT5S"
        assert properties["livenessProbe"]["failureThreshold"] == 30
        assert found["sku"] == {"name": "Default", "tier": "Standard", "capacity": 1}
        assert [row["name"] for row in service.get(f"onlineEndpoints/{endpoint}/deployments").body["value"]] == [
            "blue",
            "green",
        ]
        assert service.get(f"onlineEndpoints/{endpoint}/deployments/blue/skus").body["value"][0]["sku"]["name"]

    def test_a_patch_changes_tags_and_instances(self, service: OnlineService, endpoint: str) -> None:
        path = f"onlineEndpoints/{endpoint}/deployments/green"
        answer = service.request("PATCH", path, {"tags": {"k": "v"}, "sku": {"capacity": 2}})
        assert answer.status == 200
        assert service.ended(answer)["status"] == "Succeeded"
        found = service.get(path).body
        assert (found["tags"], found["sku"]["capacity"]) == ({"k": "v"}, 2)

    def test_a_patch_of_an_old_version_changes_properties(self, service: OnlineService) -> None:
        """As azureml-mlflow 1.62 sends it: shares of traffic, and another model or setting of a deployment."""
        old: dict[str, Any] = {"api-version": "2022-02-01-preview"}
        name = service.online()
        service.deploy(name, "one")
        shares = {"location": "eastus", "properties": {"traffic": {"one": 100}}}
        refused = service.request("PATCH", f"onlineEndpoints/{name}", shares)
        assert (refused.status, "properties" in refused.body["error"]["message"]) == (400, True)
        answer = service.request("PATCH", f"onlineEndpoints/{name}", shares, **old)
        assert service.ended(answer)["status"] == "Succeeded"
        found = service.get(f"onlineEndpoints/{name}").body["properties"]
        assert (found["traffic"], found["authMode"]) == ({"one": 100}, "Key")
        wrong = service.request("PATCH", f"onlineEndpoints/{name}", {"properties": {"traffic": {"two": 100}}}, **old)
        assert wrong.status == 400
        path = f"onlineEndpoints/{name}/deployments/one"
        before = service.get(path).body["properties"]
        changed = {"endpointComputeType": "Managed", "environmentVariables": {"A": "1"}}
        body = {"location": "eastus", "sku": {"name": "Default", "capacity": 2}, "properties": changed}
        answer = service.request("PATCH", path, body, **old)
        assert service.ended(answer)["status"] == "Succeeded"
        after = service.get(path).body
        assert (after["properties"], after["sku"]["capacity"]) == ({**before, "environmentVariables": {"A": "1"}}, 2)

    def test_deleting_an_endpoint_takes_its_deployments_along(self, service: OnlineService) -> None:
        name = service.online()
        service.deploy(name, "gone")
        answer = service.request("DELETE", f"onlineEndpoints/{name}")
        assert (answer.status, answer.content) == (202, b"null")
        assert service.ended(answer)["status"] == "Succeeded"
        assert service.get(f"onlineEndpoints/{name}").status == 404
        assert service.request("DELETE", f"onlineEndpoints/{name}").status == 204
        service.set_online(name)
        assert service.get(f"onlineEndpoints/{name}/deployments").body["value"] == []

    @pytest.mark.parametrize(
        ("change", "status", "word"),
        [
            ({"instanceType": None}, 400, "instanceType"),
            ({"environmentId": None}, 400, "environmentId"),
            ({"environmentId": "azureml:absent:1"}, 400, "absent"),
            ({"model": "azureml:absent:1"}, 400, "absent"),
            ({"codeConfiguration": None}, 400, "codeConfiguration"),
            ({"unknown": 1}, 400, "unknown"),
            ({"requestSettings": {"requestTimeout": "PT5M"}}, 400, "requestTimeout"),
            ({"endpointComputeType": "Kubernetes"}, 501, "Kubernetes"),
            ({"codeConfiguration": None, "model": None}, 501, "custom containers"),
            ({"sku": {"name": "Default", "capacity": 0}}, 400, "sku.capacity"),
        ],
    )
    def test_what_does_not_fit_is_refused(
        self, service: OnlineService, endpoint: str, change: dict[str, Any], status: int, word: str
    ) -> None:
        answer = service.begin_deploy(endpoint, "refused", **change)
        assert answer.status == status
        assert word in answer.body["error"]["message"]

    @pytest.mark.parametrize(
        ("properties", "word"),
        [
            ({"traffic": {"absent": 100}}, "absent"),
            ({"traffic": {"blue": 90}}, "add up to 90"),
            ({"traffic": {"blue": 100}, "mirrorTraffic": {"green": 60}}, "more than 50"),
            ({"traffic": {"blue": 90, "green": 10}, "mirrorTraffic": {"green": 10}}, "live or mirrored"),
            ({"mirrorTraffic": {"green": 10, "blue": 10}}, "several"),
        ],
    )
    def test_the_rules_of_traffic(
        self, service: OnlineService, endpoint: str, properties: dict[str, Any], word: str
    ) -> None:
        body = {"location": "eastus", "properties": {"authMode": "Key", **properties}}
        answer = service.put(f"onlineEndpoints/{endpoint}", body)
        assert (answer.status, word in answer.body["error"]["message"]) == (400, True)

    def test_a_deployment_with_traffic_is_not_deleted(self, service: OnlineService, endpoint: str) -> None:
        answer = service.request("DELETE", f"onlineEndpoints/{endpoint}/deployments/blue")
        assert (answer.status, answer.inner[-1]) == (400, "DeploymentHasTraffic")


class TestCredentials:
    """Keys and tokens."""

    def test_a_key_is_made_anew(self, service: OnlineService, endpoint: str) -> None:
        before = service.keys(endpoint)
        path = f"onlineEndpoints/{endpoint}/regenerateKeys"
        # Microsoft's client sends the key that there is.
        answer = service.post(path, {"keyType": "Secondary", "keyValue": before["secondaryKey"]})
        assert answer.status == 202
        assert service.ended(answer)["status"] == "Succeeded"
        after = service.keys(endpoint)
        assert after["primaryKey"] == before["primaryKey"]
        assert after["secondaryKey"] != before["secondaryKey"]
        data = {"data": [1]}
        assert service.scored(endpoint, data, credential=after["secondaryKey"]).status == 200
        assert service.scored(endpoint, data, credential=before["secondaryKey"]).status == 401

    @pytest.mark.parametrize(
        ("credential", "text"), [("", b"key_auth_bad_header_forbidden"), ("no", b"key_auth_access_denied")]
    )
    def test_a_wrong_key_is_refused(self, service: OnlineService, endpoint: str, credential: str, text: bytes) -> None:
        answer = service.scored(endpoint, {"data": []}, credential=credential)
        assert (answer.status, answer.content) == (401, text)

    def test_each_mode_takes_its_own_credential(self, service: OnlineService) -> None:
        name, other = service.online("AMLToken"), service.online("AMLToken")
        service.deploy(name, "blue")
        service.set_online(name, authMode="AMLToken", traffic={"blue": 100})
        token = service.post(f"onlineEndpoints/{name}/token").body
        assert token["expiryTimeUtc"] - token["refreshAfterTimeUtc"] == 12 * 3600
        assert service.scored(name, {"data": [4]}, credential=token["accessToken"]).body == [8]
        foreign = service.post(f"onlineEndpoints/{other}/token").body["accessToken"]
        assert service.scored(name, {"data": [4]}, credential=foreign).status == 401
        assert service.scored(name, {"data": [4]}, credential=service.token(service.ml)).status == 401
        assert service.post(f"onlineEndpoints/{name}/listKeys").status == 400
        service.set_online(name, authMode="AADToken", traffic={"blue": 100})
        assert service.scored(name, {"data": [4]}, credential=service.token(service.ml)).body == [8]
        assert service.scored(name, {"data": [4]}, credential=token["accessToken"]).status == 401
        assert service.scored(name, {"data": [4]}, credential=service.token(service.base)).status == 401
