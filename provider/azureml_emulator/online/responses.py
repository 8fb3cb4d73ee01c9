"""What online endpoints and deployments look like."""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.operations import Record
from azureml_emulator.core.settings import Settings
from azureml_emulator.endpoints.responses import identity, tracked

TYPE = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"


def scoring_uri(settings: Settings, endpoint: str) -> str:
    """The address that an endpoint is invoked at; the service's has a host for each endpoint."""
    return f"{settings.base_url}/online/{endpoint}/score"


def endpoint_resource(settings: Settings, value: Record) -> dict[str, Any]:
    """An endpoint as ARM answers it: without addresses while it is being created.

    Source: recording test_online_deployment.
    """
    path = f"{settings.workspace_arm_id}/onlineEndpoints/{value['name']}"
    uri = None if value["state"] == "Creating" else scoring_uri(settings, value["name"])
    own = {"azureml.onlineendpointid": path.lower()}
    properties = {
        "description": None,
        "compute": None,
        "publicNetworkAccess": "Enabled",
        **value["properties"],
        "properties": {**(value["properties"].get("properties") or {}), **own},
        "keys": None,
        "scoringUri": uri,
        "swaggerUri": uri and f"{uri.removesuffix('/score')}/swagger.json",
        "provisioningState": value["state"],
    }
    rest = {"kind": "Managed", "identity": identity(settings, value), "properties": properties}
    return {**tracked(settings, value, path, TYPE), **rest}


def deployment_resource(settings: Settings, value: Record) -> dict[str, Any]:
    """A deployment as ARM answers it. Source: recording test_online_deployment."""
    path = f"{settings.workspace_arm_id}/onlineEndpoints/{value['endpoint']}/deployments/{value['name']}"
    properties = {**value["properties"], "provisioningState": value["state"]}
    rest = {"kind": "Managed", "sku": value["sku"], "properties": properties}
    return {**tracked(settings, value, path, f"{TYPE}/deployments"), **rest}
