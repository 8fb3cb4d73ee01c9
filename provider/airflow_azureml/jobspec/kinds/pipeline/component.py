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
    rest = unknown_keys(located, ctx, known)
    body = convert_mapping(_COMPONENT, located, ctx, extra=("inputs", "outputs", "jobs", *rest))
    properties = body.pop("properties", None)
    taken, given, io = declared(located, ctx, primitive=True)
    scope = Scope(ctx.kinds, _sources(taken), _sources(given), jobs_of(located))
    nodes = translate_nodes(ctx, scope)
    optional = _infer_optional(located, ctx, scope, io.get("inputs", {}))
    taken = {name: replace(port, optional=True) if name in optional else port for name, port in taken.items()}
    spec = {**rest, **body, "type": "pipeline", **io, "jobs": nodes}
    return Component(registration(spec, properties, located), "pipeline", taken, given, spec, located, scope.components)


def _infer_optional(located: Located, ctx: Translator, scope: Scope, declared_inputs: dict[str, Any]) -> set[str]:
    """Mark inputs that are bound to optional inputs alone as optional, as Microsoft does; the last node counts.

    Source: azure-ai-ml 1.35.2, ``PipelineComponent._validate_binding_inputs``.
    """
    said = {name: body.get("optional") for name, body in declared_inputs.items()}
    inferred = dict.fromkeys(said, False)
    for item in scope.jobs.items() if scope.jobs is not None and scope.names else ():
        for name, bound in _bound_inputs(item, scope).items():
            needed = [port for port in bound if not port.optional]
            if name not in said:
                continue
            if said[name] is None:
                inferred[name] = not needed
            elif said[name] and needed:
                ctx.error(located, "it is optional, but bound to a required input.", "inputs", name)
    found = {name for name, optional in inferred.items() if optional}
    for name in found:
        declared_inputs[name]["optional"] = True
    return found


def _bound_inputs(located: Located, scope: Scope) -> dict[str, list[Port]]:
    """Tell which ports of a node's component each input of the pipeline is bound to."""
    found: dict[str, list[Port]] = {}
    part = scope.components.get(located.name)
    given = located.value.get("inputs") if isinstance(located.value, Mapping) else None
    if part is None or part.inputs is None or not isinstance(given, Mapping):
        return found
    for name, value in given.items():
        path = value.get("path") if isinstance(value, Mapping) else value
        match = bindings.INPUT.match(path) if isinstance(path, str) else None
        if match and match[1] == "inputs" and name in part.inputs:
            found.setdefault(match[2], []).append(part.inputs[name])
    return found


def _sources(ports: Ports) -> dict[str, Source]:
    return {name: Source(port.type, port.mode) for name, port in ports.items()}
