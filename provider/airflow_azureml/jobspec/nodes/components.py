"""Components: what a node of a pipeline runs, by reference, from a file of its own, or written out.

A component that is not registered becomes an anonymous asset: its spec in YAML's own words, with the ids of its code
and environment in it. Source: azure-ai-ml 1.35.2, ``_schema/component/`` and ``entities/_component/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.requirements import Placeholder, Register
from airflow_azureml.jobspec.grammar import component_io
from airflow_azureml.jobspec.grammar.command_text import check_bindings, warn_of_optional
from airflow_azureml.jobspec.grammar.includes import INCLUDES, beside, rows_of
from airflow_azureml.jobspec.grammar.references import REGISTRY, asset, code, environment, follow
from airflow_azureml.jobspec.grammar.shared import DISTRIBUTION, RESOURCES
from airflow_azureml.jobspec.table.fields import (
    INVALID,
    OMIT,
    Field,
    Translator,
    answers,
    anything,
    as_written,
    convert_mapping,
    show,
)
from airflow_azureml.jobspec.table.values import mapped, text, truth

ANONYMOUS = "azureml_anonymous"
"""The name that Microsoft's client registers all anonymous components under; their versions are GUIDs."""

UNDERWAY: Any = object()
"""Stands for a component while it is read: met again, it leads back to itself."""


@dataclass(frozen=True)
class Component:
    """A component, as a node sees it.

    :param id: its id, or a gap.
    :param inputs: what it declares; None for a registered one, whose declaration only the service knows.
    :param spec: its spec, empty for a registered one.
    :param artifact_address: where it is written out; None for a registered one.
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


def anonymous(
    spec: Mapping[str, Any], properties: Mapping[str, Any] | None = None, located: Located | None = None
) -> Placeholder:
    """Need the registration of a component by its content. In its spec all tags are texts, beside it they are not.

    :param artifact_address: where it is written; the spec of one that is an object keeps its name and version.
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


def spec_id(value: Any) -> Any:
    """Write an id as a spec carries it: with the prefix ``azureml:``, unless it is an address."""
    if isinstance(value, Placeholder):
        return Placeholder(value.requirement, f"azureml:{value.template}")
    return value if not isinstance(value, str) or value.startswith(("azureml:", "git+")) else f"azureml:{value}"


def component(located: Located, ctx: Translator, kind: str) -> Any:
    """Read the component of a node; gives back a Component or INVALID.

    :param kind: the type of the node, which the component's must be.
    """
    given = located.value
    if isinstance(given, Mapping):
        refused = kind == "pipeline" and not located.document.from_python and _no_inline(located, ctx)
        return INVALID if refused else read(located, ctx, kind)
    if not isinstance(given, str) or not given:
        return ctx.error(located, f"{show(given)} is not a component. Accepted: a file, azureml:NAME:VERSION, an id.")
    if REGISTRY.match(given) or given.startswith("azureml:"):
        found = asset("components", given, located, ctx)
        return found if found is INVALID else Component(found, kind)
    key = (located.document.files.locate(given.removeprefix("file:"), located.place.folder), kind)
    if ctx.cache.get(key) is UNDERWAY:
        return ctx.error(located, f"{show(given)}: this component is a part of itself.")
    if key not in ctx.cache:
        document = follow(given, located, ctx)
        ctx.cache[key] = UNDERWAY
        ctx.cache[key] = document if document is INVALID else read(document.root, ctx, kind)
    return ctx.cache[key]


def _no_inline(located: Located, ctx: Translator) -> bool:
    ctx.error(
        located, "a pipeline component cannot be written out here. Accepted: a file, azureml:NAME:VERSION, an id."
    )
    return True


def file_kind(located: Located, ctx: Translator) -> str | None:
    """Tell the type that the component of a node says it is of; None where that cannot be told."""
    given = located.value
    if isinstance(given, Mapping):
        word = given.get("type")
    elif not isinstance(given, str) or REGISTRY.match(given) or given.startswith("azureml:"):
        return None
    else:
        files = located.document.files
        path = files.locate(given.removeprefix("file:"), located.place.folder)
        if files.kind(path) != "file":
            return None
        document = follow(given, located, Translator(ctx.workspace))
        if document is not INVALID and _is_flow(document.root):
            return "parallel"
        word = None if document is INVALID else document.value.get("type")
    return word.lower() if isinstance(word, str) else None


def _is_flow(located: Located) -> bool:
    from airflow_azureml.jobspec.kinds.parallel.flow import is_flow

    return is_flow(located)


# -- specs


def component_code(located: Located, ctx: Translator) -> Any:
    """Take the code of a component, which unlike a job's may lie in a registry."""
    if isinstance(located.value, str) and REGISTRY.match(located.value):
        return located.value
    return spec_id(code(located, ctx, component=True))


def component_environment(located: Located, ctx: Translator) -> Any:
    """Take the environment of a component."""
    return spec_id(environment(located, ctx))


def full(value: Any) -> Any:
    """Leave out nulls and empty mappings wherever they are, in lists too.

    Source: azure-ai-ml 1.35.2, ``convert_ordered_dict_to_dict``.
    """
    if isinstance(value, Mapping):
        pairs = ((key, full(item)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not None and item != {}}
    if isinstance(value, list):
        return [item for item in map(full, value) if item is not None and item != {}]
    return value


def loose(located: Located, ctx: Translator) -> Any:
    """Take a mapping of anything, or what is as good as none."""
    return mapped(anything, null=True)(located, ctx) if located.value else OMIT


def command_resources(located: Located, ctx: Translator) -> Any:
    """Take the resources of a command component; Microsoft's client sends neither their properties nor keys that nobody
    knows. (A node takes the properties over.)"""
    body = component_resources(located, ctx)
    if not isinstance(body, dict):
        return body
    for key in [key for key in body if key not in _OF_RESOURCES]:
        ctx.warn(located.child(key), f"{show(key)} is not known here; it is not sent.")
    return {key: value for key, value in body.items() if key in _OF_RESOURCES and key != "properties"}


_OF_RESOURCES = tuple(row.name for row in RESOURCES)


def component_resources(located: Located, ctx: Translator) -> Any:
    """Take the resources of a component, which keep keys that nobody knows."""
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a mapping.")
    known = {row.name for row in RESOURCES}
    rest = {key: value for key, value in located.value.items() if key not in known}
    return {**convert_mapping(as_written(RESOURCES), located, ctx, extra=tuple(rest)), **rest}


def component_distribution(located: Located, ctx: Translator) -> Any:
    """Take the distribution of a component: checked as a job's, kept in YAML's words."""
    with ctx.style(snake=True, bound=ctx.bound):
        body = DISTRIBUTION(located, ctx)
    if body is INVALID:
        return INVALID
    kind = str(body.pop("distribution_type")).lower()
    return {"type": kind, **body}


def unused(located: Located, ctx: Translator) -> Any:
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

COMMAND = (
    *HEAD,
    Field("command", "command", text, required=True),
    Field("code", "code", component_code),
    Field("environment", "environment", component_environment, required=True),
    Field("resources", "resources", command_resources),
    Field("distribution", "distribution", component_distribution),
    Field("properties", "properties", mapped(anything)),
    INCLUDES,
    Field("environment_variables", None, anything, unsent=True),
)
"""The spec of a command; Microsoft's client does not send a component's environment variables."""


def read(located: Located, ctx: Translator, kind: str) -> Any:
    """Read a component that is written out; gives back a Component, or INVALID when nothing could be made of it."""
    word = located.value.get("type")
    if _is_flow(located):
        from airflow_azureml.jobspec.kinds.parallel.flow import flow_component

        if kind != "parallel":
            return ctx.error(located, f"this is a flow, and the node is of type {kind}. Accepted: parallel.")
        with ctx.style(snake=False, bound=False):
            return flow_component(located, ctx)
    if word is None and kind == "parallel":
        return ctx.error(located, '"type" is required: parallel.', "type")
    if word is not None and (not isinstance(word, str) or word.lower() != kind):
        return ctx.error(located, f"the component is of type {show(word)}, the node of type {kind}.", "type")
    with ctx.style(snake=False, bound=False):
        if kind == "pipeline":
            from airflow_azureml.jobspec.kinds.pipeline.job import pipeline_component

            return pipeline_component(located, ctx)
        if kind == "parallel":
            from airflow_azureml.jobspec.kinds.parallel.node import parallel_component

            return parallel_component(located, ctx)
        if kind == "spark":
            from airflow_azureml.jobspec.kinds.spark.node import spark_component

            return spark_component(located, ctx)
        if kind == "data_transfer":
            from airflow_azureml.jobspec.kinds.data_transfer.node import transfer_component

            return transfer_component(located, ctx)
        return command_component(located, ctx)


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


def unknown_keys(located: Located, ctx: Translator, known: tuple[str, ...]) -> dict[str, Any]:
    """Take keys that nobody knows, with a warning: Microsoft's client sends them on."""
    rest = {}
    for item in located.items():
        if item.path[-1] not in known:
            ctx.warn(item, f"{show(item.path[-1])} is not known here; it is sent as it is.")
            rest[str(item.path[-1])] = anything(item, ctx)
    return rest


def command_component(located: Located, ctx: Translator) -> Any:
    """Read a command component."""
    known = (*(row.name for row in COMMAND), "inputs", "outputs")
    rest = unknown_keys(located, ctx, known)
    body = convert_mapping(rows_of(COMMAND, located), located, ctx, extra=(*known, *rest))
    taken, given, io = declared(located, ctx, primitive=True)
    if isinstance(located.value.get("command"), str):
        check_bindings(located.child("command"), ctx, taken, given)
        warn_of_optional(located.child("command"), ctx, [name for name, port in taken.items() if port.optional])
    if "additional_includes" in body:
        body["code"] = beside(body["additional_includes"], located, ctx, component_code)
    spec = full({"is_deterministic": True, **rest, **body, "type": "command", **io})
    return Component(anonymous(spec, body.get("properties"), located), "command", taken, given, spec, located)
