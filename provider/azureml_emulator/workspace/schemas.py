"""The keys of datastores and computes; where they come from is said in ``core/resource_body.py``."""

from __future__ import annotations

from azureml_emulator.core.resource_body import RESOURCE
from azureml_emulator.core.schema import anything, bag, duration, flag, record, text, whole, words

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
SCALE = record({"maxNodeCount": whole, "minNodeCount": whole, "nodeIdleTimeBeforeScaleDown": duration})
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
