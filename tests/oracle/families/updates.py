"""Updates of what exists: Microsoft's client reads it, sets attributes and puts it; our operator is given what changes.
What is not given must be the same on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.corpus.fake_azure import HOME
from tests.oracle.changes import Changed
from tests.oracle.judge import Case

THERE: dict[str, Any] = {
    "id": f"{HOME}/batchEndpoints/cards/deployments/blue",
    "name": "blue",
    "type": "Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments",
    "location": "eastus",
    "tags": {"team": "risk"},
    "systemData": {"createdAt": "2026-01-01T00:00:00Z"},
    "properties": {
        "provisioningState": "Succeeded",
        "description": "d",
        "properties": {"p": "q"},
        "model": {"referenceType": "Id", "assetId": f"{HOME}/models/m/versions/1"},
        "codeConfiguration": {"codeId": f"{HOME}/codes/c/versions/1", "scoringScript": "score.py"},
        "environmentId": f"{HOME}/environments/e/versions/1",
        "environmentVariables": {"A": "b"},
        "compute": f"{HOME}/computes/cpu",
        "resources": {"instanceCount": 2, "instanceType": "s", "properties": {}},
        "outputAction": "AppendRow",
        "outputFileName": "x.csv",
        "errorThreshold": 4,
        "retrySettings": {"maxRetries": 7, "timeout": "PT30S"},
        "loggingLevel": "Debug",
        "miniBatchSize": 9,
        "maxConcurrencyPerInstance": 3,
    },
}

CHANGES: dict[str, dict[str, Any]] = {
    "mini_batch_size": {"mini_batch_size": 5},
    "description": {"description": "other"},
    "tags": {"tags": {"team": "risk", "day": "1"}},
    "properties": {"properties": {"p": "other"}},
    "output_file_name": {"output_file_name": "y.csv"},
    "error_threshold": {"error_threshold": -1},
    "logging_level": {"logging_level": "info"},
    "max_concurrency_per_instance": {"max_concurrency_per_instance": 1},
    "environment_variables": {"environment_variables": {"A": "c"}},
    "instance_count": {"instance_count": 5},
    "compute": {"compute": f"{HOME}/computes/gpu"},
    "model": {"model": f"{HOME}/models/m/versions/2"},
    "environment": {"environment": f"{HOME}/environments/e/versions/2"},
    "several": {"mini_batch_size": 5, "description": "e", "error_threshold": 1, "tags": {"team": "x"}},
}


BATCH_ENDPOINT: dict[str, Any] = {
    "id": f"{HOME}/batchEndpoints/cards",
    "name": "cards",
    "location": "eastus",
    "tags": {"team": "risk"},
    "properties": {
        "provisioningState": "Succeeded",
        "description": "d",
        "properties": {"p": "q"},
        "authMode": "AADToken",
        "defaults": {"deploymentName": "blue"},
        "scoringUri": "https://cards.eastus.inference.ml.azure.com/jobs",
    },
}
ONLINE_ENDPOINT: dict[str, Any] = {
    "id": f"{HOME}/onlineEndpoints/live",
    "name": "live",
    "location": "eastus",
    "tags": {"team": "risk"},
    "identity": {"type": "SystemAssigned", "principalId": "p", "tenantId": "t"},
    "properties": {
        "provisioningState": "Succeeded",
        "description": "d",
        "properties": {"p": "q"},
        "authMode": "Key",
        "publicNetworkAccess": "Enabled",
        "traffic": {"blue": 90, "green": 10},
        "mirrorTraffic": {},
        "scoringUri": "https://live.eastus.inference.ml.azure.com/score",
        "swaggerUri": "https://live.eastus.inference.ml.azure.com/swagger.json",
    },
}
PROBE = {"initialDelay": "PT10S", "period": "PT10S", "timeout": "PT2S", "successThreshold": 1, "failureThreshold": 30}
ONLINE: dict[str, Any] = {
    "id": f"{HOME}/onlineEndpoints/live/deployments/blue",
    "name": "blue",
    "location": "eastus",
    "tags": {"team": "risk"},
    "sku": {"name": "Default", "capacity": 2},
    "properties": {
        "endpointComputeType": "Managed",
        "provisioningState": "Succeeded",
        "description": "d",
        "properties": {"p": "q"},
        "model": f"{HOME}/models/m/versions/1",
        "codeConfiguration": {"codeId": f"{HOME}/codes/c/versions/1", "scoringScript": "score.py"},
        "environmentId": f"{HOME}/environments/e/versions/1",
        "environmentVariables": {"A": "b"},
        "instanceType": "Standard_DS3_v2",
        "appInsightsEnabled": False,
        "scaleSettings": {"scaleType": "Default"},
        "requestSettings": {"requestTimeout": "PT5S", "maxConcurrentRequestsPerInstance": 1, "maxQueueWait": "PT0.5S"},
        "livenessProbe": PROBE,
        "readinessProbe": PROBE,
        "egressPublicNetworkAccess": "Enabled",
    },
}
CLUSTER: dict[str, Any] = {
    "id": f"{HOME}/computes/cpu",
    "name": "cpu",
    "location": "eastus",
    "tags": {"team": "risk"},
    "properties": {
        "computeType": "AmlCompute",
        "provisioningState": "Succeeded",
        "description": "d",
        "computeLocation": "eastus",
        "disableLocalAuth": False,
        "isAttachedCompute": False,
        "createdOn": "2026-01-01T00:00:00Z",
        "properties": {
            "osType": "Linux",
            "vmSize": "STANDARD_DS3_V2",
            "vmPriority": "Dedicated",
            "isolatedNetwork": False,
            "enableNodePublicIp": True,
            "remoteLoginPortPublicAccess": "Enabled",
            "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT2M"},
            "allocationState": "Steady",
            "currentNodeCount": 0,
            "targetNodeCount": 0,
        },
    },
}
ENVIRONMENT: dict[str, Any] = {
    "id": f"{HOME}/environments/e/versions/1",
    "name": "1",
    "properties": {
        "description": "d",
        "tags": {"team": "risk"},
        "properties": {},
        "image": "python:3.12",
        "isAnonymous": False,
        "isArchived": False,
        "osType": "Linux",
        "environmentType": "UserCreated",
    },
}
COMPONENT: dict[str, Any] = {
    "id": f"{HOME}/components/c/versions/1",
    "name": "1",
    "systemData": {"createdAt": "2026-01-01T00:00:00Z"},
    "properties": {
        "description": "d",
        "tags": {"team": "risk"},
        "properties": {},
        "isAnonymous": False,
        "isArchived": False,
        "componentSpec": {
            "$schema": "https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json",
            "name": "c",
            "version": "1",
            "type": "command",
            "description": "d",
            "tags": {"team": "risk"},
            "command": "echo",
            "environment": f"azureml:{HOME}/environments/e/versions/1",
            "is_deterministic": "True",
            "inputs": {},
            "outputs": {},
        },
    },
}
DATA: dict[str, Any] = {
    "id": f"{HOME}/data/cards/versions/3",
    "name": "3",
    "properties": {
        "dataType": "uri_folder",
        "dataUri": "azureml://datastores/d/paths/p/",
        "description": "d",
        "tags": {"team": "risk"},
        "properties": {"p": "q"},
        "isAnonymous": False,
        "isArchived": False,
    },
}
MODEL: dict[str, Any] = {
    "id": f"{HOME}/models/cards/versions/3",
    "name": "3",
    "properties": {
        "modelType": "custom_model",
        "modelUri": "azureml://datastores/d/paths/p/",
        "description": "d",
        "tags": {"team": "risk"},
        "properties": {"p": "q"},
        "flavors": {"python_function": {"data": {"loader_module": "mlflow.sklearn"}}},
        "isAnonymous": False,
        "isArchived": False,
    },
}
SAID: dict[str, dict[str, Any]] = {
    "description": {"description": "other"},
    "tags": {"tags": {"team": "risk", "day": "1"}},
    "both": {"description": "other", "tags": {"team": "x"}},
}
OF_OTHERS: tuple[tuple[str, dict[str, Any], dict[str, Any], dict[str, dict[str, Any]]], ...] = (
    (
        "batch endpoint",
        BATCH_ENDPOINT,
        {"name": "cards"},
        {**SAID, "properties": {"properties": {"p": "other"}}},
    ),
    (
        "online endpoint",
        ONLINE_ENDPOINT,
        {"name": "live"},
        {
            **SAID,
            "properties": {"properties": {"p": "other"}},
            "traffic": {"traffic": {"blue": 0, "green": 100}},
            "no traffic": {"traffic": {}},
            "mirror": {"mirror_traffic": {"green": 10}},
            "access": {"public_network_access": "disabled"},
            "auth": {"auth_mode": "aad_token"},
        },
    ),
    (
        "online deployment",
        ONLINE,
        {"name": "blue", "endpoint_name": "live", "instance_type": "Standard_DS3_v2"},
        {
            **SAID,
            "properties": {"properties": {"p": "other"}},
            "instance_count": {"instance_count": 5},
            "instance_type": {"instance_type": "Standard_F4s_v2"},
            "variables": {"environment_variables": {"A": "c"}},
            "insights": {"app_insights_enabled": True},
            "model": {"model": f"{HOME}/models/m/versions/2"},
            "environment": {"environment": f"{HOME}/environments/e/versions/2"},
            "access": {"egress_public_network_access": "disabled"},
            "requests": {
                "request_settings": {
                    "$": "OnlineRequestSettings",
                    "request_timeout_ms": 9000,
                    "max_concurrent_requests_per_instance": 4,
                    "max_queue_wait_ms": 1500,
                }
            },
            "liveness": {
                "liveness_probe": {
                    "$": "ProbeSettings",
                    "initial_delay": 30,
                    "period": 5,
                    "timeout": 3,
                    "success_threshold": 2,
                    "failure_threshold": 9,
                }
            },
        },
    ),
    (
        "compute",
        CLUSTER,
        {"name": "cpu", "type": "amlcompute"},
        {
            **SAID,
            "most": {"max_instances": 9},
            "least": {"min_instances": 1},
            "both counts": {"min_instances": 1, "max_instances": 9},
            "idle time": {"idle_time_before_scale_down": 600},
        },
    ),
    (
        "data",
        DATA,
        {"name": "cards", "version": "3", "type": "uri_folder", "path": "azureml://datastores/d/paths/p/"},
        SAID,
    ),
    (
        "model",
        MODEL,
        {"name": "cards", "version": "3", "type": "custom_model", "path": "azureml://datastores/d/paths/p/"},
        {**SAID, "properties": {"properties": {"p": "other"}}},
    ),
    ("environment", ENVIRONMENT, {"name": "e", "version": "1", "image": "python:3.12"}, SAID),
    (
        "component",
        COMPONENT,
        {
            "name": "c",
            "version": "1",
            "type": "command",
            "command": "echo",
            "environment": f"azureml:{HOME}/environments/e/versions/1",
        },
        SAID,
    ),
)
"""Of other kinds: what there is, what our operator is given besides, what changes."""


def cases() -> Iterator[Case]:
    """All of them, and each two together."""
    yield from _changes("batch deployment", THERE, {"name": "blue", "endpoint_name": "cards"}, CHANGES)
    for kind, there, names, changes in OF_OTHERS:
        yield from _changes(kind, there, names, changes)


def _changes(kind: str, there: Any, given: dict[str, Any], changes: dict[str, dict[str, Any]]) -> Iterator[Case]:
    for name, change in changes.items():
        yield Changed(f"update {kind}: {name}", change, kind=kind, there=there, names=given)
    names = [name for name in changes if name not in ("several", "both", "both counts")]
    for first in names:
        for second in names:
            if first < second and not set(changes[first]) & set(changes[second]):
                both = {**changes[first], **changes[second]}
                yield Changed(f"update {kind}: {first} and {second}", both, kind=kind, there=there, names=given)
