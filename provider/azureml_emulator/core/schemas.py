"""Bodies: the keys that requests may carry, by kind of resource, and the service's refusal of all others.

Source of the keys: the models of azure-ai-ml 1.35.2 (``arm_ml_service``, api-version 2025-12-01), together with
those of the previews
that its client still sends (``assetVersion``, ``pathOnCompute``, ``priority``, ``locations``, ``parentJobName``, Ray
and others).
That the service refuses unknown keys in this very form is unproven; the form is that of a recorded validation error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.schema import (
    Problem,
    Shape,
    address,
    anything,
    bag,
    duration,
    filled,
    flag,
    many,
    record,
    text,
    union,
    whole,
    words,
)

TEXTS = bag(text)
RESOURCE: Mapping[str, Shape] = {"description": text, "properties": TEXTS, "tags": TEXTS}

MODES_IN = words("ReadOnlyMount", "ReadWriteMount", "Download", "Direct", "EvalMount", "EvalDownload")
MODES_OUT = words("ReadWriteMount", "Upload", "Direct")
DATA_TYPES = ("uri_file", "uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model")

LITERAL = record({"jobInputType": text, "value": filled, "description": text}, ("value",))
DATA_INPUT = record(
    {"jobInputType": text, "uri": text, "mode": MODES_IN, "pathOnCompute": text, "description": text}, ("uri",)
)
INPUTS = bag(union("jobInputType", {"literal": LITERAL, **dict.fromkeys(DATA_TYPES, DATA_INPUT)}))
STEP_LITERAL = record({"jobInputType": text, "value": text, "description": text}, ("value",))
STEP_INPUTS = bag(union("jobInputType", {"literal": STEP_LITERAL, **dict.fromkeys(DATA_TYPES, DATA_INPUT)}))
"""Inputs of a pipeline's step: a default of its component may be empty, as far as is known."""

OUTPUT = record(
    {
        "jobOutputType": text,
        "uri": text,
        "mode": MODES_OUT,
        "assetName": text,
        "assetVersion": text,
        "pathOnCompute": text,
        "autoDeleteSetting": anything,
        "description": text,
    }
)
OUTPUTS = bag(union("jobOutputType", dict.fromkeys(DATA_TYPES, OUTPUT)))

IDENTITY = union(
    "identityType",
    {
        "AMLToken": record({"identityType": text}),
        "UserIdentity": record({"identityType": text}),
        "Managed": record({"identityType": text, "clientId": text, "objectId": text, "resourceId": text}),
    },
)
PROCESSES = record({"distributionType": text, "processCountPerInstance": whole})
DISTRIBUTION = union(
    "distributionType",
    {
        "PyTorch": PROCESSES,
        "Mpi": PROCESSES,
        "TensorFlow": record({"distributionType": text, "workerCount": whole, "parameterServerCount": whole}),
        "Ray": record(
            {
                "distributionType": text,
                "port": whole,
                "address": text,
                "includeDashboard": flag,
                "dashboardPort": whole,
                "headNodeAdditionalArgs": text,
                "workerNodeAdditionalArgs": text,
            }
        ),
    },
)
RESOURCES = record(
    {
        "instanceCount": whole,
        "instanceType": text,
        "maxInstanceCount": whole,
        "locations": many(text),
        "properties": bag(anything, nulls=True),
        "shmSize": text,
        "dockerArgs": text,
        "dockerArgsList": many(text),
    }
)
SERVICES = bag(
    record(
        {
            "jobServiceType": text,
            "endpoint": text,
            "port": whole,
            "nodes": anything,
            "properties": TEXTS,
            "status": text,
            "errorMessage": text,
        }
    ),
    nulls=True,
)
QUEUE = record({"jobTier": words("Null", "Spot", "Basic", "Standard", "Premium"), "priority": whole})
NOTIFICATION = record(
    {
        "emailOn": many(words("JobCompleted", "JobFailed", "JobCancelled")),
        "emails": many(text),
        "webhooks": bag(anything),
    }
)
JOB: Mapping[str, Shape] = {
    **RESOURCE,
    "jobType": text,
    "componentId": text,
    "computeId": text,
    "displayName": text,
    "experimentName": text,
    "identity": IDENTITY,
    "isArchived": flag,
    "notificationSetting": NOTIFICATION,
    "parentJobName": text,
    "secretsConfiguration": anything,
    "services": SERVICES,
    "status": text,
}
COMMAND: Mapping[str, Shape] = {
    **JOB,
    "autologgerSettings": anything,
    "codeId": text,
    "command": text,
    "distribution": DISTRIBUTION,
    "environmentId": text,
    "environmentVariables": TEXTS,
    "inputs": INPUTS,
    "limits": record({"jobLimitsType": words("Command"), "timeout": duration}),
    "outputs": OUTPUTS,
    "parameters": anything,
    "queueSettings": QUEUE,
    "resources": RESOURCES,
}
COMMAND_NEEDS = ("jobType", "command", "environmentId")
COMMAND_JOB = record(COMMAND, COMMAND_NEEDS)
STEP_JOB = record({**COMMAND, "inputs": STEP_INPUTS}, COMMAND_NEEDS)

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
        "modelVersion": text,
    },
    ("modelUri",),
)
COMPONENT = record({**ASSET, "componentSpec": bag(anything, nulls=True)}, ("componentSpec",))
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
COMPUTE = record(
    {
        "computeType": words("AmlCompute", "ComputeInstance", "Kubernetes", "VirtualMachine", "SynapseSpark"),
        "computeLocation": text,
        "description": text,
        "disableLocalAuth": flag,
        "isAttachedCompute": flag,
        "properties": bag(anything, nulls=True),
        "provisioningState": text,
        "provisioningErrors": anything,
        "createdOn": text,
        "modifiedOn": text,
        "resourceId": text,
    },
    ("computeType",),
)
ENVELOPE = {"properties": anything, "id": text, "name": text, "type": text, "systemData": anything}


def read_properties(body: Any, shape: Shape) -> dict[str, Any]:
    """The checked ``properties`` of a resource's body; raises the service's 400 that lists every problem."""
    problems: list[Problem] = []
    envelope = record(ENVELOPE, ("properties",))(body, "", problems.append)
    checked = (
        shape(envelope["properties"], "properties", problems.append) if envelope and "properties" in envelope else None
    )
    if problems:
        raise invalid(problems)
    assert isinstance(checked, dict)
    return checked


def invalid(problems: list[Problem]) -> ServiceError:
    """A 400 as the service words failed validation. Source: recorded answer to a component that it refused."""
    rows = [{"PropertyName": row.path, "ErrorMessage": row.message, "ErrorCode": row.code} for row in problems]
    listing = json.dumps(rows, ensure_ascii=False)
    return ServiceError(
        400,
        "UserError",
        f"The request is invalid. Errors:\n{listing}",
        inner=("BadArgument", "ArgumentInvalid", "InvalidInputArguments"),
        message_format="The request is invalid. Errors:\n{errors}",
        parameters={"errors": listing},
    )
