"""Pipeline components: pipelines that take and give what they declare.

Source: azure-ai-ml 1.35.2, ``entities/_component/pipeline_component.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.component_io import Port, Ports
from airflow_azureml.jobspec.kinds.pipeline.job import jobs_of, translate_nodes
from airflow_azureml.jobspec.nodes import bindings
from airflow_azureml.jobspec.nodes.component import (
    HEAD,
    Component,
    any_mapping,
    declared,
    registration,
    unknown_keys,
)
from airflow_azureml.jobspec.nodes.kind import JobTranslator, Scope, Source
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.translator import Translator

_COMPONENT = (*HEAD, Field("properties", "properties", any_mapping))


def pipeline_component(located: Located, ctx: JobTranslator) -> Component:
    """Read a pipeline component: its nodes see its own inputs and outputs alone."""
    known = (*(row.name for row in _COMPONENT), "inputs", "outputs", "jobs")
    unknown = unknown_keys(located, ctx, known)
    body = convert_mapping(_COMPONENT, located, ctx, extra=("inputs", "outputs", "jobs", *unknown))
    properties = body.pop("properties", None)
    inputs, outputs, io = declared(located, ctx, primitive=True)
    scope = Scope(ctx.kinds, _sources(inputs), _sources(outputs), jobs_of(located))
    nodes = translate_nodes(ctx, scope)
    optional = _infer_optional(located, ctx, scope, io.get("inputs", {}))
    inputs = {name: replace(port, optional=True) if name in optional else port for name, port in inputs.items()}
    spec = {**unknown, **body, "type": "pipeline", **io, "jobs": nodes}
    return Component(
        registration(spec, properties, located), "pipeline", inputs, outputs, spec, located, scope.components
    )


def _infer_optional(located: Located, ctx: Translator, scope: Scope, declared_inputs: dict[str, Any]) -> set[str]:
    """Mark inputs that are bound to optional inputs alone as optional, as Microsoft does; the last node counts.

    Source: azure-ai-ml 1.35.2, ``PipelineComponent._validate_binding_inputs``.
    """
    written = {name: body.get("optional") for name, body in declared_inputs.items()}
    inferred = dict.fromkeys(written, False)
    for node in scope.jobs.items() if scope.jobs is not None and scope.names else ():
        for name, bound in _bound_inputs(node, scope).items():
            needed = [port for port in bound if not port.optional]
            if name not in written:
                continue
            if written[name] is None:
                inferred[name] = not needed
            elif written[name] and needed:
                ctx.error(located, "it is optional, but bound to a required input.", "inputs", name)
    optional_names = {name for name, optional in inferred.items() if optional}
    for name in optional_names:
        declared_inputs[name]["optional"] = True
    return optional_names


def _bound_inputs(located: Located, scope: Scope) -> dict[str, list[Port]]:
    """Tell which ports of a node's component each input of the pipeline is bound to."""
    bound_ports: dict[str, list[Port]] = {}
    component = scope.components.get(located.name)
    node_inputs = located.value.get("inputs") if isinstance(located.value, Mapping) else None
    if component is None or component.inputs is None or not isinstance(node_inputs, Mapping):
        return bound_ports
    for name, node_input in node_inputs.items():
        path = node_input.get("path") if isinstance(node_input, Mapping) else node_input
        match = bindings.INPUT.match(path) if isinstance(path, str) else None
        if match and match[1] == "inputs" and name in component.inputs:
            bound_ports.setdefault(match[2], []).append(component.inputs[name])
    return bound_ports


def _sources(ports: Ports) -> dict[str, Source]:
    return {name: Source(port.type, port.mode) for name, port in ports.items()}
