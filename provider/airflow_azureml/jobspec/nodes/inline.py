"""Inline nodes, which name no component: the component made of each, with inferred inputs and outputs.

Source: azure-ai-ml 1.35.2, ``entities/_job/pipeline/_pipeline_job_helpers.py`` and ``_component_translatable.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.grammar.component_io import Port, dotted, parameter
from airflow_azureml.jobspec.grammar.inputs import input_mode, input_type
from airflow_azureml.jobspec.grammar.literals import is_literal
from airflow_azureml.jobspec.nodes import bindings
from airflow_azureml.jobspec.nodes.component import Component, registration
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator


def inferred(located: Located, ctx: Translator, scope: Scope) -> dict[str, Any]:
    """Make the declared inputs and outputs of a component from those of its node, as far as there are any."""
    spec = {"inputs": _inferred_inputs(located, ctx, scope), "outputs": _inferred_outputs(located, ctx, scope)}
    return {key: group for key, group in spec.items() if group}


def _inferred_inputs(located: Located, ctx: Translator, scope: Scope) -> dict[str, dict[str, Any]]:
    """Make the declared inputs of a component from what its node is given."""
    spec = {}
    given = located.value.get("inputs")
    for item in located.child("inputs").items() if isinstance(given, Mapping) else ():
        dotted(item, ctx)
        declared = _inferred_input(item, ctx, scope)
        if declared is not INVALID:
            spec[item.name] = declared
    return spec


def _inferred_input(located: Located, ctx: Translator, scope: Scope) -> dict[str, Any] | Invalid:
    value = located.value
    value = bindings.unwrapped(value)
    if isinstance(value, str) and bindings.INPUT.search(value):
        found = bindings.source(value, scope)
        if found is None:
            return ctx.secondary_error(located, f"{value}: cannot resolve this binding.")
        return {"type": found.type, **({"mode": found.mode} if found.mode else {})}
    if is_literal(value):
        kind = bindings.LITERALS[type(value)]
        return {"type": kind, "default": str(value) if kind == "integer" else parameter(kind, value)}
    if isinstance(value, Mapping):
        data_type = input_type(located, ctx)
        mode = input_mode(located, ctx, data_type)
        return INVALID if INVALID in (data_type, mode) else {"type": data_type, **({"mode": mode} if mode else {})}
    return INVALID


def _inferred_outputs(located: Located, ctx: Translator, scope: Scope) -> dict[str, dict[str, Any]]:
    """Make the declared outputs of a component from those of its node."""
    spec = {}
    given = located.value.get("outputs")
    for item in located.child("outputs").items() if isinstance(given, Mapping) else ():
        dotted(item, ctx)
        spec[item.name] = _inferred_output(item, ctx, scope)
    return spec


def _inferred_output(located: Located, ctx: Translator, scope: Scope) -> dict[str, Any]:
    value = located.value
    if isinstance(value, str) and not bindings.OUTPUT.match(value):
        return {"type": "string"}
    if isinstance(value, str):
        found = bindings.source(value, scope)
        if found is None:
            ctx.secondary_error(located, f"{show(value)}: cannot resolve this binding.")
            return {"type": "uri_folder"}
        return {"type": found.type, **({"mode": found.mode} if found.mode else {})}
    value = value if isinstance(value, Mapping) else {}
    if set(value) == {"path"} and bindings.OUTPUT.match(str(value["path"])):
        return _inferred_output(located.within(value["path"]), ctx, scope)
    mode = {"mode": str(value["mode"]).lower()} if value.get("mode") else {}
    return {"type": str(value.get("type") or "uri_folder").lower(), **mode}


def inline_component(
    kind: str, spec: Mapping[str, Any], located: Located, scope: Scope, properties: Any = None
) -> Component:
    """Make the component of a node that is written out, known to the pipeline by the node's name.

    :param properties: those of the component itself, beside its spec.
    """
    made = registration(spec, properties)
    found = Component(made, kind, _ports(spec.get("inputs", {})), _ports(spec.get("outputs", {})), spec, located)
    scope.components[located.name] = found
    return found


def _ports(spec: Mapping[str, Mapping[str, Any]]) -> dict[str, Port]:
    """Read ports back from a spec that was inferred; what its node gives need not be given again."""
    return {name: Port(body["type"], body.get("mode")) for name, body in spec.items()}
