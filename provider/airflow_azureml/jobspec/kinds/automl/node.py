"""AutoML nodes of a pipeline, whose settings are in YAML's words.

Source: azure-ai-ml 1.35.2, ``_schema/automl/``, ``entities/_job/automl/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.grammar.computes import named_compute
from airflow_azureml.jobspec.grammar.references import is_binding
from airflow_azureml.jobspec.grammar.shared import QUEUE, TAGS, identity, resources
from airflow_azureml.jobspec.kinds.automl.services import services
from airflow_azureml.jobspec.kinds.automl.tasks import details, task_of
from airflow_azureml.jobspec.nodes import bindings
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.nodes.node_outputs import one_output
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.form import Form, snake
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import mapped, text


def _identity(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take an identity, whose types have one word each here."""
    body: dict[str, Any] | Invalid = identity(located, ctx)
    if body is not INVALID and body["type"] == "managed":
        return {**body, "type": "managed_identity"}
    return body


def _compute(located: Located, ctx: Translator) -> object:
    """Take a compute, whose id is written as a reference."""
    compute_id = named_compute(located, ctx.in_form(Form.NODE))
    if not isinstance(compute_id, str) or not compute_id.startswith("/") or is_binding(located.value):
        return compute_id
    return f"azureml:{compute_id}"


NODE = (
    Field("name", None, text),
    Field("type", None, text, bindable=False),
    Field("task", None, text, bindable=False),
    Field("experiment_name", "experimentName", text),
    Field("display_name", "displayName", text),
    Field("description", "description", text),
    Field("tags", "tags", TAGS),
    Field("properties", "properties", TAGS),
    Field("services", "services", services),
    Field("compute", "computeId", _compute, bindable=False),
    Field("identity", "identity", _identity, bindable=False),
    Field("environment_id", "environmentId", text),
    Field("environment_variables", "environmentVariables", mapped(text)),
    Field("resources", "resources", resources),
    Field("queue_settings", "queueSettings", QUEUE),
)


def automl_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate an AutoML node."""
    task = task_of(located, ctx, snake)
    if task is None:
        return {}
    rows = details(task)
    keys = tuple(row.name for row in rows)
    in_yaml = ctx.in_form(Form.COMPONENT, ctx.bound)
    body = convert_mapping(NODE, located, in_yaml, extra=(*keys, "outputs"))
    settings = convert_mapping(rows, located, in_yaml, extra=[str(key) for key in located.value if key not in keys])
    outputs = {}
    node_outputs = located.value.get("outputs")
    if "outputs" in located.value and not isinstance(node_outputs, Mapping):
        ctx.error(located, f"{show(node_outputs)} is not a mapping of outputs.", "outputs")
    for output in located.child("outputs").items() if isinstance(node_outputs, Mapping) else ():
        bindings.check(output, ctx, scope, name)
        converted = one_output(output, ctx)
        if converted is not None and converted is not INVALID:
            outputs[output.name] = converted
    metric = snake(task.node_metric or task.metric)
    body = {"name": name, "type": "automl", "task": snake(task.name), "tags": {}, "properties": {}, **body}
    verbosity = {} if task.family == "text" else {"log_verbosity": "info"}
    body = {**body, "outputs": outputs, **verbosity, "primary_metric": metric, **settings}
    if task.family == "table":
        body.setdefault("training", {})
    else:
        trials = {"max_trials": 1, "max_nodes": 1} if task.family == "text" else {}
        body["limits"] = {**trials, **body.get("limits", {})}
    return body
