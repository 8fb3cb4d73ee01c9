"""The keys of the workspace, its datastores and computes; where they come from is said in ``core/resource_body.py``."""

from __future__ import annotations

from collections.abc import Mapping

from azureml_emulator.core.resource_body import RESOURCE
from azureml_emulator.core.schema import Shape, anything, bag, duration, flag, record, text, whole, words

DATASTORE = record(
    {
        **RESOURCE,
        "datastoreType": words("AzureBlob", "AzureDataLakeGen1", "AzureDataLakeGen2", "AzureFile", "OneLake"),
        "isDefault": flag,
        "accountName": text,
        "containerName": text,
        "filesystem": text,
        "fileShareName": text,
        "endpoint": text,
        "protocol": text,
        "serviceDataAccessAuthIdentity": text,
        "credentials": bag(anything, nulls=True),
        "resourceGroup": text,
        "subscriptionId": text,
        "intellectualProperty": anything,
        "storeName": text,
        "artifact": anything,
        "oneLakeWorkspaceName": text,
    },
    ("datastoreType",),
)
SCALE = record(
    {"maxNodeCount": whole, "minNodeCount": whole, "nodeIdleTimeBeforeScaleDown": duration}, ("maxNodeCount",)
)
"""Source: ScaleSettings of api-version 2025-12-01, which requires ``maxNodeCount``; no cluster is required to have
them."""
COMPUTE = record(
    {
        "computeType": words("AmlCompute", "ComputeInstance", "Kubernetes", "VirtualMachine", "SynapseSpark"),
        "computeLocation": text,
        "description": text,
        "disableLocalAuth": flag,
        "isAttachedCompute": flag,
        "properties": record({"scaleSettings": SCALE}, others=True),
        "provisioningState": text,
        "provisioningErrors": anything,
        "createdOn": text,
        "modifiedOn": text,
        "resourceId": text,
    },
    ("computeType",),
)
COMPUTE_ENVELOPE = record(
    {
        "properties": COMPUTE,
        "location": text,
        "tags": bag(text),
        "identity": bag(anything, nulls=True),
        "sku": bag(anything, nulls=True),
        "id": text,
        "name": text,
        "type": text,
        "systemData": bag(anything, nulls=True),
    },
    ("properties",),
)
COMPUTE_PATCH = record({"properties": record({"properties": record({"scaleSettings": SCALE})})}, ("properties",))
"""Source: ClusterUpdateParameters of api-version 2025-12-01."""
FIRST_COMPUTE_PATCH = record({"properties": record({"scaleSettings": SCALE})}, ("properties",))
"""Source: ClusterUpdateParameters of api-version 2020-08-01, as azure-mgmt-machinelearningservices 1.0.1 sends it."""
IDENTITY = record(
    {
        "type": words("None", "SystemAssigned", "UserAssigned", "SystemAssigned,UserAssigned"),
        "userAssignedIdentities": bag(bag(anything, nulls=True), nulls=True),
        "principalId": text,
        "tenantId": text,
    }
)
"""Source: ManagedServiceIdentity of api-version 2025-12-01."""
CHANGEABLE: Mapping[str, Shape] = {
    "friendlyName": text,
    "description": text,
    "applicationInsights": text,
    "containerRegistry": text,
    "imageBuildCompute": text,
    "primaryUserAssignedIdentity": text,
    "publicNetworkAccess": words("Enabled", "Disabled"),
    "serverlessComputeSettings": bag(anything, nulls=True),
    "systemDatastoresAuthMode": text,
    "enableDataIsolation": flag,
    "v1LegacyMode": flag,
    "allowRoleAssignmentOnRG": flag,
}
"""What of a workspace can be said and is kept. Source: WorkspacePropertiesUpdateParameters of api-version 2025-12-01,
and what azure-ai-ml 1.35.2 still sends of an earlier one."""
NOT_HERE = (
    "encryption",
    "featureStoreSettings",
    "hubResourceId",
    "managedNetwork",
    "networkAcls",
    "serviceManagedResourcesSettings",
    "sharedPrivateLinkResources",
    "workspaceHubConfig",
)
"""What would make another workspace of it, or a network of its own."""
OWN = ("storageAccount", "keyVault")
"""What stays as it is here."""
DESCRIPTION: Mapping[str, Shape] = {
    "tags": bag(text),
    "sku": bag(anything, nulls=True),
    "identity": IDENTITY,
    "properties": record({**CHANGEABLE, **dict.fromkeys(NOT_HERE, anything)}),
}
WORKSPACE_PATCH = record(DESCRIPTION)
WORKSPACE_PUT = record(
    {**DESCRIPTION, **dict.fromkeys(("id", "name", "type", "kind", "location", "etag"), text), "systemData": anything}
    | {"properties": record({**CHANGEABLE, **dict.fromkeys(NOT_HERE, anything)}, others=True)}
)
IDLE_SHUTDOWN = record({"idleTimeBeforeShutdown": duration}, ("idleTimeBeforeShutdown",))
SINGLE_SIGN_ON = record({"enableSSO": flag}, ("enableSSO",))
CHECKED = bag(anything, nulls=True)
DIAGNOSE = record(
    {
        "value": record(
            {
                "applicationInsights": CHECKED,
                "containerRegistry": CHECKED,
                "dnsResolution": CHECKED,
                "keyVault": CHECKED,
                "nsg": CHECKED,
                "others": CHECKED,
                "requiredResourceProviders": CHECKED,
                "resourceLock": CHECKED,
                "storageAccount": CHECKED,
                "udr": CHECKED,
            }
        )
    }
)
"""Source: DiagnoseRequestProperties of api-version 2025-12-01."""
