"""Inputs of the nodes of a pipeline (bindings, literals and data), and what each node with a component has.

Source: azure-ai-ml 1.35.2, ``entities/_job/pipeline/_io/`` and ``entities/_job/pipeline/_pipeline_job_helpers.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.grammar.command_text import ANY_BINDING
from airflow_azureml.jobspec.grammar.component_io import PARAMETERS, Port, dotted, parameter
from airflow_azureml.jobspec.grammar.inputs import (
    INPUT_KEYS,
    INPUT_MODES,
    UPSTREAM_KEYS,
    input_mode,
    input_type,
    job_input,
    unknown,
    unwrapped,
)
from airflow_azureml.jobspec.grammar.literals import is_literal
from airflow_azureml.jobspec.grammar.references import is_binding
from airflow_azureml.jobspec.nodes import bindings
from airflow_azureml.jobspec.nodes.component import Component
from airflow_azureml.jobspec.nodes.kind import Scope, Source
from airflow_azureml.jobspec.nodes.node_outputs import inferred_outputs, node_outputs
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator

Sent = dict[str, Any] | Invalid | None
"""What is sent for an input; None where nothing is."""


def node_shape(
    located: Located, ctx: Translator, scope: Scope, name: str, found: Component, searched: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Write what every node with a component has: its name, its type, the component, its inputs and outputs.

    :param searched: inputs that the node gives in another way: a sweep's search space.
    """
    for key in ("inputs", "outputs"):
        if key in located.value and located.value[key] is None and not located.document.from_python:
            ctx.error(located, "an empty value is not a mapping of names.", key)
    taken = node_inputs(located, ctx, scope, name, found, searched)
    given = node_outputs(located, ctx, scope, name, found)
    ports = {key: group for key, group in (("inputs", taken), ("outputs", given)) if group}
    return {"name": name, "type": found.kind, "componentId": found.id, **ports}


def node_inputs(
    located: Located, ctx: Translator, scope: Scope, name: str, found: Component, searched: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Read the inputs of a node: bindings, literals and data; what its component does not declare is left out."""
    body: dict[str, Any] = {}
    given = located.value.get("inputs")
    if given is not None and not isinstance(given, Mapping):
        ctx.error(located, f"{show(given)} is not a mapping of names.", "inputs")
        return body
    for item in located.child("inputs").items() if given else ():
        bindings.check(item, ctx, scope, name)
        port = (found.inputs or {}).get(item.name)
        if found.more_inputs and item.name.split(".")[0] == "connections" and item.name.count(".") != 2:
            ctx.error(item, f"{show(item.name)} names no connection. Accepted: connections.NODE.NAME.")
        elif port is None and not _takes(found, item.name):
            ctx.warn(item, f"the component declares no input {show(item.name)}: not sent.")
        else:
            read = _of_registered(item, ctx) if found.inputs is None else one_input(item, ctx, port, found.inline)
            if read is not INVALID and read is not None:
                body[item.name] = read
    looped = name in scope.loops.values()  # the items of its loop give what it lacks
    for missing in () if looped else _missing(found, (*(given or {}), *searched)):
        ctx.error(located, f"the component needs the input {show(missing)}.", "inputs", missing)
    return body


def _of_registered(located: Located, ctx: Translator) -> Sent:
    """Read an input of a registered component, of which only the service knows whether it takes an empty text:
    Microsoft's own examples give one (azureml-examples, ``foundation-models/system/finetune``)."""
    before = len(ctx.rejected)
    converted = one_input(located, ctx, None)
    for problem in ctx.rejected[before:]:
        ctx.warn(located, problem.message)
    del ctx.rejected[before:]
    return converted


def _takes(found: Component, name: str) -> bool:
    """Whether a component takes an input that is no port of its: a group of ports is, with dots in their names."""
    if found.inputs is None or found.inline or found.more_inputs:
        return True
    return any(port.startswith(f"{name}.") for port in found.inputs)


def _missing(found: Component, given: Collection[str]) -> list[str]:
    return [name for name, port in (found.inputs or {}).items() if port.required and name not in given]


def one_input(located: Located, ctx: Translator, port: Port | None, inline: bool = False) -> Sent:
    """Read one input of a node.

    :param port: what its component declares for it, as far as that is known.
    :param inline: the component is made of the node: it takes its types from what is given, and hands on texts.
    """
    value = located.value
    if isinstance(value, str):
        if bindings.INPUT.match(value):
            return {ctx.key("jobInputType"): "literal", "value": value}
        if bindings.LEGACY.match(value):
            return bindings.old_spelling(located, ctx, value)
    data = port is not None and port.type not in PARAMETERS
    if isinstance(value, Mapping):
        if data and set(value) == {"value"}:
            value = value["value"]
        path = value.get("path") if isinstance(value, Mapping) else None
        if isinstance(path, str) and bindings.LEGACY.match(path):
            return bindings.old_spelling(located, ctx, path, "path")
        if isinstance(path, str) and bindings.INPUT.match(path):
            return _bound_data(located, ctx, path, inline)
    if data and port is not None and is_literal(value):
        return _literal(located, ctx, port, value)
    return job_input(located, ctx, "string" if port is None or inline else port.type)


def _literal(located: Located, ctx: Translator, port: Port, value: Any) -> Sent:
    """Read a scalar where the component takes data: it is a path."""
    if not isinstance(value, str):
        return ctx.error(located, f"{show(value)} is not a path, and the component takes {port.type} here.")
    if port.type == "path" and "${{" not in value:
        return ctx.error(located, "the component takes a path here. Give a mapping with type and path.")
    if not ANY_BINDING.search(value):
        located = located.within({"type": port.type, "path": value})
    read: Sent = job_input(located, ctx)
    return read


def _bound_data(located: Located, ctx: Translator, path: str, inline: bool) -> dict[str, Any] | Invalid:
    """Read data whose path is a binding, with a type and a mode of its own."""
    unknown(located, ctx, (*INPUT_KEYS, *UPSTREAM_KEYS))
    if is_binding(located.value.get("type")) and not inline:
        located = located.within({key: item for key, item in located.value.items() if key != "type"})
    kind = input_type(located, ctx)
    mode = input_mode(located, ctx, kind)
    if kind is INVALID or mode is INVALID:
        return INVALID
    given = {"mode": INPUT_MODES[mode]} if mode else {}
    return {ctx.key("jobInputType"): "literal", "value": path, **given}


# -- of a node that is written out


def inferred(located: Located, ctx: Translator, scope: Scope) -> dict[str, Any]:
    """Make the declared inputs and outputs of a component from those of its node, as far as there are any."""
    spec = {"inputs": _inferred_inputs(located, ctx, scope), "outputs": inferred_outputs(located, ctx, scope)}
    return {key: group for key, group in spec.items() if group}


def _inferred_inputs(located: Located, ctx: Translator, scope: Scope) -> dict[str, dict[str, Any]]:
    """Make the declared inputs of a component from what its node is given; ``one_input`` says what is wrong there."""
    spec = {}
    given = located.value.get("inputs")
    for item in located.child("inputs").items() if isinstance(given, Mapping) else ():
        dotted(item, ctx)
        declared = _inferred_input(item, ctx, scope)
        if declared is not INVALID:
            spec[item.name] = declared
    return spec


def _inferred_input(located: Located, ctx: Translator, scope: Scope) -> dict[str, Any] | Invalid:
    value = unwrapped(located.value)
    if isinstance(value, str) and bindings.INPUT.search(value):
        found = bindings.source(value, scope)
        if found is None:
            return ctx.secondary_error(located, f"{value}: cannot resolve this binding.")
        return found.declared()
    if is_literal(value):
        kind = bindings.LITERALS[type(value)]
        return {"type": kind, "default": str(value) if kind == "integer" else parameter(kind, value)}
    return Source.of(value).declared() if isinstance(value, Mapping) else INVALID
