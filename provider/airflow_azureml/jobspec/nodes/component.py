"""Components: what a node of a pipeline runs.

A component that is not registered becomes an anonymous asset: its spec in YAML's own words, with the ids of its code
and environment in it. Source: azure-ai-ml 1.35.2, ``_schema/component/`` and ``entities/_component/``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Placeholder, Register
from airflow_azureml.jobspec.grammar import component_io
from airflow_azureml.jobspec.grammar.code import code
from airflow_azureml.jobspec.grammar.environments import environment
from airflow_azureml.jobspec.grammar.references import REGISTRY
from airflow_azureml.jobspec.grammar.shared import RESOURCES
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Container, Field, answers
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import OMIT, Converted, Invalid, Omit, Translator
from airflow_azureml.jobspec.table.values import mapped, text, truth

ANONYMOUS = "azureml_anonymous"
"""The name that Microsoft's client registers all anonymous components under; their versions are GUIDs."""


@dataclass(frozen=True)
class Component:
    """A component, as a node sees it.

    :param id: its id, or a gap.
    :param inputs: what it declares; None for a registered one, whose declaration only the service knows.
    :param spec: its spec, empty for a registered one.
    :param located: where it is written; None for a registered one, and for one that is made of its node.
    :param inline: it is made of the node itself, its ports of what the node gives them.
    :param nodes: the components of a pipeline component's own nodes.
    :param more_inputs: it takes inputs that it does not declare, as a flow does.
    """

    id: Any
    kind: str
    inputs: component_io.Ports | None = None
    outputs: component_io.Ports | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    located: Located | None = None
    nodes: Mapping[str, Component] | None = None
    more_inputs: bool = False
    inline: bool = False


def registration(
    spec: Mapping[str, Any], properties: Mapping[str, Any] | None = None, located: Located | None = None
) -> Placeholder:
    """Need the registration of a component by its content. In its spec all tags are texts, beside it they are not.

    :param located: where it is written; the spec of one that is an object keeps its name and version.
    """
    tags = spec.get("tags") or {}
    written = {"tags": {key: item if item is None else str(item) for key, item in tags.items()}} if tags else {}
    body = {
        "componentSpec": {**_own_name(located), **spec, **written},
        "isAnonymous": True,
        "isArchived": False,
        "properties": dict(properties or {}),
        "tags": dict(tags),
        **({"description": spec["description"]} if "description" in spec else {}),
    }
    return Placeholder(Register("components", ANONYMOUS, None, {"properties": body}))


def _own_name(located: Located | None) -> dict[str, str]:
    """Name the spec of a component. Source: azure-ai-ml 1.35.2 writes ``azureml_anonymous`` over the name in a file."""
    if located is None or not located.document.from_python or not located.value.get("name"):
        return {"name": ANONYMOUS, "version": "1"}
    version = located.value.get("version")
    return {"name": str(located.value["name"]), **({"version": str(version)} if version else {})}


Id = str | Placeholder | Invalid
"""An id, or what becomes one."""


def spec_id(value: Id) -> Id:
    """Write an id as a spec carries it: with the prefix ``azureml:``, unless it is an address."""
    if isinstance(value, Placeholder):
        return Placeholder(value.requirement, f"azureml:{value.template}")
    return value if not isinstance(value, str) or value.startswith(("azureml:", "git+")) else f"azureml:{value}"


def component_code(located: Located, ctx: Translator) -> Id:
    """Take the code of a component, which unlike a job's may lie in a registry."""
    if isinstance(located.value, str) and REGISTRY.match(located.value):
        return located.value
    return spec_id(code(located, ctx, component=True))


def component_environment(located: Located, ctx: Translator) -> Id:
    """Take the environment of a component."""
    return spec_id(environment(located, ctx))


@Container
def any_mapping(located: Located, ctx: Translator) -> Converted[dict[str, Any]]:
    """Take a mapping of anything; an empty value counts as absent."""
    return mapped(anything, null=True)(located, ctx) if located.value else OMIT


def component_resources(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the resources of a component; Microsoft's client sends neither their properties, which a node takes over,
    nor unknown keys."""
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a mapping.")
    names = {row.name for row in RESOURCES}
    unknown = [key for key in located.value if key not in names]
    body = convert_mapping(RESOURCES, located, ctx.in_form(Form.COMPONENT, ctx.bound), extra=unknown)
    for key in unknown:
        ctx.warn(located.child(key), f"unknown key {show(key)}: not sent.")
    return {key: value for key, value in body.items() if key != "properties"}


def unused(located: Located, ctx: Translator) -> Omit:
    """Take any value that is not used: what changes of it on the way does not matter."""
    before = len(ctx.warnings)
    anything(located, ctx)
    del ctx.warnings[before:]
    return OMIT


HEAD = (
    Field("$schema", "$schema", text),
    Field("name", None, unused),
    Field("version", None, unused),
    Field("type", "type", text),
    Field("display_name", "display_name", text),
    Field("description", "description", text),
    Field("tags", "tags", mapped(anything, null=True)),
    Field("is_deterministic", "is_deterministic", truth),
    *answers("id", "creation_context", "latest_version", "auto_delete_setting"),
)
"""What every component begins with; name and version are not used for one that is registered by its content."""


def declared(
    located: Located, ctx: Translator, primitive: bool
) -> tuple[component_io.Ports, component_io.Ports, dict[str, Any]]:
    """Read inputs and outputs of a component: the ports, and their part of the spec."""
    spec: dict[str, Any] = {}
    taken: component_io.Ports = {}
    given: component_io.Ports = {}
    if located.value.get("inputs") is not None:
        taken, spec["inputs"] = component_io.inputs(located.child("inputs"), ctx)
    if located.value.get("outputs") is not None:
        given, spec["outputs"] = component_io.outputs(located.child("outputs"), ctx, primitive)
    return taken, given, {key: value for key, value in spec.items() if value}


def unknown_keys(located: Located, ctx: Translator, known: Collection[str]) -> dict[str, Any]:
    """Take unknown keys, with a warning: Microsoft's client sends them on, but for one that it has in a preview."""
    rest = {}
    for key in located.value:
        if key not in known and key != "$schema":
            item = located.child(key)
            if key == "intellectual_property":
                ctx.error(item, "it is a private preview of Microsoft's, and not taken here. Leave it out.")
            else:
                ctx.warn(item, f"unknown key {show(key)}: sent unchanged.")
            rest[str(key)] = anything(item, ctx)
    return rest
