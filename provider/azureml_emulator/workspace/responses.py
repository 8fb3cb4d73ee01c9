"""What the workspace, its datastores and its computes look like in answers of ARM."""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.operations import FAILED, SUCCEEDED, Record
from azureml_emulator.core.settings import Settings
from azureml_emulator.workspace.computes import INSTANCE, KUBERNETES, instance_state

TYPE = "Microsoft.MachineLearningServices/workspaces"

ACCOUNT_SECRETS = {
    "administratorAccount": ("password", "privateKeyData"),
    "userAccountCredentials": ("adminUserPassword",),
}
"""What is left out of the accounts of an attached machine and of a cluster's nodes. Source: the description of
Compute - Get, by which secrets are not returned."""

CONNECTION_STRINGS = ("relayConnectionString", "serviceBusConnectionString")
"""What a Kubernetes compute does not say. Source: both are null in the published example of Compute - Get."""

OPERATION_FAILED = "This error is an injected fault: the last operation on the compute did not succeed."


def workspace_resource(settings: Settings, said: Record | None = None) -> dict[str, Any]:
    """The workspace as ARM answers it. Source: recorded answer to Workspaces - Get.

    :param said: what a client has said about it: ``tags``, ``identity``, ``sku``, ``properties``.
    """
    said = said or {}
    group = f"/subscriptions/{settings.subscription_id}/resourceGroups/{settings.resource_group}/providers"
    host = settings.api.partition("://")[2]
    return {
        "id": settings.workspace_arm_id,
        "name": settings.workspace_name,
        "type": TYPE,
        "location": settings.region,
        "kind": "Default",
        "tags": said.get("tags") or {},
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
            **said.get("properties", {}),
        },
        "identity": {
            "type": "SystemAssigned",
            "principalId": settings.client_id,
            "tenantId": settings.tenant_id,
            **said.get("identity", {}),
        },
        "sku": said.get("sku") or {"name": "Basic", "tier": "Basic"},
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


def compute_resource(settings: Settings, compute: Record, errors: Any = None) -> dict[str, Any]:
    """A compute as ARM answers it.

    :param errors: what it says of its nodes.
    """
    times = {"modifiedOn": compute["modified_at"]} if "modified_at" in compute else {}
    state, properties = compute.get("state", SUCCEEDED), compute["properties"]
    inner = properties["properties"]
    if properties["computeType"] == INSTANCE:
        inner = {**inner, "state": instance_state(compute)}
    if properties["computeType"] == KUBERNETES:
        inner = {**(inner or {}), **dict.fromkeys(CONNECTION_STRINGS)}
    for name, secrets in ACCOUNT_SECRETS.items():
        if isinstance(account := (inner or {}).get(name), dict):
            inner = {**inner, name: {key: each for key, each in account.items() if key not in secrets}}
    if errors:
        inner = {**inner, "errors": errors}
    failed = [{"error": {"code": "UserError", "message": OPERATION_FAILED}}] if state == FAILED else None
    return {
        "id": f"{settings.workspace_arm_id}/computes/{compute['name']}",
        "name": compute["name"],
        "type": f"{TYPE}/computes",
        "location": compute["location"],
        "tags": compute["tags"],
        "properties": {
            **properties,
            "properties": inner,
            "provisioningState": state,
            "provisioningErrors": failed,
            **times,
        },
    }
