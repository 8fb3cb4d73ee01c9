"""The nodes of a pipeline: what every kind of them has, and the command, which most of them are.

Names inside of a node are in snake case, ``componentId`` and ``computeId`` are not. A binding may stand in the place of
nearly every value. Source: azure-ai-ml 1.35.2, ``entities/_builders/`` and ``_schema/pipeline/component_job.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.command_text import check_bindings
from airflow_azureml.jobspec.grammar.references import code, compute_id
from airflow_azureml.jobspec.grammar.shared import (
    DISTRIBUTION,
    JOB_SERVICES,
    LIMITS,
    QUEUE,
    RESOURCES,
    TAGS,
    identity,
    resources,
    variable,
)
from airflow_azureml.jobspec.kinds.command.job import COMMAND, command_line
from airflow_azureml.jobspec.nodes.components import (
    command_resources,
    component_distribution,
    component_environment,
    loose,
    spec_id,
)
from airflow_azureml.jobspec.nodes.graph import Scope
from airflow_azureml.jobspec.nodes.node_io import inferred, node_shape, written_out
from airflow_azureml.jobspec.table.fields import INVALID, Convert, Field, Translator, anything, convert_mapping, show
from airflow_azureml.jobspec.table.values import mapped, text

NODE = (
    Field("type", None, text, bindable=False),
    Field("name", None, anything),
    Field("display_name", "displayName", anything),
    Field("description", None, anything, unsent=True),
    Field("tags", "tags", loose, bindable=False),
    Field("properties", "properties", TAGS, bindable=False),
    Field("comment", "comment", text),
    Field("experiment_name", None, anything, unsent=True),
    Field("services", None, anything, unsent=True),
    Field("compute", "computeId", compute_id),
)
"""What nodes with a component have; the description of one is not sent. Names, description and tags may be of any
kind. Source: azure-ai-ml 1.35.2, ``BaseNodeSchema`` names none of these and lets unknown keys pass."""


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
PORTS = ("inputs", "outputs", "component")


def sent_on(located: Located, ctx: Translator, known: tuple[str, ...]) -> dict[str, Any]:
    """Take keys of a node that nobody knows, with a warning: Microsoft's client sends them on."""
    rest = {}
    for item in located.items():
        if item.path[-1] not in known and item.path[-1] != "$schema":
            ctx.warn(item, f"{show(item.path[-1])} is not known here; it is sent as it is.")
            rest[str(item.path[-1])] = anything(item, ctx)
    return rest


def command_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a command node, with a component or written out."""
    if "component" not in located.value:
        return inline_command(located, ctx, scope, name)
    found = scope.components.get(name)
    known = (*(row.name for row in COMMAND_NODE), *PORTS)
    rest = sent_on(located, ctx, known)
    body = convert_mapping(COMMAND_NODE, located, ctx, extra=(*PORTS, *rest))
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


INLINE = tuple(
    Field(row.name, row.api_name, row.convert, row.required, row.ignored, row.bindable)
    for row in COMMAND
    if row.name not in {"inputs", "outputs", "code", "command", "environment", "compute", "experiment_name", "name"}
    and row.name not in {"description", "display_name", "parent_job_name", "notification_setting"}
)
INLINE_NODE = (
    *INLINE,
    Field("name", None, text),
    Field("display_name", "displayName", text),
    Field("experiment_name", None, text, unsent=True),
    Field("description", None, text),
    Field("parent_job_name", None, text, unsent=True),
    Field("compute", "computeId", compute_id),
)
INLINE_OWN = ("inputs", "outputs", "code", "command", "environment")


def inline_command(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a command node that is written out: its component is made of it."""
    with ctx.style(snake=ctx.snake, bound=False):  # its schema is that of a job that stands alone
        body = convert_mapping(INLINE_NODE, located, ctx, extra=INLINE_OWN)
    found = written_out("command", command_spec(located, ctx, scope), located, scope)
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
        given = command_resources(located.child("resources"), ctx)
        spec |= {"resources": given} if given else {}
    if value.get("distribution") is not None:
        spec["distribution"] = component_distribution(located.child("distribution"), ctx)
    return spec
