"""Sweep nodes of a pipeline: a command component tried with many parameters. Most of their settings keep YAML's words.

Source: azure-ai-ml 1.35.2, ``_schema/pipeline/component_job.py`` and ``entities/_builders/sweep.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.references import REGISTRY
from airflow_azureml.jobspec.kinds.sweep.job import SWEEPING
from airflow_azureml.jobspec.nodes.component import any_mapping, unknown_keys
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.nodes.node_io import node_shape
from airflow_azureml.jobspec.nodes.node_keys import NODE, rows
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import Translator
from airflow_azureml.jobspec.table.yaml_words import yaml_row

SETTINGS = (
    *map(yaml_row, rows(SWEEPING, "sampling_algorithm", "objective", "limits", "queue_settings", "resources")),
    *(replace(yaml_row(row), required=False) for row in rows(SWEEPING, "search_space")),
    *rows(SWEEPING, "early_termination"),
    Field("identity", None, anything, unsent=True),
    Field("description", None, anything, unsent=True),
    Field("tags", "tags", any_mapping),
)
"""What a sweep node has besides, its early termination alone in the words of nodes. Microsoft's client takes tags of
any kind and does not send the identity."""

SWEEP_NODE = (
    *rows(NODE, "type", "name", "display_name", "properties", "comment", "experiment_name", "services", "compute"),
    *SETTINGS,
)


def sweep_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a sweep node."""
    extra = ("inputs", "outputs", "trial")
    unknown = unknown_keys(located, ctx, (*(row.name for row in SWEEP_NODE), *extra))
    if "component" in unknown:
        ctx.error(located, 'unknown key "component". Did you mean "trial"?', "component")
    body = convert_mapping(SWEEP_NODE, located, ctx, extra=(*extra, *unknown))
    if isinstance(located.value.get("trial"), str) and REGISTRY.match(located.value["trial"]):
        ctx.error(located, "a trial of a registry is not supported. Accepted: a file, azureml:NAME:VERSION.", "trial")
    component = scope.components.get(name)
    if component is None:
        return body
    if isinstance(body.get("limits"), dict):  # a binding is not sent here
        limits = body["limits"]
        bound = [key for key in ("timeout", "trial_timeout") if isinstance(limits.get(key), str)]
        body["limits"] = {key: value for key, value in limits.items() if key not in bound}
    if isinstance(body.get("early_termination"), dict):
        policy = body["early_termination"]
        body["early_termination"] = {key: value for key, value in policy.items() if not _unset_slack(key, value)}
    space = located.value.get("search_space")
    searched = tuple(space) if isinstance(space, Mapping) else ()
    shape = {**node_shape(located, ctx, scope, name, component, searched), "type": "sweep"}
    shape["trial"] = {"componentId": shape.pop("componentId")}
    return {**shape, **body, **unknown}


def _unset_slack(key: str, value: Any) -> bool:
    """Tell a slack of zero, which Microsoft's client leaves out in nodes."""
    return key in {"slack_factor", "slack_amount"} and value == 0
