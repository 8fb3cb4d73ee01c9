"""Command jobs: the table of their keys, and the checks of their command.

Source: azure-ai-ml 1.35.2, ``_schema/job/`` and ``entities/_job/``; the bodies are those of the REST reference, Jobs.
"""

from __future__ import annotations

import re
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.code import code
from airflow_azureml.jobspec.grammar.command_text import check_command, warn_of_outputs
from airflow_azureml.jobspec.grammar.computes import compute
from airflow_azureml.jobspec.grammar.environments import environment
from airflow_azureml.jobspec.grammar.inputs import inputs
from airflow_azureml.jobspec.grammar.outputs import outputs
from airflow_azureml.jobspec.grammar.shared import (
    DISTRIBUTION,
    HEAD,
    JOB_SERVICES,
    LIMITS,
    NOTIFICATION,
    QUEUE,
    VARIABLES,
    identity,
    resources,
)
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Field, answers
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import text

SINGLE_BRACKETS = re.compile(r"(?<!\{)\{(inputs|outputs|search_space)\.([^}]*)\}(?!\})")
"""An old spelling of bindings that Microsoft's client still rewrites."""


def command_line(located: Located, ctx: Translator) -> str | Invalid:
    """Take the command of a job.

    A blank one, such as of a template that renders to nothing, is refused: the service wants a letter, a digit or an
    underscore in it. (Template reference of Microsoft.MachineLearningServices/workspaces/jobs, CommandJob.)
    """
    command = text(located, ctx)
    if command is not INVALID and not command.strip():
        ctx.error(located, "an empty command is not accepted. Accepted: a command, such as python train.py.")
        return command
    if command is INVALID or not SINGLE_BRACKETS.search(command):
        return command
    ctx.warn(located, "{inputs.x} is an old spelling of ${{inputs.x}}.")
    return SINGLE_BRACKETS.sub(r"${{\1.\2}}", command)


COMMAND = (
    *HEAD,
    Field("command", "command", command_line, required=True),
    Field("environment", "environmentId", environment, required=True),
    Field("code", "codeId", code),
    Field("compute", "computeId", compute),
    Field("inputs", "inputs", inputs),
    Field("outputs", "outputs", outputs),
    Field("environment_variables", "environmentVariables", VARIABLES),
    Field("distribution", "distribution", DISTRIBUTION),
    Field("resources", "resources", resources),
    Field("limits", "limits", LIMITS),
    Field("identity", "identity", identity),
    Field("services", "services", JOB_SERVICES),
    Field("queue_settings", "queueSettings", QUEUE),
    Field("parent_job_name", "parentJobName", text),
    Field("notification_setting", "notificationSetting", NOTIFICATION, python_only=True),
    *answers("parameters"),
)


def command(located: Located, ctx: Translator) -> dict[str, Any]:
    """Translate a command job."""
    body = {"jobType": "Command", **convert_mapping(COMMAND, located, ctx)}
    body.get("properties", {}).pop("_azureml.ComputeTargetType", None)  # what only the service may write
    if isinstance(located.value.get("command"), str):
        line = located.child("command").within(body["command"])
        check_command(line, ctx, located.value.get("inputs"))
        warn_of_outputs(line, ctx, located.value.get("outputs"))
    if body.get("computeId") == "local":
        run_locally(body)
    return body


def run_locally(body: dict[str, Any]) -> None:
    """Mark a job for the submitter's own machine. (Microsoft's client nests ``IsLocal`` twice, a defect.)"""
    del body["computeId"]
    resources = body.setdefault("resources", {})
    resources["properties"] = {**resources.get("properties", {}), "IsLocal": True}
    body["environmentVariables"] = {
        **body.get("environmentVariables", {}),
        "AZUREML_COMPUTE_USE_COMMON_RUNTIME": "true",
    }
