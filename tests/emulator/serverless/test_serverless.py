"""Serverless endpoints and marketplace subscriptions: their operations, keys, and what is refused."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.emulator.service import Answer, Service

MODEL = "azureml://registries/azureml-meta/models/Llama-2-7b-chat"


@pytest.fixture
def name() -> str:
    """A name that was never used."""
    return f"s{uuid.uuid4().hex[:12]}"


def put(service: Service, name: str, **properties: Any) -> Answer:
    """PUT an endpoint."""
    given = {"modelSettings": {"modelId": MODEL}, **properties}
    return service.put(f"serverlessEndpoints/{name}", {"location": "eastus", "properties": given})


def subscribe(service: Service, name: str, model: str) -> Answer:
    """PUT a subscription."""
    return service.put(f"marketplaceSubscriptions/{name}", {"properties": {"modelId": model}})


def test_an_endpoint_is_made_changed_and_deleted(service: Service, name: str) -> None:
    made = put(service, name)
    assert (made.status, made.body["properties"]["authMode"]) == (201, "Key")
    assert service.operation_end(made) == "Succeeded"
    found = service.get(f"serverlessEndpoints/{name}").body
    assert found["properties"]["endpointState"] == "Online"
    assert found["properties"]["inferenceEndpoint"]["uri"].endswith(f"/serverless/{name}")
    changed = service.request("PATCH", f"serverlessEndpoints/{name}", {"tags": {"a": "b"}})
    assert (changed.status, service.operation_end(changed)) == (200, "Succeeded")
    rows = service.get("serverlessEndpoints").body["value"]
    assert [row["tags"] for row in rows if row["name"] == name] == [{"a": "b"}]
    gone = service.request("DELETE", f"serverlessEndpoints/{name}")
    assert (gone.status, service.operation_end(gone)) == (202, "Succeeded")
    assert service.get(f"serverlessEndpoints/{name}").inner == ["NotFound", "EndpointNotFound"]
    assert service.request("DELETE", f"serverlessEndpoints/{name}").status == 204


def test_an_endpoint_names_the_subscription_to_its_model(service: Service, name: str) -> None:
    model = f"{MODEL}-{name}"
    service.operation_end(put(service, name, modelSettings={"modelId": model}))
    assert service.get(f"serverlessEndpoints/{name}").body["properties"]["marketplaceSubscriptionId"] is None
    made = subscribe(service, name, model)
    assert made.body["properties"]["provisioningState"] == "Creating"
    assert service.operation_end(made) == "Succeeded"
    subscription = service.get(f"marketplaceSubscriptions/{name}").body
    assert subscription["properties"]["marketplaceSubscriptionStatus"] == "Subscribed"
    endpoint = service.get(f"serverlessEndpoints/{name}").body
    assert endpoint["properties"]["marketplaceSubscriptionId"] == subscription["id"]
    assert name in [row["name"] for row in service.get("marketplaceSubscriptions").body["value"]]
    assert service.operation_end(service.request("DELETE", f"marketplaceSubscriptions/{name}")) == "Succeeded"
    missing = service.get(f"marketplaceSubscriptions/{name}")
    assert (missing.status, missing.inner[-1]) == (404, "MarketplaceSubscriptionNotFound")


def test_a_new_key_is_the_result_of_its_operation(service: Service, name: str) -> None:
    service.operation_end(put(service, name))
    before = service.post(f"serverlessEndpoints/{name}/listKeys").body
    asked = {"keyType": "Primary", "keyValue": before["primaryKey"]}
    answer = service.post(f"serverlessEndpoints/{name}/regenerateKeys", asked)
    assert (answer.status, service.operation_end(answer)) == (202, "Succeeded")
    after = service.get(answer.headers["location"])
    assert after.body == service.post(f"serverlessEndpoints/{name}/listKeys").body
    assert after.body["primaryKey"] != before["primaryKey"]
    assert after.body["secondaryKey"] == before["secondaryKey"]


def test_an_endpoint_that_takes_tokens_alone_has_no_keys(service: Service, name: str) -> None:
    service.operation_end(put(service, name, authMode="AAD"))
    assert service.post(f"serverlessEndpoints/{name}/listKeys").inner == ["BadArgument", "AuthModeMismatch"]


def test_what_is_refused(service: Service, name: str) -> None:
    assert put(service, name, authMode="Password").status == 400
    assert put(service, name, model="x").status == 400
    assert subscribe(service, name, " ").status == 400
    called = service.post(f"/serverless/{name}/v1/chat/completions", {"messages": []})
    assert (called.status, called.body["error"]["code"]) == (501, "NotEmulated")
