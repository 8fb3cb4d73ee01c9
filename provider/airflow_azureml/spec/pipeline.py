"""Pipelines: the kind that contains kinds. Nodes become anonymous components and untyped bags in snake case.

Source: azure-ai-ml 1.35.2, ``entities/_job/pipeline/pipeline_job.py``, ``entities/_component/pipeline_component.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from airflow_azureml.spec import automl, graph
from airflow_azureml.spec.components import HEAD as COMPONENT_HEAD
from airflow_azureml.spec.components import (
    Component,
    anonymous,
    component,
    declared,
    file_kind,
    full,
    loose,
    unknown_keys,
)
from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import INVALID, OMIT, Field, Reading, nearest, show, walk
from airflow_azureml.spec.graph import Scope, Source
from airflow_azureml.spec.inputs import job_input
from airflow_azureml.spec.literals import EMPTY, is_literal
from airflow_azureml.spec.nodeports import node_shape
from airflow_azureml.spec.nodes import NODE, command_node, sent_on
from airflow_azureml.spec.outputs import OUTPUT_MODES, outputs
from airflow_azureml.spec.parallel import parallel_node
from airflow_azureml.spec.ports import PARAMETERS, Port, Ports, dotted
from airflow_azureml.spec.references import compute_id, named_compute
from airflow_azureml.spec.shared import HEAD, JOB_SERVICES, identity
from airflow_azureml.spec.sparknodes import spark_node
from airflow_azureml.spec.sweepnodes import sweep_node
from airflow_azureml.spec.transfernodes import TASKS as TRANSFERS
from airflow_azureml.spec.transfernodes import transfer_node
from airflow_azureml.spec.values import truth

NODE_NAME = re.compile(r"[a-z_][a-z0-9_]*")

# -- inputs, outputs and settings of a pipeline


def pipeline_inputs(spot: Spot, reading: Reading) -> Any:
    """Read the inputs of a pipeline, whose names may have dots; an empty text is not sent."""
    if not isinstance(spot.value, Mapping):
        return reading.refuse(spot, f"{show(spot.value)} is not a mapping of names.")
    body = {}
    for item in spot.items():
        dotted(item, reading)
        converted = job_input(item, reading)
        if converted is not None and item.value != "":
            body[item.name] = converted if isinstance(item.path[-1], str) else INVALID
    return INVALID if INVALID in body.values() else body


def _datastore(spot: Spot, reading: Reading) -> Any:
    given = spot.value
    if not isinstance(given, str) or not given.startswith("azureml:"):
        return reading.refuse(spot, f"{show(given)} is not a datastore. Accepted: azureml:NAME.")
    name = given.removeprefix("azureml:")
    return name if name.startswith("/") else f"{reading.workspace.path}/datastores/{name}"


def _default_compute(spot: Spot, reading: Reading) -> Any:
    given = spot.value
    if isinstance(given, str) and (given.lower() == "serverless" or given.startswith("azureml:")):
        with reading.style(snake=True, bound=reading.bound):
            return compute_id(spot.within("serverless") if given.lower() == "serverless" else spot, reading)
    return reading.refuse(spot, f"{show(given)} is not a compute. Accepted: serverless, azureml:NAME.")


_SETTINGS = (
    Field("default_compute", "default_compute", _default_compute),
    Field("default_datastore", "default_datastore", _datastore),
    Field("continue_on_step_failure", "continue_on_step_failure", truth),
    Field("force_rerun", "force_rerun", truth),
)


def settings(spot: Spot, reading: Reading) -> Any:
    """Take the settings; what nobody knows is sent on with a warning, as Microsoft's client sends it."""
    if not isinstance(spot.value, Mapping):
        return reading.refuse(spot, f"{show(spot.value)} is not a mapping.")
    rest = sent_on(spot, reading, tuple(row.name for row in _SETTINGS))
    return {**walk(_SETTINGS, spot, reading, extra=tuple(rest)), **rest}


def _services(spot: Spot, reading: Reading) -> Any:
    """Take the services; no services are not sent."""
    return JOB_SERVICES(spot, reading) or OMIT


PIPELINE = (
    *HEAD,
    Field("inputs", "inputs", pipeline_inputs),
    Field("outputs", "outputs", outputs),
    Field("settings", "settings", settings),
    Field("compute", "computeId", named_compute),
    Field("identity", "identity", identity),
    Field("services", "services", _services),
)


def pipeline(spot: Spot, reading: Reading) -> dict[str, Any]:
    """Translate a pipeline job."""
    body = {"jobType": "Pipeline", **walk(PIPELINE, spot, reading, extra=("jobs", "component"))}
    if "component" in spot.value:
        return {**body, **_from_component(spot, reading, body)}
    scope = Scope(_given(spot, "inputs"), _given(spot, "outputs"), _jobs(spot))
    nodes = translate_nodes(spot, reading, scope)
    _check_compute(spot, reading, body, scope)
    return {**body, "settings": body.get("settings", {}), "jobs": nodes}


def _jobs(spot: Spot) -> Spot | None:
    return spot.child("jobs") if spot.value.get("jobs") is not None else None


def _given(spot: Spot, part: str) -> dict[str, Source]:
    """Tell type and mode of each of a pipeline's inputs or outputs."""
    group = spot.value.get(part)
    found = {}
    for name, value in group.items() if isinstance(group, Mapping) else ():
        value = graph.unwrapped(value)
        if is_literal(value):
            found[str(name)] = Source(graph.LITERALS[type(value)])
        else:
            value = value if isinstance(value, Mapping) else {}
            mode = value.get("mode")
            kind = str(value.get("type") or "uri_folder").lower()
            found[str(name)] = Source(kind, str(mode).lower() if mode else None)
    return found


def _from_component(spot: Spot, reading: Reading, body: dict[str, Any]) -> dict[str, Any]:
    """Translate a pipeline job that runs a pipeline component: it takes and gives what the component declares."""
    if isinstance(spot.value["component"], str) and spot.value.get("jobs"):
        reading.refuse(spot, "jobs and component exclude each other.", "component")
        return {}
    found = component(spot.child("component"), reading, "pipeline")
    if found is INVALID:
        return {}
    own: dict[str, Any] = {"componentId": found.id, "jobs": {}, "settings": body.get("settings", {})}
    for key, rest in (("description", "description"), ("display_name", "displayName")):
        if found.spec.get(key) and key not in spot.value:
            own[rest] = found.spec[key]
    if found.inputs is None or found.outputs is None:
        return own
    nodes = _jobs(found.spot) if found.spot else None
    _check_compute(spot, reading, body, Scope({}, {}, nodes, dict(found.nodes or {})))
    taken, made = _taken(spot, reading, body, found.inputs), _made(spot, reading, body, found.outputs)
    return {**own, "inputs": taken, "outputs": made}


def _taken(spot: Spot, reading: Reading, body: Mapping[str, Any], declared: Ports) -> dict[str, Any]:
    """Take the declared inputs, with their defaults; one that is not declared is left out."""
    given = body.get("inputs", {})
    written = spot.value.get("inputs")
    sent = {}
    for name, port in declared.items():
        if name in given:
            sent[name] = given[name]
        elif port.default is not None:
            if port.default == "":
                reading.reject(spot, f"the component's default of {show(name)}: {EMPTY}", "inputs", name)
            sent[name] = {"jobInputType": "literal", "value": port.default}
        elif port.required and not port.optional and name not in (written if isinstance(written, Mapping) else {}):
            reading.refuse(spot, f"the component needs the input {show(name)}.", "inputs", name)
    for name in given:
        if name not in declared:
            reading.warn(
                spot.child("inputs").child(name),
                "the component has no such input; it is left out." + nearest(name, declared),
            )
    return sent


def _made(spot: Spot, reading: Reading, body: Mapping[str, Any], declared: Ports) -> dict[str, Any]:
    """Take the outputs that are given, and those declared in the way that the component says."""
    sent = {}
    for name, port in declared.items():
        mode = {"mode": OUTPUT_MODES[port.mode]} if port.mode in OUTPUT_MODES else {}
        if port.type in PARAMETERS:
            reading.refuse(spot, f"the output {show(name)} of the component is a {port.type}, which no job gives.")
        told = {"description": port.description} if port.description else {}
        sent[name] = {"jobOutputType": port.type, **mode, **told}
    given = body.get("outputs", {})
    return {**sent, **{name: one for name, one in given.items() if spot.value["outputs"][name] is not None}}


def _check_compute(spot: Spot, reading: Reading, body: Mapping[str, Any], scope: Scope) -> None:
    """Check that each node has somewhere to run. Source: azure-ai-ml 1.35.2, ``_validate_compute_is_set``."""
    default = spot.value.get("settings")
    if body.get("computeId") or (isinstance(default, Mapping) and default.get("default_compute")):
        return
    for item in _without_compute(scope):
        reading.refuse(
            item, "there is no compute for this node. Give compute here, or settings.default_compute.", "compute"
        )


def _without_compute(scope: Scope) -> list[Spot]:
    found = []
    for item in scope.jobs.items() if scope.jobs is not None and isinstance(scope.jobs.value, Mapping) else ():
        if not isinstance(item.value, Mapping):
            continue
        part = scope.components.get(item.name)
        if part is not None and part.kind == "pipeline":
            inner = part.spot
            if inner is not None and isinstance(inner.value.get("jobs"), Mapping):
                deeper = Scope({}, {}, inner.child("jobs"), dict(part.nodes or {}))
                found += [item for _ in _without_compute(deeper)][:1]
        elif item.value.get("compute") is None and not (
            item.value.get("type") == "spark" and item.value.get("resources")
        ):
            found.append(item)
    return found


# -- nodes

Node = Callable[[Spot, Reading, Scope, str], dict[str, Any]]


def settings_of_node(spot: Spot, reading: Reading) -> None:
    """Check the settings of a pipeline in a pipeline, which are not sent."""
    given = spot.value.get("settings")
    if given is not None and not isinstance(given, Mapping):
        reading.refuse(spot, f"{show(given)} is not a mapping.", "settings")
    for key in ("on_init", "on_finalize"):
        if isinstance(given, Mapping) and given.get(key):
            reading.refuse(spot, f"a pipeline in a pipeline has no {key}.", "settings", key)


def pipeline_node(spot: Spot, reading: Reading, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a node that is a pipeline of its own; its compute is that of its nodes."""
    if spot.value.get("component") is None:
        reading.refuse(spot, '"component" is required.', "component")
        return {}
    extra = ("inputs", "outputs", "component", "settings")
    settings_of_node(spot, reading)
    rows = tuple(row for row in NODE if row.name != "compute" or spot.value.get("compute") is not None)
    rest = sent_on(spot, reading, (*(row.name for row in NODE), *extra))
    body = walk(rows, spot, reading, extra=("compute", *extra, *rest))
    found = scope.components.get(name)
    if found is None:
        return body
    return {**node_shape(spot, reading, scope, name, found), **body, **rest}


NODES: Mapping[str, Node] = {
    "command": command_node,
    "parallel": parallel_node,
    "sweep": sweep_node,
    "spark": spark_node,
    "pipeline": pipeline_node,
    "automl": automl.node,
    "data_transfer": transfer_node,
}
"""Types of nodes. Microsoft's client keeps loops and conditions behind a private flag; at import it fails."""

WRITTEN_OUT = ("command", "parallel", "spark", "data_transfer")
"""Those that need no component."""


def translate_nodes(spot: Spot, reading: Reading, scope: Scope) -> dict[str, Any]:
    """Translate all nodes of a pipeline: components first, for the types of what is bound to them."""
    if scope.jobs is None:
        return {}
    if not isinstance(scope.jobs.value, Mapping):
        reading.refuse(scope.jobs, f"{show(scope.jobs.value)} is not a mapping of nodes.")
        return {}
    kinds = {item.name: kind for item in scope.jobs.items() if (kind := _kind(item, reading)) is not None}
    for item in scope.jobs.items():
        part = "trial" if kinds.get(item.name) == "sweep" else "component"
        if item.name in kinds and item.value.get(part) is not None:
            kind = "command" if part == "trial" else kinds[item.name]
            found = component(item.child(part), reading, kind)
            if found is not INVALID:
                scope.components[item.name] = found
        elif kinds.get(item.name) == "sweep":
            reading.refuse(item, '"trial" is required.', "trial")
        elif kinds.get(item.name) in WRITTEN_OUT and "component" in item.value:
            reading.refuse(item, "an empty value is not a component.", "component")
    nodes = {}
    with reading.style(snake=True, bound=True):
        for item in scope.jobs.items():
            if item.name in kinds:
                node = NODES[kinds[item.name]](item, reading, scope, item.name)
                nodes[item.name] = node if kinds[item.name] == "automl" else full(node)
                graph.check_all(item, reading, scope, item.name)
    graph.refuse_circles(scope, reading)
    return nodes


def _kind(spot: Spot, reading: Reading) -> str | None:
    """Tell the type of a node: what it says, else what its component says, else command."""
    if not isinstance(spot.path[-1], str) or not NODE_NAME.fullmatch(spot.path[-1]):
        reading.refuse(spot, f"{show(spot.path[-1])} is not a node's name. Accepted: lower letters, digits and _.")
    if not isinstance(spot.value, Mapping):
        reading.refuse(spot, f"{show(spot.value)} is not a node. Accepted: a mapping.")
        return None
    word = spot.value.get("type", _untyped(spot, reading))
    if word == "data_transfer" and "type" not in spot.value:
        reading.refuse(spot, '"type" is required: data_transfer.', "type")
        return None
    if not isinstance(word, str) or word.lower() not in NODES:
        reading.refuse(spot, f"{show(word)} is not a type of node.{nearest(word, NODES)}", "type")
        return None
    return word.lower()


def _untyped(spot: Spot, reading: Reading) -> str:
    """Tell the type of a node that names none: its component's, else that whose keys it has."""
    if spot.value.get("component"):
        return file_kind(spot.child("component"), reading) or "command"
    if str(spot.value.get("task")).lower() in TRANSFERS:
        return "data_transfer"
    return next((kind for key, kind in (("trial", "sweep"), ("task", "parallel")) if key in spot.value), "command")


# -- pipeline components

_COMPONENT = (*COMPONENT_HEAD, Field("properties", "properties", loose))


def pipeline_component(spot: Spot, reading: Reading) -> Any:
    """Read a pipeline component: its nodes see its own inputs and outputs alone."""
    known = (*(row.name for row in _COMPONENT), "inputs", "outputs", "jobs")
    rest = unknown_keys(spot, reading, known)
    body = walk(_COMPONENT, spot, reading, extra=("inputs", "outputs", "jobs", *rest))
    properties = body.pop("properties", None)
    taken, given, io = declared(spot, reading, primitive=True)
    scope = Scope(_sources(taken), _sources(given), _jobs(spot))
    nodes = translate_nodes(spot, reading, scope)
    optional = _infer_optional(spot, reading, scope, io.get("inputs", {}))
    taken = {name: replace(port, optional=True) if name in optional else port for name, port in taken.items()}
    spec = {**rest, **body, "type": "pipeline", **io, "jobs": nodes}
    return Component(anonymous(spec, properties, spot), "pipeline", taken, given, spec, spot, scope.components)


def _infer_optional(spot: Spot, reading: Reading, scope: Scope, declared_inputs: dict[str, Any]) -> set[str]:
    """Mark inputs that are bound to optional inputs alone as optional, as Microsoft does; the last node counts.

    Source: azure-ai-ml 1.35.2, ``PipelineComponent._validate_binding_inputs``.
    """
    said = {name: body.get("optional") for name, body in declared_inputs.items()}
    inferred = dict.fromkeys(said, False)
    for item in scope.jobs.items() if scope.jobs is not None and isinstance(scope.jobs.value, Mapping) else ():
        for name, bound in _bound_inputs(item, scope).items():
            needed = [port for port in bound if not port.optional]
            if name not in said:
                continue
            if said[name] is None:
                inferred[name] = not needed
            elif said[name] and needed:
                reading.refuse(spot, "it is optional, and bound to what is not.", "inputs", name)
    found = {name for name, optional in inferred.items() if optional}
    for name in found:
        declared_inputs[name]["optional"] = True
    return found


def _bound_inputs(spot: Spot, scope: Scope) -> dict[str, list[Port]]:
    """Tell which ports of a node's component each input of the pipeline is bound to."""
    found: dict[str, list[Port]] = {}
    part = scope.components.get(spot.name)
    given = spot.value.get("inputs") if isinstance(spot.value, Mapping) else None
    if part is None or part.inputs is None or not isinstance(given, Mapping):
        return found
    for name, value in given.items():
        path = value.get("path") if isinstance(value, Mapping) else value
        match = graph.INPUT.match(path) if isinstance(path, str) else None
        if match and match[1] == "inputs" and name in part.inputs:
            found.setdefault(match[2], []).append(part.inputs[name])
    return found


def _sources(ports: Ports) -> dict[str, Source]:
    return {name: Source(port.type, port.mode) for name, port in ports.items()}
