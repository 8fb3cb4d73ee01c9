"""The keys of jobs of all types, and of command jobs; where they come from is said in ``core/resource_body.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azureml_emulator.core.resource_body import RESOURCE, TEXTS
from azureml_emulator.core.schema import (
    Problem,
    Report,
    Shape,
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


def command_line(value: Any, path: str, report: Report) -> str | None:
    """A command that is not blank. The service wants a letter, a digit or an underscore in it; what has none of them
    and is not blank is let through, here as by the provider.

    Source: template reference of Microsoft.MachineLearningServices/workspaces/jobs, CommandJob (minimum length 1,
    pattern ``[a-zA-Z0-9_]``).
    """
    command = text(value, path, report)
    if command is not None and not command.strip():
        report(Problem(path, "The command is empty.", "NotEmptyValidator"))
    return command


COMMAND: Mapping[str, Shape] = {
    **JOB,
    "autologgerSettings": anything,
    "codeId": text,
    "command": command_line,
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
