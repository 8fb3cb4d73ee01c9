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
from airflow_azureml.jobspec.grammar.shared import RESOURCES, TAGS, identity
from airflow_azureml.jobspec.kinds.automl.settings import Style
from airflow_azureml.jobspec.kinds.automl.tasks import details, task_of
from airflow_azureml.jobspec.kinds.automl.yaml_rows import QUEUE, services
from airflow_azureml.jobspec.nodes import bindings
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.nodes.node_io import one_output
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Field, as_written
from airflow_azureml.jobspec.table.form import snake
from airflow_azureml.jobspec.table.translator import INVALID, Translator
from airflow_azureml.jobspec.table.values import mapped, text


def _node_identity(located: Located, ctx: Translator) -> Any:
    body = identity(located, ctx)
    words = {"Managed": "managed_identity", "UserIdentity": "user_identity", "AMLToken": "aml_token"}
    if not isinstance(body, dict):
        return body
    kind = words[body.pop("identity_type")]
    return {"type": kind, **body}


def _node_compute(located: Located, ctx: Translator) -> Any:
    found = named_compute(located, ctx)
    if not isinstance(found, str) or not found.startswith("/") or is_binding(located.value):
        return found
    return f"azureml:{found}"


NODE = (
    Field("name", None, text),
    Field("type", None, text, bindable=False),
    Field("task", None, text, bindable=False),
    Field("experiment_name", "experiment_name", text),
    Field("display_name", "display_name", text),
    Field("description", "description", text),
    Field("tags", "tags", TAGS, bindable=False),
    Field("properties", "properties", TAGS, bindable=False),
    Field("services", "services", services, bindable=False),
    Field("compute", "compute", _node_compute, bindable=False),
    Field("identity", "identity", _node_identity, bindable=False),
    Field("environment_id", "environment_id", text),
    Field("environment_variables", "environment_variables", mapped(text), bindable=False),
    Field("resources", "resources", nested(as_written(RESOURCES)), bindable=False),
    Field("queue_settings", "queue_settings", QUEUE, bindable=False),
)


def automl_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate an AutoML node."""
    task = task_of(located, ctx, snake)
    if task is None:
        return {}
    rows = details(task, Style(written=True))
    names = tuple(row.name for row in rows)
    body = convert_mapping(NODE, located, ctx, extra=(*names, "outputs"))
    own = convert_mapping(rows, located, ctx, extra=[str(key) for key in located.value if key not in names])
    outputs = {}
    given = located.value.get("outputs")
    if "outputs" in located.value and not isinstance(given, Mapping):
        ctx.error(located, f"{show(given)} is not a mapping of outputs.", "outputs")
    for item in located.child("outputs").items() if isinstance(given, Mapping) else ():
        bindings.check(item, ctx, scope, name)
        converted = one_output(item, ctx)
        if converted is not None and converted is not INVALID:
            outputs[item.name] = converted
    metric = snake(task.node_metric or task.metric)
    body = {"name": name, "type": "automl", "task": snake(task.name), "tags": {}, "properties": {}, **body}
    verbosity = {} if task.family == "text" else {"log_verbosity": "info"}
    body = {**body, "outputs": outputs, **verbosity, "primary_metric": metric, **own}
    if task.family == "table":
        body.setdefault("training", {})
    else:
        trials = {"max_trials": 1, "max_nodes": 1} if task.family == "text" else {}
        body["limits"] = {**trials, **body.get("limits", {})}
    return body
