"""The job type ``Command``: what is checked of such a job, its defaults, and how it shows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from azureml_emulator.assets.reference_checks import check_reference, environment_id
from azureml_emulator.core.errors import invalid_field
from azureml_emulator.execution.backend import Execution
from azureml_emulator.execution.command_run import LOG, CommandRun
from azureml_emulator.jobs.bindings import unknown_bindings
from azureml_emulator.jobs.checks import check_compute, check_inputs
from azureml_emulator.jobs.definitions import Properties
from azureml_emulator.jobs.engine import Engine, JobType
from azureml_emulator.jobs.models import Job
from azureml_emulator.jobs.schemas import COMMAND_JOB
from azureml_emulator.jobs.views import JobView, RunView
from azureml_emulator.workspace.computes import DEDICATED, LOW_PRIORITY, Computes, cluster_name, node_priority

ABSENT = (
    "description",
    "computeId",
    "codeId",
    "componentId",
    "distribution",
    "limits",
    "notificationSetting",
    "secretsConfiguration",
)

RESOURCES = ("instanceCount", "maxInstanceCount", "instanceType", "locations", "properties", "shmSize", "dockerArgs")

STEP = "azureml.StepRun"
"""The ``runType`` of a step of a pipeline. Source: recorded children of a pipeline."""

SYSTEM_PROPERTIES = {
    "_azureml.ComputeTargetType": "amlctrain",
    "ProcessInfoFile": "azureml-logs/process_info.json",
    "ProcessStatusFile": "azureml-logs/process_status.json",
}


def command_type(execution: Execution) -> JobType:
    """The row for command jobs."""
    return JobType(
        name="Command",
        schema=COMMAND_JOB,
        check=partial(check_command_job, execution),
        complete=complete,
        run=partial(CommandRun, execution),
        job_view=JobView(ABSENT, shown, lambda definition: SYSTEM_PROPERTIES),
        run_view=RunView("azureml.scriptrun", STEP, run_properties, target, LOG, partial(priority, execution.computes)),
        default_output=True,
        end_leftovers=execution.end_leftovers,
    )


def run_properties(job: Job) -> dict[str, str]:
    """What the service adds to the properties of a command's run. Source: recorded answers of run history."""
    step = {"azureml.runsource": STEP, "azureml.pipelinerunid": job.parent or ""} if job.node else {}
    return {"_azureml.ComputeTargetType": "amlctrain", "azureml.ModuleName": "", **step}


def target(definition: Properties) -> str:
    """The name of a command's compute."""
    return str(definition.get("computeId") or "serverless").rpartition("/")[2]


def priority(computes: Computes, definition: Properties) -> str:
    """The priority of the nodes that a command runs on, of serverless ones by the tier of its queue.

    Source: the names of tiers in azure-ai-ml 1.35.2 and Microsoft's page on serverless compute.
    """
    cluster = cluster_name(definition.get("computeId"))
    if cluster is None:
        return LOW_PRIORITY if (definition.get("queueSettings") or {}).get("jobTier") == "Spot" else DEDICATED
    return node_priority(computes.get(cluster))


def check_command_job(execution: Execution, engine: Engine, properties: Properties, depth: int) -> Properties:
    """The properties of a command job with their references in the service's spelling.

    :raises ServiceError: 400 ``UserError`` for what does not exist. The texts are ours: the service's are unproven.
    """
    check_command(properties)
    check_compute(execution.settings, execution.computes, properties)
    checked = {**properties, "environmentId": environment_id(execution.resolver, properties["environmentId"])}
    if properties.get("codeId"):
        check_reference(execution.resolver, "codeId", properties["codeId"], "codes")
    check_inputs(execution.resolver, properties)
    return checked


def check_command(properties: Properties) -> None:
    """Every binding of the command names an input or output of the job."""
    unknown = unknown_bindings(properties["command"], properties.get("inputs", {}), properties.get("outputs", {}))
    if unknown:
        message = f"The command names {', '.join(unknown)}, which the job does not have."
        raise invalid_field("command", message, "BindingNotFound")


def complete(definition: Properties) -> Properties:
    """The definition with the defaults of command jobs. Source: recorded answers to GET of command jobs."""
    definition.setdefault("environmentVariables", {})
    resources = definition.setdefault("resources", {})
    resources.setdefault("instanceCount", 1)
    resources.setdefault("shmSize", "2g")
    if "computeId" not in definition:
        definition.setdefault("queueSettings", {}).setdefault("jobTier", "Standard")
    definition["inputs"] = {key: completed_input(value) for key, value in definition.get("inputs", {}).items()}
    outputs = definition.get("outputs", {})
    definition["outputs"] = {key: {"mode": "ReadWriteMount", **value} for key, value in outputs.items()}
    return definition


def completed_input(value: Mapping[str, Any]) -> Properties:
    """An input with the mode that the service fills in."""
    return dict(value) if value["jobInputType"] == "literal" else {"mode": "ReadOnlyMount", **value}


def shown(definition: Properties, parameters: Mapping[str, str]) -> Properties:
    """What is shown of a command job beside its definition. Source: recorded answers to GET."""
    return {
        "parameters": dict(parameters),
        "queueSettings": definition.get("queueSettings"),
        "resources": {**dict.fromkeys(RESOURCES), **definition["resources"]},
    }
