"""The nodes of a pipeline: what every kind of them has, and the command, which most of them are.

Names inside of a node are in snake case, ``componentId`` and ``computeId`` are not. A binding may stand in the place of
nearly every value. Source: azure-ai-ml 1.35.2, ``entities/_builders/`` and ``_schema/pipeline/component_job.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.spec.commandtext import check_bindings
from airflow_azureml.spec.components import (
    command_resources,
    component_distribution,
    component_environment,
    loose,
    spec_id,
)
from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import INVALID, Convert, Field, Reading, anything, show, walk
from airflow_azureml.spec.graph import Scope
from airflow_azureml.spec.kinds import COMMAND, command_line
from airflow_azureml.spec.nodeports import inferred, node_shape, written_out
from airflow_azureml.spec.references import code, compute_id
from airflow_azureml.spec.shared import (
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
from airflow_azureml.spec.values import mapped, text

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

    def converter(spot: Spot, reading: Reading) -> Any:
        with reading.style(snake=reading.snake, bound=False):
            return convert(spot, reading)

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


def sent_on(spot: Spot, reading: Reading, known: tuple[str, ...]) -> dict[str, Any]:
    """Take keys of a node that nobody knows, with a warning: Microsoft's client sends them on."""
    rest = {}
    for item in spot.items():
        if item.path[-1] not in known and item.path[-1] != "$schema":
            reading.warn(item, f"{show(item.path[-1])} is not known here; it is sent as it is.")
            rest[str(item.path[-1])] = anything(item, reading)
    return rest


def command_node(spot: Spot, reading: Reading, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a command node, with a component or written out."""
    if "component" not in spot.value:
        return inline_command(spot, reading, scope, name)
    found = scope.components.get(name)
    known = (*(row.name for row in COMMAND_NODE), *PORTS)
    rest = sent_on(spot, reading, known)
    body = walk(COMMAND_NODE, spot, reading, extra=(*PORTS, *rest))
    if found is None:
        return body
    for key, convert in (("resources", _taken_over), ("distribution", DISTRIBUTION)):
        if key not in body and found.spot is not None and found.spot.value.get(key):
            with reading.style(snake=True, bound=False):
                body[key] = convert(found.spot.child(key), reading)
    return {**node_shape(spot, reading, scope, name, found), **body, **rest}


def _taken_over(spot: Spot, reading: Reading) -> Any:
    """Take over the resources of the component, as far as they are known."""
    known = {row.name for row in RESOURCES}
    if not isinstance(spot.value, Mapping):
        return INVALID  # the component itself is refused
    return resources(spot.within({key: value for key, value in spot.value.items() if key in known}), reading)


INLINE = tuple(
    Field(row.name, row.rest, row.convert, row.required, row.ignored, row.bindable)
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


def inline_command(spot: Spot, reading: Reading, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a command node that is written out: its component is made of it."""
    with reading.style(snake=reading.snake, bound=False):  # its schema is that of a job that stands alone
        body = walk(INLINE_NODE, spot, reading, extra=INLINE_OWN)
    found = written_out("command", command_spec(spot, reading, scope), spot, scope)
    return {**node_shape(spot, reading, scope, name, found), **body}


def command_spec(spot: Spot, reading: Reading, scope: Scope) -> dict[str, Any]:
    """Make the spec of the component of a command node that is written out."""
    value = spot.value
    spec: dict[str, Any] = {"is_deterministic": True, "type": "command"}
    io = inferred(spot, reading, scope)
    with reading.style(snake=False, bound=False):
        for key, convert in (("command", command_line), ("environment", component_environment)):
            if value.get(key) is None:
                reading.refuse(spot, f"{show(key)} is required.", key)
            else:
                spec[key] = convert(spot.child(key), reading)
        if value.get("code") is not None or ("code" in value and not spot.document.built):
            spec["code"] = spec_id(code(spot.child("code"), reading, component=True))
        spec.update(_settings_of_spec(spot, reading))
    if isinstance(value.get("command"), str):
        written = value.get("inputs")
        taken = written if isinstance(written, Mapping) else io.get("inputs", {})
        check_bindings(spot.child("command"), reading, taken, io.get("outputs", {}))
    return {**spec, **io}


def _settings_of_spec(spot: Spot, reading: Reading) -> dict[str, Any]:
    """Take what of a node's settings goes into its component too: all but the properties of its resources."""
    value = spot.value
    kinds: tuple[tuple[str, Any], ...] = (("description", str), ("tags", Mapping))
    spec = {key: value[key] for key, kind in kinds if value.get(key) not in (None, {}) and isinstance(value[key], kind)}
    if isinstance(value.get("resources"), Mapping):
        given = command_resources(spot.child("resources"), reading)
        spec |= {"resources": given} if given else {}
    if value.get("distribution") is not None:
        spec["distribution"] = component_distribution(spot.child("distribution"), reading)
    return spec
