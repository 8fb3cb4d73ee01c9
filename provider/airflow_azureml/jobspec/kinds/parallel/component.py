"""Components of parallel nodes: one script over many mini batches, or a flow.

Source: azure-ai-ml 1.35.2, ``_schema/component/parallel_component.py``.
"""

from __future__ import annotations

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.kinds.parallel.flow import flow_component, is_flow
from airflow_azureml.jobspec.kinds.parallel.settings import SETTINGS
from airflow_azureml.jobspec.nodes.component import (
    HEAD,
    Component,
    any_mapping,
    component_resources,
    declared,
    registration,
    unknown_keys,
)
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.translator import Invalid, Translator


def parallel_component(located: Located, ctx: Translator) -> Component | Invalid:
    """Read a parallel component, or a flow that stands for one; gives back a Component or INVALID."""
    return flow_component(located, ctx) if is_flow(located) else _component(located, ctx)


def _component(located: Located, ctx: Translator) -> Component:
    """Read a parallel component."""
    properties = Field("properties", "properties", any_mapping)
    rows = (*HEAD, properties, *SETTINGS, Field("resources", "resources", component_resources))
    known = (*(row.name for row in rows), "inputs", "outputs", "environment_variables")
    unknown = unknown_keys(located, ctx, known)
    body = convert_mapping(rows, located, ctx, extra=("inputs", "outputs", "environment_variables", *unknown))
    if "instance_count" in unknown and "resources" in located.value:
        ctx.error(located, "instance_count and resources exclude each other.", "instance_count")
    inputs, outputs, io = declared(located, ctx, primitive=False)
    spec = {"is_deterministic": True, **body, "type": "parallel", **io}
    spec["mini_batch_size"] = str(body.get("mini_batch_size", 0))
    if spec.get("partition_keys") == "[]":
        spec["partition_keys"] = []
    spec = {key: value for key, value in spec.items() if value != {}}
    registered = registration(spec, spec.pop("properties", None), located)
    return Component(registered, "parallel", inputs, outputs, spec, located)
