"""The keys of asset versions and their containers; where they come from is said in ``core/resource_body.py``."""

from __future__ import annotations

from collections.abc import Mapping

from azureml_emulator.core.resource_body import RESOURCE
from azureml_emulator.core.schema import Shape, address, anything, bag, flag, many, record, text, union, words

ASSET: Mapping[str, Shape] = {
    **RESOURCE,
    "isAnonymous": flag,
    "isArchived": flag,
    "provisioningState": text,
    "stage": text,
    "autoDeleteSetting": anything,
    "intellectualProperty": anything,
}
CONTAINER = record(
    {
        **RESOURCE,
        "isArchived": flag,
        "dataType": words("uri_file", "uri_folder", "mltable"),
        "latestVersion": text,
        "nextVersion": text,
        "provisioningState": text,
    }
)
CODE = record({**ASSET, "codeUri": text}, ("codeUri",))
PLAIN_DATA = record({**ASSET, "dataType": text, "dataUri": address}, ("dataUri",))
TABLE_DATA = record({**ASSET, "dataType": text, "dataUri": address, "referencedUris": many(text)}, ("dataUri",))
DATA = union("dataType", {"uri_file": PLAIN_DATA, "uri_folder": PLAIN_DATA, "mltable": TABLE_DATA})
ENVIRONMENT = record(
    {
        **ASSET,
        "autoRebuild": words("Disabled", "OnBaseImageUpdate"),
        "build": record({"contextUri": text, "dockerfilePath": text}, ("contextUri",)),
        "condaFile": text,
        "environmentType": text,
        "image": text,
        "inferenceConfig": anything,
        "osType": words("Linux", "Windows"),
    }
)
MODEL = record(
    {
        **ASSET,
        "flavors": bag(record({"data": bag(anything, nulls=True)})),
        "jobName": text,
        "modelType": words("mlflow_model", "custom_model", "triton_model"),
        "modelUri": address,
        "datasets": anything,
        "systemMetadata": anything,
        # of models in registries; azure-ai-ml 1.35.2 sends them to workspaces as well
        "defaultDeploymentTemplate": record({"assetId": text}),
        "allowedDeploymentTemplates": many(record({"assetId": text})),
        "modelVersion": text,
    },
    ("modelUri",),
)
COMPONENT = record({**ASSET, "componentSpec": bag(anything, nulls=True)}, ("componentSpec",))

IDENTITY = bag(anything, nulls=True)
REGISTRY_PATCH = record({"tags": bag(text), "identity": IDENTITY, "sku": bag(anything, nulls=True)})
"""Source: PartialRegistryPartialTrackedResource of api-version 2025-12-01."""

DETAILS = many(bag(anything, nulls=True))
REGISTRY_PUT = record(
    {
        **dict.fromkeys(("id", "name", "type", "kind", "location"), text),
        "systemData": anything,
        "tags": bag(text),
        "identity": IDENTITY,
        "sku": bag(anything, nulls=True),
        "properties": record(
            {
                "discoveryUrl": text,
                "intellectualPropertyPublisher": text,
                "managedResourceGroup": anything,
                "managedResourceGroupSettings": anything,
                "managedResourceGroupTags": bag(text),
                "mlFlowRegistryUri": text,
                "publicNetworkAccess": text,
                "registryPrivateEndpointConnections": DETAILS,
                "regionDetails": many(
                    record({"acrDetails": DETAILS, "location": text, "storageAccountDetails": DETAILS})
                ),
            }
        ),
    },
    ("location", "properties"),
)
"""Source: Registry and RegistryProperties of api-version 2025-12-01, and ``managedResourceGroupTags`` of 2022-10-01-
preview, which azure-ai-ml 1.35.2 still sends."""
