"""Inputs and outputs of the nodes of a pipeline: bindings, literals and data.

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
from airflow_azureml.jobspec.grammar.outputs import OUTPUT_MODES, job_output
from airflow_azureml.jobspec.grammar.references import is_binding
from airflow_azureml.jobspec.nodes import bindings
from airflow_azureml.jobspec.nodes.component import Component
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator

Sent = dict[str, Any] | Invalid | None
"""What is sent for an input or output; None where nothing is."""


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
        port = found.inputs.get(item.name) if found.inputs is not None else None
        if found.more_inputs and item.name.split(".")[0] == "connections" and item.name.count(".") != 2:
            ctx.error(item, f"{show(item.name)} names no connection. Accepted: connections.NODE.NAME.")
            continue
        unknown_port = found.inputs is not None and port is None and not _grouped(item.name, found.inputs)
        if unknown_port and not found.more_inputs:
            if found.located is located:
                one_input(item, ctx, port)  # nothing could be inferred, for a reason that it reports
            ctx.warn(item, f"the component declares no input {show(item.name)}: not sent.")
            continue
        if found.inputs is None:
            converted = _of_registered(item, ctx)
        else:
            # The component of a node that is written out takes its types from what is given, and hands on texts.
            known = port.type if port is not None and found.located is not located else "string"
            converted = one_input(item, ctx, port, known)
        if converted is not INVALID and converted is not None:
            body[item.name] = converted
    for missing in _missing(found, (*(given or {}), *searched)):
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


def _grouped(name: str, ports: Mapping[str, Port]) -> bool:
    return any(port.startswith(f"{name}.") for port in ports)


def _missing(found: Component, given: Collection[str]) -> list[str]:
    return [name for name, port in (found.inputs or {}).items() if port.required and name not in given]


def one_input(located: Located, ctx: Translator, port: Port | None, kind: str = "string") -> Sent:
    """Read one input of a node.

    :param port: what its component declares for it, as far as that is known.
    :param kind: the type of literals that it wants.
    """
    value = located.value
    if isinstance(value, str):
        if bindings.INPUT.match(value):
            return {ctx.key("jobInputType"): "literal", "value": value}
        if bindings.LEGACY.match(value):
            return _old_spelling(located, ctx, value)
    data = port is not None and port.type not in PARAMETERS
    if isinstance(value, Mapping):
        if data and set(value) == {"value"}:
            value = value["value"]
        path = value.get("path") if isinstance(value, Mapping) else None
        if isinstance(path, str) and bindings.LEGACY.match(path):
            return _old_spelling(located, ctx, path, "path")
        if isinstance(path, str) and bindings.INPUT.match(path):
            return _bound_data(located, ctx, path)
    if data and port is not None and is_literal(value):
        return _literal(located, ctx, port, value)
    return job_input(located, ctx, kind)


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


def _bound_data(located: Located, ctx: Translator, path: str) -> dict[str, Any] | Invalid:
    """Read data whose path is a binding, with a type and a mode of its own."""
    unknown(located, ctx, (*INPUT_KEYS, *UPSTREAM_KEYS))
    if is_binding(located.value.get("type")):
        located = located.within({key: item for key, item in located.value.items() if key != "type"})
    kind = input_type(located, ctx)
    mode = input_mode(located, ctx, kind)
    if kind is INVALID or mode is INVALID:
        return INVALID
    given = {"mode": INPUT_MODES[mode]} if mode else {}
    return {ctx.key("jobInputType"): "literal", "value": path, **given}


def _old_spelling(located: Located, ctx: Translator, binding: str, *further: str) -> Invalid:
    new = binding.replace("{{", "{{parent.")
    return ctx.error(located, f"{binding} is an old spelling. Accepted: {new}.", *further)


def node_outputs(located: Located, ctx: Translator, scope: Scope, name: str, found: Component) -> dict[str, Any]:
    """Read the outputs of a node: bindings to the pipeline's, or settings of its own; empty ones are not sent."""
    body: dict[str, Any] = {}
    given = located.value.get("outputs")
    if given is not None and not isinstance(given, Mapping):
        ctx.error(located, f"{show(given)} is not a mapping of names.", "outputs")
        given = None
    for item in located.child("outputs").items() if given else ():
        bindings.check(item, ctx, scope, name)
        converted = one_output(item, ctx, found.located is located)
        if found.outputs is not None and item.name not in found.outputs:
            ctx.warn(item, f"the component declares no output {show(item.name)}: not sent.")
            continue
        if converted is not INVALID and converted is not None:
            port = (found.outputs or {}).get(item.name)
            if port is not None and port.type == "uri_file" and "value" not in converted:
                converted[ctx.key("jobOutputType")] = "uri_file"
            body[item.name] = converted
    return body


def one_output(located: Located, ctx: Translator, inline: bool = False) -> Sent:
    """Read one output of a node; None for one that is left to its default.

    :param inline: of a node without a component, where Microsoft's client takes any text for a place.
    """
    value = located.value
    path = value.get("path") if isinstance(value, Mapping) else value
    if value is None:
        return None
    if isinstance(path, str) and bindings.OUTPUT.match(path):
        return _bound_output(located, ctx, path)
    if isinstance(path, str) and bindings.LEGACY.match(path):
        return _old_spelling(located, ctx, path)
    if isinstance(value, str) and (inline or ANY_BINDING.search(value)):
        ctx.warn(located, f"{show(value)} is not an output of the pipeline; it is sent as the path of this output.")
        return {ctx.key("jobOutputType"): "uri_folder", "uri": value}
    if isinstance(value, str):
        return _not_an_output(located, ctx)
    body: Sent = job_output(located, ctx)
    if isinstance(body, dict):
        # Inside of nodes the registered name and version have plain names.
        for key, plain in (("asset_name", "name"), ("asset_version", "version")):
            if key in body:
                body[plain] = body.pop(key)
    return body


def only_bindings(located: Located, ctx: Translator) -> None:
    """Refuse a text as output that is no binding to one of the pipeline's."""
    outputs = located.value.get("outputs")
    for item in located.child("outputs").items() if isinstance(outputs, Mapping) else ():
        if isinstance(item.value, str) and not bindings.OUTPUT.match(item.value):
            _not_an_output(item, ctx)


def _not_an_output(located: Located, ctx: Translator) -> Invalid:
    accepted = "${{parent.outputs.NAME}}, or a mapping of type, mode, path, name, version"
    return ctx.error(located, f"{show(located.value)} is not an output. Accepted: {accepted}.")


def _bound_output(located: Located, ctx: Translator, path: str) -> dict[str, Any] | Invalid:
    body: dict[str, Any] = {"value": path, "type": "literal"}
    if isinstance(located.value, Mapping):
        checked: Sent = job_output(located, ctx)
        if checked is INVALID:
            return INVALID
        if located.value.get("mode"):
            body["mode"] = OUTPUT_MODES[str(located.value["mode"]).lower()]
        for key in ("name", "version"):
            if located.value.get(key) not in (None, ""):
                body[key] = str(located.value[key])
    return body


# -- of a node that is written out


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
    value = unwrapped(located.value)
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
