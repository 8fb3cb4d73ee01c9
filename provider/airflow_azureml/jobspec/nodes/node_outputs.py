"""Outputs of the nodes of a pipeline: bindings to the pipeline's own, or settings.

Source: azure-ai-ml 1.35.2, ``entities/_job/pipeline/_io/`` and ``entities/_job/pipeline/_pipeline_job_helpers.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.grammar.command_text import ANY_BINDING
from airflow_azureml.jobspec.grammar.component_io import dotted
from airflow_azureml.jobspec.grammar.outputs import OUTPUT_MODES, job_output
from airflow_azureml.jobspec.nodes import bindings
from airflow_azureml.jobspec.nodes.component import Component
from airflow_azureml.jobspec.nodes.kind import Scope, Source
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator

Sent = dict[str, Any] | Invalid | None
"""What is sent for an output; None where nothing is."""


def node_outputs(located: Located, ctx: Translator, scope: Scope, name: str, found: Component) -> dict[str, Any]:
    """Read the outputs of a node: bindings to the pipeline's, or settings of its own; empty ones are not sent."""
    body: dict[str, Any] = {}
    given = located.value.get("outputs")
    if given is not None and not isinstance(given, Mapping):
        ctx.error(located, f"{show(given)} is not a mapping of names.", "outputs")
        given = None
    for item in located.child("outputs").items() if given else ():
        bindings.check(item, ctx, scope, name)
        converted = one_output(item, ctx, found.inline)
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
        return bindings.old_spelling(located, ctx, path)
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


def inferred_outputs(located: Located, ctx: Translator, scope: Scope) -> dict[str, dict[str, Any]]:
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
        return found.declared()
    value = value if isinstance(value, Mapping) else {}
    if set(value) == {"path"} and bindings.OUTPUT.match(str(value["path"])):
        return _inferred_output(located.within(value["path"]), ctx, scope)
    return Source.of(value).declared()
