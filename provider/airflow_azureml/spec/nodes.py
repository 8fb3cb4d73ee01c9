"""The nodes of a pipeline: what every kind of them has, and the command, which most of them are.

Names inside of a node are in snake case, ``componentId`` and ``computeId`` are not. A binding may stand in the place of
nearly every value. Source: azure-ai-ml 1.35.2, ``entities/_builders/`` and ``_schema/pipeline/component_job.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from airflow_azureml.spec import graph
from airflow_azureml.spec.components import (
    Component,
    anonymous,
    component_distribution,
    component_environment,
    component_resources,
    spec_id,
)
from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import INVALID, Field, Reading, anything, mapped, show, text, walk
from airflow_azureml.spec.graph import Scope
from airflow_azureml.spec.inputs import (
    INPUT_KEYS,
    INPUT_MODES,
    OUTPUT_MODES,
    UPSTREAM_KEYS,
    check_bindings,
    input_mode,
    input_type,
    is_literal,
    job_input,
    job_output,
    unknown,
)
from airflow_azureml.spec.kinds import COMMAND, command_line
from airflow_azureml.spec.ports import PARAMETERS, Port, parameter
from airflow_azureml.spec.references import code, compute_id
from airflow_azureml.spec.shared import DISTRIBUTION, JOB_SERVICES, LIMITS, QUEUE, TAGS, identity, resources

# -- inputs and outputs of a node


def node_inputs(
    spot: Spot, reading: Reading, scope: Scope, name: str, found: Component, searched: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Read the inputs of a node: bindings, literals and data; those that its component does not declare are left out.

    :param searched: inputs that the node gives in another way: a sweep's search space.
    """
    body: dict[str, Any] = {}
    given = spot.value.get("inputs")
    if given is not None and not isinstance(given, Mapping):
        reading.refuse(spot, f"{show(given)} is not a mapping of names.", "inputs")
        return body
    for item in spot.child("inputs").items() if given else ():
        graph.check(item, reading, scope, name)
        port = found.inputs.get(item.name) if found.inputs is not None else None
        if found.inputs is not None and port is None and not _grouped(item.name, found.inputs):
            reading.warn(item, f"the component declares no input {show(item.name)}; it is not sent.")
            continue
        converted = one_input(item, reading, port)
        if converted is not INVALID and converted is not None:
            body[item.name] = converted
    for missing in _missing(found, (*(given or {}), *searched)):
        reading.refuse(spot, f"the component needs the input {show(missing)}.", "inputs", missing)
    return body


def _grouped(name: str, ports: Mapping[str, Port]) -> bool:
    return any(port.startswith(f"{name}.") for port in ports)


def _missing(found: Component, given: Collection[str]) -> list[str]:
    return [name for name, port in (found.inputs or {}).items() if port.required and name not in given]


def one_input(spot: Spot, reading: Reading, port: Port | None) -> Any:
    """Read one input of a node.

    :param port: what its component declares for it, as far as that is known.
    """
    value = spot.value
    literal = reading.key("jobInputType")
    if isinstance(value, str) and graph.INPUT.match(value):
        return {literal: "literal", "value": value}
    if isinstance(value, str) and graph.LEGACY.match(value):
        return reading.refuse(spot, f"{value} is an old spelling. Accepted: {value.replace('{{', '{{parent.')}.")
    if is_literal(value) and port is not None and port.type not in PARAMETERS:
        if not isinstance(value, str):
            return reading.refuse(spot, f"{show(value)} is not a path, and the component takes {port.type} here.")
        if "${{" not in value:
            return job_input(spot.within({"type": _data_type(port.type), "path": value}), reading)
    if isinstance(value, Mapping) and isinstance(value.get("path"), str) and graph.INPUT.match(value["path"]):
        unknown(spot, reading, (*INPUT_KEYS, *UPSTREAM_KEYS))
        kind, mode = input_type(spot, reading), input_mode(spot, reading, input_type(spot, reading))
        if INVALID in (kind, mode):
            return INVALID
        return {literal: "literal", "value": value["path"], **({"mode": INPUT_MODES[mode]} if mode else {})}
    return job_input(spot, reading)


def _data_type(kind: str) -> str:
    return "uri_folder" if kind == "path" else kind


def node_outputs(spot: Spot, reading: Reading, scope: Scope, name: str, found: Component) -> dict[str, Any]:
    """Read the outputs of a node: bindings to the pipeline's, or settings of its own; empty ones are not sent."""
    body: dict[str, Any] = {}
    given = spot.value.get("outputs")
    if given is not None and not isinstance(given, Mapping):
        reading.refuse(spot, f"{show(given)} is not a mapping of names.", "outputs")
        given = None
    for item in spot.child("outputs").items() if given else ():
        graph.check(item, reading, scope, name)
        if found.outputs is not None and item.name not in found.outputs:
            reading.warn(item, f"the component declares no output {show(item.name)}; it is not sent.")
            continue
        converted = one_output(item, reading)
        if converted is not INVALID and converted is not None:
            port = (found.outputs or {}).get(item.name)
            if port is not None and port.type == "uri_file" and "value" not in converted:
                converted[reading.key("jobOutputType")] = "uri_file"
            body[item.name] = converted
    return body


def one_output(spot: Spot, reading: Reading) -> Any:
    """Read one output of a node; None for one that is left to its default."""
    value = spot.value
    path = value.get("path") if isinstance(value, Mapping) else value
    if value is None:
        return None
    if isinstance(path, str) and graph.OUTPUT.match(path):
        return _bound_output(spot, reading, path)
    if isinstance(value, str):
        accepted = "${{parent.outputs.NAME}}, or a mapping of type, mode, path, name, version"
        return reading.refuse(spot, f"{show(value)} is not an output. Accepted: {accepted}.")
    body = job_output(spot, reading)
    if isinstance(body, dict):
        # Inside of nodes the registered name and version have plain names.
        for key, plain in (("asset_name", "name"), ("asset_version", "version")):
            if key in body:
                body[plain] = body.pop(key)
    return body


def _bound_output(spot: Spot, reading: Reading, path: str) -> Any:
    body: dict[str, Any] = {"value": path, "type": "literal"}
    if isinstance(spot.value, Mapping):
        checked = job_output(spot, reading)
        if checked is INVALID:
            return INVALID
        if spot.value.get("mode"):
            body["mode"] = OUTPUT_MODES[str(spot.value["mode"]).lower()]
        for key in ("name", "version"):
            if spot.value.get(key) is not None:
                body[key] = str(spot.value[key])
    return body


# -- what a node that is written out declares for its component


def inferred_inputs(spot: Spot, reading: Reading, scope: Scope) -> dict[str, dict[str, Any]]:
    """Make the declared inputs of a component from what its node is given."""
    spec = {}
    given = spot.value.get("inputs")
    for item in spot.child("inputs").items() if isinstance(given, Mapping) else ():
        declared = _inferred_input(item, reading, scope)
        if declared is not INVALID:
            spec[item.name] = declared
    return spec


def _inferred_input(spot: Spot, reading: Reading, scope: Scope) -> Any:
    value = spot.value
    if isinstance(value, Mapping) and set(value) == {"value"} and is_literal(value["value"]):
        value = value["value"]
    if isinstance(value, str) and graph.INPUT.search(value):
        found = graph.source(value, scope)
        if found is None:
            return reading.doubt(spot, f"{value}: it cannot be told what this is bound to.")
        return {"type": found.type, **({"mode": found.mode} if found.mode else {})}
    if is_literal(value):
        kind = graph.LITERALS[type(value)]
        return {"type": kind, "default": parameter(kind, value)}
    if isinstance(value, Mapping):
        kind = input_type(spot, reading)
        mode = input_mode(spot, reading, kind)
        return INVALID if INVALID in (kind, mode) else {"type": kind, **({"mode": mode} if mode else {})}
    return INVALID


def inferred_outputs(spot: Spot, reading: Reading, scope: Scope) -> dict[str, dict[str, Any]]:
    """Make the declared outputs of a component from those of its node."""
    spec = {}
    given = spot.value.get("outputs")
    for item in spot.child("outputs").items() if isinstance(given, Mapping) else ():
        spec[item.name] = _inferred_output(item, reading, scope)
    return spec


def _inferred_output(spot: Spot, reading: Reading, scope: Scope) -> dict[str, Any]:
    value = spot.value
    if isinstance(value, str):
        found = graph.source(value, scope)
        if found is None:
            reading.doubt(spot, f"{show(value)}: it cannot be told what this is bound to.")
            return {"type": "uri_folder"}
        return {"type": found.type, **({"mode": found.mode} if found.mode else {})}
    value = value if isinstance(value, Mapping) else {}
    if set(value) == {"path"} and graph.OUTPUT.match(str(value["path"])):
        return _inferred_output(spot.within(value["path"]), reading, scope)
    mode = {"mode": str(value["mode"]).lower()} if value.get("mode") else {}
    return {"type": str(value.get("type") or "uri_folder").lower(), **mode}


def as_ports(spec: Mapping[str, Mapping[str, Any]]) -> dict[str, Port]:
    """Read ports back from a spec that was inferred; what its node gives need not be given again."""
    return {name: Port(body["type"], body.get("mode")) for name, body in spec.items()}


# -- commands

NODE = (
    Field("type", None, text, bindable=False),
    Field("name", None, text),
    Field("display_name", "displayName", text),
    Field("description", None, anything),
    Field("tags", "tags", mapped(anything, null=True)),
    Field("properties", "properties", TAGS),
    Field("comment", "comment", text),
    Field("experiment_name", None, text),
    Field("compute", "computeId", compute_id),
)
"""What nodes with a component have; the description of one is not sent, and its tags may be of any kind.
Source: azure-ai-ml 1.35.2, ``BaseNodeSchema`` names neither and lets unknown keys pass."""

COMMAND_SETTINGS = (
    Field("environment_variables", "environmentVariables", mapped(anything)),
    Field("resources", "resources", resources),
    Field("distribution", "distribution", DISTRIBUTION),
    Field("limits", "limits", LIMITS),
    Field("services", "services", JOB_SERVICES),
    Field("identity", "identity", identity),
    Field("queue_settings", "queueSettings", QUEUE),
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
    for key, fallback in (("resources", resources), ("distribution", DISTRIBUTION)):
        if key not in body and found.spot is not None and found.spot.value.get(key):
            with reading.style(snake=True, bound=False):
                body[key] = _from_component(found.spot.child(key), reading, key, fallback)
    return {**_common(spot, reading, scope, name, found, "command"), **body, **rest}


def _from_component(spot: Spot, reading: Reading, key: str, convert: Any) -> Any:
    """Take over resources or distribution of the component."""
    return component_resources(spot, reading) if key == "resources" else convert(spot, reading)


def _common(spot: Spot, reading: Reading, scope: Scope, name: str, found: Component, kind: str) -> dict[str, Any]:
    body: dict[str, Any] = {"name": name, "type": kind, "componentId": found.id}
    taken = node_inputs(spot, reading, scope, name, found)
    given = node_outputs(spot, reading, scope, name, found)
    return {**body, **({"inputs": taken} if taken else {}), **({"outputs": given} if given else {})}


INLINE = tuple(
    Field(row.name, row.rest, row.convert, row.required, row.ignored, row.bindable)
    for row in COMMAND
    if row.name not in {"inputs", "outputs", "code", "command", "environment", "compute", "experiment_name", "name"}
    and row.name not in {"description", "parent_job_name", "notification_setting"}
)
INLINE_NODE = (
    *INLINE,
    Field("name", None, text),
    Field("experiment_name", None, text),
    Field("description", None, text),
    Field("parent_job_name", None, text),
    Field("compute", "computeId", compute_id),
)
INLINE_OWN = ("inputs", "outputs", "code", "command", "environment")


def inline_command(spot: Spot, reading: Reading, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a command node that is written out: its component is made of it."""
    body = walk(INLINE_NODE, spot, reading, extra=INLINE_OWN)
    spec = command_spec(spot, reading, scope)
    found = Component(
        anonymous(spec), "command", as_ports(spec.get("inputs", {})), as_ports(spec.get("outputs", {})), spec, spot
    )
    scope.components[name] = found
    return {**_common(spot, reading, scope, name, found, "command"), **body}


def command_spec(spot: Spot, reading: Reading, scope: Scope) -> dict[str, Any]:
    """Make the spec of the component of a command node that is written out."""
    value = spot.value
    spec: dict[str, Any] = {"is_deterministic": True, "type": "command"}
    taken, given = inferred_inputs(spot, reading, scope), inferred_outputs(spot, reading, scope)
    with reading.style(snake=False, bound=False):
        for key, convert in (("command", command_line), ("environment", component_environment)):
            if value.get(key) is None:
                reading.refuse(spot, f"{show(key)} is required.", key)
            else:
                spec[key] = convert(spot.child(key), reading)
        if value.get("code") is not None:
            spec["code"] = spec_id(code(spot.child("code"), reading))
        spec.update(_settings_of_spec(spot, reading))
    if isinstance(value.get("command"), str):
        written = value.get("inputs")
        check_bindings(spot.child("command"), reading, written if isinstance(written, Mapping) else taken, given)
    return {**spec, **({"inputs": taken} if taken else {}), **({"outputs": given} if given else {})}


def _settings_of_spec(spot: Spot, reading: Reading) -> dict[str, Any]:
    """Take what of a node's settings goes into its component too: all but the properties of its resources."""
    value = spot.value
    spec = {key: value[key] for key in ("description", "tags") if value.get(key)}
    if isinstance(value.get("resources"), Mapping):
        plain = component_resources(spot.child("resources"), reading)
        plain.pop("properties", None)
        spec["resources"] = plain
    if value.get("distribution") is not None:
        spec["distribution"] = component_distribution(spot.child("distribution"), reading)
    return spec
