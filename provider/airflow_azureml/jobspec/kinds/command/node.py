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
from airflow_azureml.jobspec.kinds.command.component import component_distribution
from airflow_azureml.jobspec.kinds.command.job import COMMAND, command_line
from airflow_azureml.jobspec.nodes.component import (
    component_environment,
    component_resources,
    spec_id,
    unknown_keys,
)
from airflow_azureml.jobspec.nodes.inline import inferred, inline_component
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.nodes.node_io import node_shape
from airflow_azureml.jobspec.nodes.node_keys import COMPONENT_KEYS, NODE, rows
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Convert, Field
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, Translator
from airflow_azureml.jobspec.table.values import mapped, text


def unbound(convert: Convert) -> Convert:
    """Make a converter that takes no bindings."""

    def converter(located: Located, ctx: Translator) -> Any:
        with ctx.style(snake=ctx.snake, bound=False):
            return convert(located, ctx)

    return converter


COMMAND_SETTINGS = (
    Field("environment_variables", "environmentVariables", mapped(variable), bindable=False),
    Field("resources", "resources", resources, bindable=False),
    Field("distribution", "distribution", DISTRIBUTION),
    Field("limits", "limits", LIMITS, bindable=False),
    Field("services", "services", JOB_SERVICES, bindable=False),
    Field("identity", "identity", identity),
    Field("queue_settings", "queueSettings", unbound(QUEUE), bindable=False),
)
COMMAND_NODE = (
    *NODE,
    *COMMAND_SETTINGS,
    Field("environment", None, anything),
    Field("code", None, anything),
    Field("command", None, anything),
)
KNOWN = frozenset((*(row.name for row in COMMAND_NODE), *COMPONENT_KEYS))


def command_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a command node, with a component or written out."""
    if "component" not in located.value:
        return inline_command(located, ctx, scope, name)
    found = scope.components.get(name)
    rest = unknown_keys(located, ctx, KNOWN)
    body = convert_mapping(COMMAND_NODE, located, ctx, extra=(*COMPONENT_KEYS, *rest))
    if found is None:
        return body
    for key, convert in (("resources", _taken_over), ("distribution", DISTRIBUTION)):
        if key not in body and found.located is not None and found.located.value.get(key):
            with ctx.style(snake=True, bound=False):
                body[key] = convert(found.located.child(key), ctx)
    return {**node_shape(located, ctx, scope, name, found), **body, **rest}


def _taken_over(located: Located, ctx: Translator) -> Any:
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
    with ctx.style(snake=ctx.snake, bound=False):  # its schema is that of a job that stands alone
        body = convert_mapping(INLINE_NODE, located, ctx, extra=IN_COMPONENT)
    found = inline_component("command", command_spec(located, ctx, scope), located, scope)
    return {**node_shape(located, ctx, scope, name, found), **body}


def command_spec(located: Located, ctx: Translator, scope: Scope) -> dict[str, Any]:
    """Make the spec of the component of a command node that is written out."""
    value = located.value
    spec: dict[str, Any] = {"is_deterministic": True, "type": "command"}
    io = inferred(located, ctx, scope)
    with ctx.style(snake=False, bound=False):
        for key, convert in (("command", command_line), ("environment", component_environment)):
            if value.get(key) is None:
                ctx.error(located, f"{show(key)} is required.", key)
            else:
                spec[key] = convert(located.child(key), ctx)
        if value.get("code") is not None or ("code" in value and not located.document.from_python):
            spec["code"] = spec_id(code(located.child("code"), ctx, component=True))
        spec.update(_settings_of_spec(located, ctx))
    if isinstance(value.get("command"), str):
        written = value.get("inputs")
        taken = written if isinstance(written, Mapping) else io.get("inputs", {})
        check_bindings(located.child("command"), ctx, taken, io.get("outputs", {}))
    return {**spec, **io}


def _settings_of_spec(located: Located, ctx: Translator) -> dict[str, Any]:
    """Take what of a node's settings goes into its component too: all but the properties of its resources."""
    value = located.value
    kinds: tuple[tuple[str, Any], ...] = (("description", str), ("tags", Mapping))
    spec = {key: value[key] for key, kind in kinds if value.get(key) not in (None, {}) and isinstance(value[key], kind)}
    if isinstance(value.get("resources"), Mapping):
        given = component_resources(located.child("resources"), ctx)
        spec |= {"resources": given} if given else {}
    if value.get("distribution") is not None:
        spec["distribution"] = component_distribution(located.child("distribution"), ctx)
    return spec
