"""What serverless endpoints and marketplace subscriptions look like. Source: their models in api-version 2025-12-01."""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.operations import FAILED, SUCCEEDED, Record
from azureml_emulator.core.settings import Settings
from azureml_emulator.endpoints.responses import identity, tracked

WORKSPACE = "Microsoft.MachineLearningServices/workspaces"

STATES = {SUCCEEDED: "Online", FAILED: "CreationFailed", "Updating": "Online"}
"""The state of an endpoint by that of its last operation, where it is not the same word."""

UNKNOWN_PLAN = {"publisherId": None, "offerId": None, "planId": None}
"""The plan of a subscription: the marketplace, which knows it, is not here."""


def subscription_id(settings: Settings, name: str) -> str:
    """The ARM id of a subscription."""
    return f"{settings.workspace_arm_id}/marketplaceSubscriptions/{name}"


def endpoint_resource(settings: Settings, value: Record) -> dict[str, Any]:
    """An endpoint as ARM answers it: without the address to call it at while it is being created."""
    path = f"{settings.workspace_arm_id}/serverlessEndpoints/{value['name']}"
    address = {"uri": f"{settings.base_url}/serverless/{value['name']}", "headers": {}}
    subscription = value.get("subscription")
    properties = {
        **value["properties"],
        "endpointState": STATES.get(value["state"], value["state"]),
        "inferenceEndpoint": None if value["state"] == "Creating" else address,
        "marketplaceSubscriptionId": subscription and subscription_id(settings, subscription),
        "provisioningState": value["state"],
    }
    rest = {"sku": value.get("sku"), "identity": identity(settings, value), "properties": properties}
    return {**tracked(settings, value, path, f"{WORKSPACE}/serverlessEndpoints"), **rest}


def subscription_resource(settings: Settings, value: Record) -> dict[str, Any]:
    """A subscription as ARM answers it. That it is ``Unsubscribed`` until it has been made is an assumption."""
    made = value["state"] not in ("Creating", FAILED)
    return {
        "id": subscription_id(settings, value["name"]),
        "name": value["name"],
        "type": f"{WORKSPACE}/marketplaceSubscriptions",
        "properties": {
            "modelId": value["properties"]["modelId"],
            "marketplacePlan": UNKNOWN_PLAN,
            "marketplaceSubscriptionStatus": "Subscribed" if made else "Unsubscribed",
            "provisioningState": value["state"],
        },
        "systemData": {
            "createdAt": value["created_at"],
            "createdBy": settings.client_id,
            "createdByType": "Application",
            "lastModifiedAt": value["modified_at"],
        },
    }
