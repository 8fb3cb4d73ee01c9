"""AutoML jobs, whose settings are in the service's words.

Some of what Microsoft's client sends for a job looks odd (resources and queue settings in snake case, outputs without
their type); it is sent so here too, for its requests are the judge. Source: azure-ai-ml 1.35.2, ``_schema/automl/``,
``entities/_job/automl/``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.computes import compute
from airflow_azureml.jobspec.grammar.outputs import outputs as job_outputs
from airflow_azureml.jobspec.grammar.shared import HEAD, QUEUE, RESOURCES, identity
from airflow_azureml.jobspec.kinds.automl.services import services
from airflow_azureml.jobspec.kinds.automl.tasks import FIXED_METRIC, details, task_of
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.form import snake
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import mapped, text
from airflow_azureml.jobspec.table.yaml_words import yaml_words


def _outputs(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    body = job_outputs(located, ctx)
    return body if body is INVALID else {name: {**port, "jobOutputType": "uri_folder"} for name, port in body.items()}


_RESOURCES = nested([replace(row, component=None) if row.name == "properties" else row for row in RESOURCES])
JOB = (
    *HEAD,
    Field("task", None, text),
    Field("compute", "computeId", compute),
    Field("environment_id", "environmentId", text),
    Field("environment_variables", "environmentVariables", mapped(text)),
    Field("outputs", "outputs", _outputs),
    Field("resources", "resources", yaml_words(_RESOURCES)),
    Field("queue_settings", "queueSettings", yaml_words(QUEUE)),
    Field("identity", "identity", identity),
    Field("services", "services", services),
)


def automl(located: Located, ctx: Translator) -> dict[str, Any]:
    """Translate an AutoML job."""
    task = task_of(located, ctx, snake if located.document.from_python else str)
    if task is None:
        return {"jobType": "AutoML"}
    rows = details(task)
    task_keys = tuple(row.name for row in rows)
    body = convert_mapping(JOB, located, ctx, extra=task_keys)
    task_body = convert_mapping(rows, located, ctx, extra=[str(key) for key in located.value if key not in task_keys])
    task_body = {"primaryMetric": task.metric, "logVerbosity": "Info", **task_body, "taskType": task.name}
    if task.name in FIXED_METRIC:
        del task_body["primaryMetric"]
    if task.name == "TextNER":
        task_body.pop("targetColumnName", None)
    if task.family == "table" and "limitSettings" in task_body:
        task_body["limitSettings"] = {**task_body["limitSettings"], "sweepConcurrentTrials": 0, "sweepTrials": 0}
    if task.family == "image":
        task_body.setdefault("limitSettings", {})
    if task.family == "text":
        task_body["limitSettings"] = {"maxTrials": 1, "maxNodes": 1, **task_body.get("limitSettings", {})}
    return {"jobType": "AutoML", **body, "taskDetails": task_body}
