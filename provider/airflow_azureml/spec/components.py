"""Components: what a node of a pipeline runs, by reference, from a file of its own, or written out.

A component that is not registered becomes an anonymous asset: its spec in YAML's own words, with the ids of its code
and environment in it. Source: azure-ai-ml 1.35.2, ``_schema/component/`` and ``entities/_component/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.spec import ports
from airflow_azureml.spec.commandtext import check_bindings, warn_of_optional
from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import INVALID, OMIT, Field, Reading, answers, anything, as_written, show, walk
from airflow_azureml.spec.includes import INCLUDES, beside, rows_of
from airflow_azureml.spec.needs import Gap, Register
from airflow_azureml.spec.references import REGISTRY, asset, code, environment, follow
from airflow_azureml.spec.shared import DISTRIBUTION, RESOURCES
from airflow_azureml.spec.values import mapped, text, truth

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
    :param spot: where it is written out; None for a registered one.
    :param nodes: the components of a pipeline component's own nodes.
    :param more_inputs: it takes inputs that it does not declare, as a flow does.
    """

    id: Any
    kind: str
    inputs: ports.Ports | None = None
    outputs: ports.Ports | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    spot: Spot | None = None
    nodes: Mapping[str, Component] | None = None
    more_inputs: bool = False


def anonymous(spec: Mapping[str, Any], properties: Mapping[str, Any] | None = None, spot: Spot | None = None) -> Gap:
    """Need the registration of a component by its content. In its spec all tags are texts, beside it they are not.

    :param spot: where it is written; the spec of one that is an object keeps its name and version.
    """
    tags = spec.get("tags") or {}
    written = {"tags": {key: item if item is None else str(item) for key, item in tags.items()}} if tags else {}
    body = {
        "componentSpec": {**_own_name(spot), **spec, **written},
        "isAnonymous": True,
        "isArchived": False,
        "properties": dict(properties or {}),
        "tags": dict(tags),
        **({"description": spec["description"]} if "description" in spec else {}),
    }
    return Gap(Register("components", ANONYMOUS, None, {"properties": body}))


def _own_name(spot: Spot | None) -> dict[str, str]:
    """Name the spec of a component. Source: azure-ai-ml 1.35.2 writes ``azureml_anonymous`` over the name in a file."""
    if spot is None or not spot.document.built or not spot.value.get("name"):
        return {"name": ANONYMOUS, "version": "1"}
    version = spot.value.get("version")
    return {"name": str(spot.value["name"]), **({"version": str(version)} if version else {})}


def spec_id(value: Any) -> Any:
    """Write an id as a spec carries it: with the prefix ``azureml:``, unless it is an address."""
    if isinstance(value, Gap):
        return Gap(value.need, f"azureml:{value.template}")
    return value if not isinstance(value, str) or value.startswith(("azureml:", "git+")) else f"azureml:{value}"


def component(spot: Spot, reading: Reading, kind: str) -> Any:
    """Read the component of a node; gives back a Component or INVALID.

    :param kind: the type of the node, which the component's must be.
    """
    given = spot.value
    if isinstance(given, Mapping):
        refused = kind == "pipeline" and not spot.document.built and _no_inline(spot, reading)
        return INVALID if refused else read(spot, reading, kind)
    if not isinstance(given, str) or not given:
        return reading.refuse(spot, f"{show(given)} is not a component. Accepted: a file, azureml:NAME:VERSION, an id.")
    if REGISTRY.match(given) or given.startswith("azureml:"):
        found = asset("components", given, spot, reading)
        return found if found is INVALID else Component(found, kind)
    key = (spot.document.files.locate(given.removeprefix("file:"), spot.place.folder), kind)
    if reading.cache.get(key) is UNDERWAY:
        return reading.refuse(spot, f"{show(given)}: this component is a part of itself.")
    if key not in reading.cache:
        document = follow(given, spot, reading)
        reading.cache[key] = UNDERWAY
        reading.cache[key] = document if document is INVALID else read(document.root, reading, kind)
    return reading.cache[key]


def _no_inline(spot: Spot, reading: Reading) -> bool:
    reading.refuse(
        spot, "a pipeline component cannot be written out here. Accepted: a file, azureml:NAME:VERSION, an id."
    )
    return True


def file_kind(spot: Spot, reading: Reading) -> str | None:
    """Tell the type that the component of a node says it is of; None where that cannot be told."""
    given = spot.value
    if isinstance(given, Mapping):
        word = given.get("type")
    elif not isinstance(given, str) or REGISTRY.match(given) or given.startswith("azureml:"):
        return None
    else:
        files = spot.document.files
        path = files.locate(given.removeprefix("file:"), spot.place.folder)
        if files.kind(path) != "file":
            return None
        document = follow(given, spot, Reading(reading.workspace))
        if document is not INVALID and _is_flow(document.root):
            return "parallel"
        word = None if document is INVALID else document.value.get("type")
    return word.lower() if isinstance(word, str) else None


def _is_flow(spot: Spot) -> bool:
    from airflow_azureml.spec.flows import is_flow

    return is_flow(spot)


# -- specs


def component_code(spot: Spot, reading: Reading) -> Any:
    """Take the code of a component, which unlike a job's may lie in a registry."""
    if isinstance(spot.value, str) and REGISTRY.match(spot.value):
        return spot.value
    return spec_id(code(spot, reading, component=True))


def component_environment(spot: Spot, reading: Reading) -> Any:
    """Take the environment of a component."""
    return spec_id(environment(spot, reading))


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


def loose(spot: Spot, reading: Reading) -> Any:
    """Take a mapping of anything, or what is as good as none."""
    return mapped(anything, null=True)(spot, reading) if spot.value else OMIT


def command_resources(spot: Spot, reading: Reading) -> Any:
    """Take the resources of a command component; Microsoft's client sends neither their properties nor keys that nobody
    knows. (A node takes the properties over.)"""
    body = component_resources(spot, reading)
    if not isinstance(body, dict):
        return body
    for key in [key for key in body if key not in _OF_RESOURCES]:
        reading.warn(spot.child(key), f"{show(key)} is not known here; it is not sent.")
    return {key: value for key, value in body.items() if key in _OF_RESOURCES and key != "properties"}


_OF_RESOURCES = tuple(row.name for row in RESOURCES)


def component_resources(spot: Spot, reading: Reading) -> Any:
    """Take the resources of a component, which keep keys that nobody knows."""
    if not isinstance(spot.value, Mapping):
        return reading.refuse(spot, f"{show(spot.value)} is not a mapping.")
    known = {row.name for row in RESOURCES}
    rest = {key: value for key, value in spot.value.items() if key not in known}
    return {**walk(as_written(RESOURCES), spot, reading, extra=tuple(rest)), **rest}


def component_distribution(spot: Spot, reading: Reading) -> Any:
    """Take the distribution of a component: checked as a job's, kept in YAML's words."""
    with reading.style(snake=True, bound=reading.bound):
        body = DISTRIBUTION(spot, reading)
    if not isinstance(body, dict):
        return body
    kind = str(body.pop("distribution_type")).lower()
    return {"type": kind, **body}


def unused(spot: Spot, reading: Reading) -> Any:
    """Take any value that is not used: what changes of it on the way does not matter."""
    before = len(reading.warnings)
    anything(spot, reading)
    del reading.warnings[before:]
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


def read(spot: Spot, reading: Reading, kind: str) -> Any:
    """Read a component that is written out; gives back a Component, or INVALID when nothing could be made of it."""
    word = spot.value.get("type")
    if _is_flow(spot):
        from airflow_azureml.spec.flows import flow_component

        if kind != "parallel":
            return reading.refuse(spot, f"this is a flow, and the node is of type {kind}. Accepted: parallel.")
        with reading.style(snake=False, bound=False):
            return flow_component(spot, reading)
    if word is None and kind == "parallel":
        return reading.refuse(spot, '"type" is required: parallel.', "type")
    if word is not None and (not isinstance(word, str) or word.lower() != kind):
        return reading.refuse(spot, f"the component is of type {show(word)}, the node of type {kind}.", "type")
    with reading.style(snake=False, bound=False):
        if kind == "pipeline":
            from airflow_azureml.spec.pipeline import pipeline_component

            return pipeline_component(spot, reading)
        if kind == "parallel":
            from airflow_azureml.spec.parallel import parallel_component

            return parallel_component(spot, reading)
        if kind == "spark":
            from airflow_azureml.spec.sparknodes import spark_component

            return spark_component(spot, reading)
        if kind == "data_transfer":
            from airflow_azureml.spec.transfernodes import transfer_component

            return transfer_component(spot, reading)
        return command_component(spot, reading)


def declared(spot: Spot, reading: Reading, primitive: bool) -> tuple[ports.Ports, ports.Ports, dict[str, Any]]:
    """Read inputs and outputs of a component: the ports, and their part of the spec."""
    spec: dict[str, Any] = {}
    taken: ports.Ports = {}
    given: ports.Ports = {}
    if spot.value.get("inputs") is not None:
        taken, spec["inputs"] = ports.inputs(spot.child("inputs"), reading)
    if spot.value.get("outputs") is not None:
        given, spec["outputs"] = ports.outputs(spot.child("outputs"), reading, primitive)
    return taken, given, {key: value for key, value in spec.items() if value}


def unknown_keys(spot: Spot, reading: Reading, known: tuple[str, ...]) -> dict[str, Any]:
    """Take keys that nobody knows, with a warning: Microsoft's client sends them on."""
    rest = {}
    for item in spot.items():
        if item.path[-1] not in known:
            reading.warn(item, f"{show(item.path[-1])} is not known here; it is sent as it is.")
            rest[str(item.path[-1])] = anything(item, reading)
    return rest


def command_component(spot: Spot, reading: Reading) -> Any:
    """Read a command component."""
    known = (*(row.name for row in COMMAND), "inputs", "outputs")
    rest = unknown_keys(spot, reading, known)
    body = walk(rows_of(COMMAND, spot), spot, reading, extra=(*known, *rest))
    taken, given, io = declared(spot, reading, primitive=True)
    if isinstance(spot.value.get("command"), str):
        check_bindings(spot.child("command"), reading, taken, given)
        warn_of_optional(spot.child("command"), reading, [name for name, port in taken.items() if port.optional])
    if "additional_includes" in body:
        body["code"] = beside(body["additional_includes"], spot, reading, component_code)
    spec = full({"is_deterministic": True, **rest, **body, "type": "command", **io})
    return Component(anonymous(spec, body.get("properties"), spot), "command", taken, given, spec, spot)
