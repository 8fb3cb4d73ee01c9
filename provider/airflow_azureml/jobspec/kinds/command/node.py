"""Command nodes of a pipeline, which most nodes are: with a component, or written out.

Source: azure-ai-ml 1.35.2, ``entities/_builders/command.py`` and ``_schema/pipeline/component_job.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.grammar.code import code
from airflow_azureml.jobspec.grammar.command_text import check_bindings
from airflow_azureml.jobspec.grammar.computes import compute_id
from airflow_azureml.jobspec.grammar.shared import (
    DISTRIBUTION,
    JOB_SERVICES,
    LIMITS,
    QUEUE,
    RESOURCES,
    identity,
    resources,
    variable,
)
from airflow_azureml.jobspec.kinds.command.job import COMMAND, command_line
from airflow_azureml.jobspec.nodes.component import (
    component_environment,
    component_resources,
    spec_id,
    unknown_keys,
)
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.nodes.node_component import head_of_spec, inline_component
from airflow_azureml.jobspec.nodes.node_io import inferred, node_shape
from airflow_azureml.jobspec.nodes.node_keys import COMPONENT_KEYS, NODE, SUPERSEDED, rows
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Container, Field
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import mapped, text


@Container
def _queue(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the queue settings, in which nothing is bound."""
    return QUEUE(located, ctx.unbound())


COMMAND_SETTINGS = (
    Field("environment_variables", "environmentVariables", mapped(variable)),
    Field("resources", "resources", resources),
    Field("distribution", "distribution", DISTRIBUTION),
    Field("limits", "limits", LIMITS),
    Field("services", "services", JOB_SERVICES),
    Field("identity", "identity", identity),
    Field("queue_settings", "queueSettings", _queue),
)
COMMAND_NODE = (
    *NODE,
    *COMMAND_SETTINGS,
    *SUPERSEDED,
    Field("command", None, text, unsent=True),
)
"""What a node has beside its component; what that runs, it says itself, and what the node says of it is checked alone.
"""
KNOWN = frozenset((*(row.name for row in COMMAND_NODE), *COMPONENT_KEYS))


def command_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a command node, with a component or written out."""
    if "component" not in located.value:
        return inline_command(located, ctx, scope, name)
    component = scope.components.get(name)
    unknown = unknown_keys(located, ctx, KNOWN)
    body = convert_mapping(COMMAND_NODE, located, ctx, extra=(*COMPONENT_KEYS, *unknown))
    if component is None:
        return body
    for key, convert in (("resources", _taken_over), ("distribution", DISTRIBUTION)):
        if key not in body and component.located is not None and component.located.value.get(key):
            body[key] = convert(component.located.child(key), ctx.unbound())
    return {**node_shape(located, ctx, scope, name, component), **body, **unknown}


def _taken_over(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take over the resources of the component, as far as they are known."""
    known = {row.name for row in RESOURCES}
    if not isinstance(located.value, Mapping):
        return INVALID  # the component itself is refused
    return resources(located.within({key: value for key, value in located.value.items() if key in known}), ctx)


INLINE_NODE = (
    *rows(COMMAND, "type", "tags", "properties", "id", "status", "creation_context", "log_files", "parameters"),
    *rows(COMMAND, "environment_variables", "distribution", "resources", "limits", "identity", "services"),
    *rows(COMMAND, "queue_settings"),
    Field("name", None, text),
    Field("display_name", "displayName", text),
    Field("experiment_name", None, text, unsent=True),
    Field("description", None, text),
    Field("parent_job_name", None, text, unsent=True),
    Field("compute", "computeId", compute_id),
)
"""What a node that is written out has of a job that stands alone."""

IN_COMPONENT = ("inputs", "outputs", "code", "command", "environment")


def inline_command(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a command node that is written out: its component is made of it."""
    # Its schema is that of a job that stands alone, where nothing is bound.
    body = convert_mapping(INLINE_NODE, located, ctx.unbound(), extra=IN_COMPONENT)
    component = inline_component("command", command_spec(located, ctx, scope), scope, name)
    return {**node_shape(located, ctx, scope, name, component), **body}


def command_spec(located: Located, ctx: Translator, scope: Scope) -> dict[str, Any]:
    """Make the spec of the component of a command node that is written out."""
    node = located.value
    spec: dict[str, Any] = {"is_deterministic": True, "type": "command"}
    io = inferred(located, ctx, scope)
    in_component = ctx.in_form(Form.COMPONENT)
    for key, convert in (("command", command_line), ("environment", component_environment)):
        if node.get(key) is None:
            ctx.error(located, f"{show(key)} is required.", key)
        else:
            spec[key] = convert(located.child(key), in_component)
    if node.get("code") is not None or ("code" in node and not located.document.from_python):
        spec["code"] = spec_id(code(located.child("code"), ctx, component=True))
    spec.update(_settings_of_spec(located, in_component))
    if isinstance(node.get("command"), str):
        node_inputs = node.get("inputs")
        inputs = node_inputs if isinstance(node_inputs, Mapping) else io.get("inputs", {})
        check_bindings(located.child("command"), ctx, inputs, io.get("outputs", {}))
    return {**spec, **io}


def _settings_of_spec(located: Located, ctx: Translator) -> dict[str, Any]:
    """Take what of a node's settings goes into its component too: all but the properties of its resources."""
    node = located.value
    spec = head_of_spec(located, ctx, "tags")
    if isinstance(node.get("resources"), Mapping):
        node_resources = component_resources(located.child("resources"), ctx)
        spec |= {"resources": node_resources} if node_resources else {}
    if node.get("distribution") is not None:
        spec["distribution"] = DISTRIBUTION(located.child("distribution"), ctx)
    return spec
