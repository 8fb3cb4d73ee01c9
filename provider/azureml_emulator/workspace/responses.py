"""What the workspace, its datastores and its computes look like in answers of ARM."""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.operations import SUCCEEDED
from azureml_emulator.core.settings import Settings

TYPE = "Microsoft.MachineLearningServices/workspaces"


def workspace_resource(settings: Settings) -> dict[str, Any]:
    """The workspace as ARM answers it. Source: recorded answer to Workspaces - Get."""
    group = f"/subscriptions/{settings.subscription_id}/resourceGroups/{settings.resource_group}/providers"
    host = settings.api.partition("://")[2]
    return {
        "id": settings.workspace_arm_id,
        "name": settings.workspace_name,
        "type": TYPE,
        "location": settings.region,
        "kind": "Default",
        "tags": {},
        "etag": None,
        "properties": {
            "friendlyName": settings.workspace_name,
            "description": "A workspace of the local emulator.",
            "workspaceId": settings.workspace_id,
            "discoveryUrl": f"{settings.api}/discovery",
            "mlFlowTrackingUri": f"azureml://{host}/mlflow/v1.0{settings.workspace_arm_id}",
            "storageAccount": f"{group}/Microsoft.Storage/storageAccounts/emuacct",
            "keyVault": f"{group}/Microsoft.Keyvault/vaults/emulator",
            "applicationInsights": f"{group}/Microsoft.insights/components/emulator",
            "containerRegistry": None,
            "tenantId": settings.tenant_id,
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Enabled",
            "storageHnsEnabled": False,
            "v1LegacyMode": False,
            "hbiWorkspace": False,
            "imageBuildCompute": None,
            "systemDatastoresAuthMode": "accesskey",
        },
        "identity": {"type": "SystemAssigned", "principalId": settings.client_id, "tenantId": settings.tenant_id},
        "sku": {"name": "Basic", "tier": "Basic"},
    }


def datastore_resource(settings: Settings, datastore: dict[str, Any]) -> dict[str, Any]:
    """A datastore as ARM answers it; its secrets are another call."""
    return {
        "id": f"{settings.workspace_arm_id}/datastores/{datastore['name']}",
        "name": datastore["name"],
        "type": f"{TYPE}/datastores",
        "properties": datastore["properties"],
        "systemData": {"createdAt": datastore["created_at"], "lastModifiedAt": datastore["modified_at"]},
    }


def compute_resource(settings: Settings, compute: dict[str, Any]) -> dict[str, Any]:
    """A compute as ARM answers it."""
    times = {"modifiedOn": compute["modified_at"]} if "modified_at" in compute else {}
    return {
        "id": f"{settings.workspace_arm_id}/computes/{compute['name']}",
        "name": compute["name"],
        "type": f"{TYPE}/computes",
        "location": compute["location"],
        "tags": compute["tags"],
        "properties": {**compute["properties"], "provisioningState": compute.get("state", SUCCEEDED), **times},
    }
