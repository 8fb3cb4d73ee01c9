"""Nodes of a pipeline that are pipelines themselves: each runs a pipeline component.

Source: azure-ai-ml 1.35.2, ``entities/_builders/pipeline.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.nodes.component import unknown_keys
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.nodes.node_io import node_shape
from airflow_azureml.jobspec.nodes.node_keys import NODE
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.translator import Translator


def settings_of_node(located: Located, ctx: Translator) -> None:
    """Check the settings of a pipeline in a pipeline, which are not sent."""
    settings = located.value.get("settings")
    if settings is not None and not isinstance(settings, Mapping):
        ctx.error(located, f"{show(settings)} is not a mapping.", "settings")
    for key in ("on_init", "on_finalize"):
        if isinstance(settings, Mapping) and settings.get(key):
            ctx.error(located, f"a pipeline node takes no {key}.", "settings", key)


def pipeline_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a node that is a pipeline of its own; its compute is that of its nodes."""
    if located.value.get("component") is None:
        return {}  # which is refused where components are read
    extra = ("inputs", "outputs", "component", "settings")
    settings_of_node(located, ctx)
    rows = tuple(row for row in NODE if row.name != "compute" or located.value.get("compute") is not None)
    unknown = unknown_keys(located, ctx, (*(row.name for row in NODE), *extra))
    body = convert_mapping(rows, located, ctx, extra=("compute", *extra, *unknown))
    component = scope.components.get(name)
    if component is None:
        return body
    return {**node_shape(located, ctx, scope, name, component), **body, **unknown}
