"""Pipelines: the kind that contains kinds. Nodes become anonymous components and untyped bags in snake case.

Source: azure-ai-ml 1.35.2, ``entities/_job/pipeline/pipeline_job.py``, ``entities/_component/pipeline_component.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.component_io import PARAMETERS, Port, Ports, dotted
from airflow_azureml.jobspec.grammar.inputs import job_input
from airflow_azureml.jobspec.grammar.literals import EMPTY, is_literal
from airflow_azureml.jobspec.grammar.outputs import OUTPUT_MODES, outputs
from airflow_azureml.jobspec.grammar.references import compute_id, named_compute
from airflow_azureml.jobspec.grammar.shared import HEAD, JOB_SERVICES, identity
from airflow_azureml.jobspec.kinds.automl import job
from airflow_azureml.jobspec.kinds.data_transfer.node import TASKS as TRANSFERS
from airflow_azureml.jobspec.kinds.data_transfer.node import transfer_node
from airflow_azureml.jobspec.kinds.parallel.node import parallel_node
from airflow_azureml.jobspec.kinds.spark.node import spark_node
from airflow_azureml.jobspec.kinds.sweep.node import sweep_node
from airflow_azureml.jobspec.nodes import graph
from airflow_azureml.jobspec.nodes.base import NODE, command_node, sent_on
from airflow_azureml.jobspec.nodes.components import HEAD as COMPONENT_HEAD
from airflow_azureml.jobspec.nodes.components import (
    Component,
    anonymous,
    component,
    declared,
    file_kind,
    full,
    loose,
    unknown_keys,
)
from airflow_azureml.jobspec.nodes.graph import Scope, Source
from airflow_azureml.jobspec.nodes.node_io import node_shape
from airflow_azureml.jobspec.table.fields import INVALID, OMIT, Field, Translator, convert_mapping, nearest, show
from airflow_azureml.jobspec.table.values import truth

NODE_NAME = re.compile(r"[a-z_][a-z0-9_]*")

# -- inputs, outputs and settings of a pipeline


def pipeline_inputs(located: Located, ctx: Translator) -> Any:
    """Read the inputs of a pipeline, whose names may have dots; an empty text is not sent."""
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a mapping of names.")
    body = {}
    for item in located.items():
        dotted(item, ctx)
        converted = job_input(item, ctx)
        if converted is not None and item.value != "":
            body[item.name] = converted if isinstance(item.path[-1], str) else INVALID
    return INVALID if INVALID in body.values() else body


def _datastore(located: Located, ctx: Translator) -> Any:
    given = located.value
    if not isinstance(given, str) or not given.startswith("azureml:"):
        return ctx.error(located, f"{show(given)} is not a datastore. Accepted: azureml:NAME.")
    name = given.removeprefix("azureml:")
    return name if name.startswith("/") else f"{ctx.workspace.path}/datastores/{name}"


def _default_compute(located: Located, ctx: Translator) -> Any:
    given = located.value
    if isinstance(given, str) and (given.lower() == "serverless" or given.startswith("azureml:")):
        with ctx.style(snake=True, bound=ctx.bound):
            return compute_id(located.within("serverless") if given.lower() == "serverless" else located, ctx)
    return ctx.error(located, f"{show(given)} is not a compute. Accepted: serverless, azureml:NAME.")


_SETTINGS = (
    Field("default_compute", "default_compute", _default_compute),
    Field("default_datastore", "default_datastore", _datastore),
    Field("continue_on_step_failure", "continue_on_step_failure", truth),
    Field("force_rerun", "force_rerun", truth),
)


def settings(located: Located, ctx: Translator) -> Any:
    """Take the settings; what nobody knows is sent on with a warning, as Microsoft's client sends it."""
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a mapping.")
    rest = sent_on(located, ctx, tuple(row.name for row in _SETTINGS))
    return {**convert_mapping(_SETTINGS, located, ctx, extra=tuple(rest)), **rest}


def _services(located: Located, ctx: Translator) -> Any:
    """Take the services; no services are not sent."""
    return JOB_SERVICES(located, ctx) or OMIT


PIPELINE = (
    *HEAD,
    Field("inputs", "inputs", pipeline_inputs),
    Field("outputs", "outputs", outputs),
    Field("settings", "settings", settings),
    Field("compute", "computeId", named_compute),
    Field("identity", "identity", identity),
    Field("services", "services", _services),
)


def pipeline(located: Located, ctx: Translator) -> dict[str, Any]:
    """Translate a pipeline job."""
    body = {"jobType": "Pipeline", **convert_mapping(PIPELINE, located, ctx, extra=("jobs", "component"))}
    if "component" in located.value:
        return {**body, **_from_component(located, ctx, body)}
    scope = Scope(_given(located, "inputs"), _given(located, "outputs"), _jobs(located))
    nodes = translate_nodes(located, ctx, scope)
    _check_compute(located, ctx, body, scope)
    return {**body, "settings": body.get("settings", {}), "jobs": nodes}


def _jobs(located: Located) -> Located | None:
    return located.child("jobs") if located.value.get("jobs") is not None else None


def _given(located: Located, part: str) -> dict[str, Source]:
    """Tell type and mode of each of a pipeline's inputs or outputs."""
    group = located.value.get(part)
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


def _from_component(located: Located, ctx: Translator, body: dict[str, Any]) -> dict[str, Any]:
    """Translate a pipeline job that runs a pipeline component: it takes and gives what the component declares."""
    if isinstance(located.value["component"], str) and located.value.get("jobs"):
        ctx.error(located, "jobs and component exclude each other.", "component")
        return {}
    found = component(located.child("component"), ctx, "pipeline")
    if found is INVALID:
        return {}
    own: dict[str, Any] = {"componentId": found.id, "jobs": {}, "settings": body.get("settings", {})}
    for key, rest in (("description", "description"), ("display_name", "displayName")):
        if found.spec.get(key) and key not in located.value:
            own[rest] = found.spec[key]
    if found.inputs is None or found.outputs is None:
        return own
    nodes = _jobs(found.located) if found.located else None
    _check_compute(located, ctx, body, Scope({}, {}, nodes, dict(found.nodes or {})))
    taken, made = _taken(located, ctx, body, found.inputs), _made(located, ctx, body, found.outputs)
    return {**own, "inputs": taken, "outputs": made}


def _taken(located: Located, ctx: Translator, body: Mapping[str, Any], declared: Ports) -> dict[str, Any]:
    """Take the declared inputs, with their defaults; one that is not declared is left out."""
    given = body.get("inputs", {})
    written = located.value.get("inputs")
    sent = {}
    for name, port in declared.items():
        if name in given:
            sent[name] = given[name]
        elif port.default is not None:
            if port.default == "":
                ctx.reject(located, f"the component's default of {show(name)}: {EMPTY}", "inputs", name)
            sent[name] = {"jobInputType": "literal", "value": port.default}
        elif port.required and not port.optional and name not in (written if isinstance(written, Mapping) else {}):
            ctx.error(located, f"the component needs the input {show(name)}.", "inputs", name)
    for name in given:
        if name not in declared:
            ctx.warn(
                located.child("inputs").child(name),
                "the component has no such input; it is left out." + nearest(name, declared),
            )
    return sent


def _made(located: Located, ctx: Translator, body: Mapping[str, Any], declared: Ports) -> dict[str, Any]:
    """Take the outputs that are given, and those declared in the way that the component says."""
    sent = {}
    for name, port in declared.items():
        mode = {"mode": OUTPUT_MODES[port.mode]} if port.mode in OUTPUT_MODES else {}
        if port.type in PARAMETERS:
            ctx.error(located, f"the output {show(name)} of the component is a {port.type}, which no job gives.")
        told = {"description": port.description} if port.description else {}
        sent[name] = {"jobOutputType": port.type, **mode, **told}
    given = body.get("outputs", {})
    return {**sent, **{name: one for name, one in given.items() if located.value["outputs"][name] is not None}}


def _check_compute(located: Located, ctx: Translator, body: Mapping[str, Any], scope: Scope) -> None:
    """Check that each node has somewhere to run. Source: azure-ai-ml 1.35.2, ``_validate_compute_is_set``."""
    default = located.value.get("settings")
    if body.get("computeId") or (isinstance(default, Mapping) and default.get("default_compute")):
        return
    for item in _without_compute(scope):
        ctx.error(item, "there is no compute for this node. Give compute here, or settings.default_compute.", "compute")


def _without_compute(scope: Scope) -> list[Located]:
    found = []
    for item in scope.jobs.items() if scope.jobs is not None and isinstance(scope.jobs.value, Mapping) else ():
        if not isinstance(item.value, Mapping):
            continue
        part = scope.components.get(item.name)
        if part is not None and part.kind == "pipeline":
            inner = part.located
            if inner is not None and isinstance(inner.value.get("jobs"), Mapping):
                deeper = Scope({}, {}, inner.child("jobs"), dict(part.nodes or {}))
                found += [item for _ in _without_compute(deeper)][:1]
        elif item.value.get("compute") is None and not (
            item.value.get("type") == "spark" and item.value.get("resources")
        ):
            found.append(item)
    return found


# -- nodes

Node = Callable[[Located, Translator, Scope, str], dict[str, Any]]


def settings_of_node(located: Located, ctx: Translator) -> None:
    """Check the settings of a pipeline in a pipeline, which are not sent."""
    given = located.value.get("settings")
    if given is not None and not isinstance(given, Mapping):
        ctx.error(located, f"{show(given)} is not a mapping.", "settings")
    for key in ("on_init", "on_finalize"):
        if isinstance(given, Mapping) and given.get(key):
            ctx.error(located, f"a pipeline in a pipeline has no {key}.", "settings", key)


def pipeline_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a node that is a pipeline of its own; its compute is that of its nodes."""
    if located.value.get("component") is None:
        ctx.error(located, '"component" is required.', "component")
        return {}
    extra = ("inputs", "outputs", "component", "settings")
    settings_of_node(located, ctx)
    rows = tuple(row for row in NODE if row.name != "compute" or located.value.get("compute") is not None)
    rest = sent_on(located, ctx, (*(row.name for row in NODE), *extra))
    body = convert_mapping(rows, located, ctx, extra=("compute", *extra, *rest))
    found = scope.components.get(name)
    if found is None:
        return body
    return {**node_shape(located, ctx, scope, name, found), **body, **rest}


NODES: Mapping[str, Node] = {
    "command": command_node,
    "parallel": parallel_node,
    "sweep": sweep_node,
    "spark": spark_node,
    "pipeline": pipeline_node,
    "automl": job.node,
    "data_transfer": transfer_node,
}
"""Types of nodes. Microsoft's client keeps loops and conditions behind a private flag; at import it fails."""

WRITTEN_OUT = ("command", "parallel", "spark", "data_transfer")
"""Those that need no component."""


def translate_nodes(located: Located, ctx: Translator, scope: Scope) -> dict[str, Any]:
    """Translate all nodes of a pipeline: components first, for the types of what is bound to them."""
    if scope.jobs is None:
        return {}
    if not isinstance(scope.jobs.value, Mapping):
        ctx.error(scope.jobs, f"{show(scope.jobs.value)} is not a mapping of nodes.")
        return {}
    kinds = {item.name: kind for item in scope.jobs.items() if (kind := _kind(item, ctx)) is not None}
    for item in scope.jobs.items():
        part = "trial" if kinds.get(item.name) == "sweep" else "component"
        if item.name in kinds and item.value.get(part) is not None:
            kind = "command" if part == "trial" else kinds[item.name]
            found = component(item.child(part), ctx, kind)
            if found is not INVALID:
                scope.components[item.name] = found
        elif kinds.get(item.name) == "sweep":
            ctx.error(item, '"trial" is required.', "trial")
        elif kinds.get(item.name) in WRITTEN_OUT and "component" in item.value:
            ctx.error(item, "an empty value is not a component.", "component")
    nodes = {}
    with ctx.style(snake=True, bound=True):
        for item in scope.jobs.items():
            if item.name in kinds:
                node = NODES[kinds[item.name]](item, ctx, scope, item.name)
                nodes[item.name] = node if kinds[item.name] == "automl" else full(node)
                graph.check_all(item, ctx, scope, item.name)
    graph.refuse_circles(scope, ctx)
    return nodes


def _kind(located: Located, ctx: Translator) -> str | None:
    """Tell the type of a node: what it says, else what its component says, else command."""
    if not isinstance(located.path[-1], str) or not NODE_NAME.fullmatch(located.path[-1]):
        ctx.error(located, f"{show(located.path[-1])} is not a node's name. Accepted: lower letters, digits and _.")
    if not isinstance(located.value, Mapping):
        ctx.error(located, f"{show(located.value)} is not a node. Accepted: a mapping.")
        return None
    word = located.value.get("type", _untyped(located, ctx))
    if word == "data_transfer" and "type" not in located.value:
        ctx.error(located, '"type" is required: data_transfer.', "type")
        return None
    if not isinstance(word, str) or word.lower() not in NODES:
        ctx.error(located, f"{show(word)} is not a type of node.{nearest(word, NODES)}", "type")
        return None
    return word.lower()


def _untyped(located: Located, ctx: Translator) -> str:
    """Tell the type of a node that names none: its component's, else that whose keys it has."""
    if located.value.get("component"):
        return file_kind(located.child("component"), ctx) or "command"
    if str(located.value.get("task")).lower() in TRANSFERS:
        return "data_transfer"
    return next((kind for key, kind in (("trial", "sweep"), ("task", "parallel")) if key in located.value), "command")


# -- pipeline components

_COMPONENT = (*COMPONENT_HEAD, Field("properties", "properties", loose))


def pipeline_component(located: Located, ctx: Translator) -> Any:
    """Read a pipeline component: its nodes see its own inputs and outputs alone."""
    known = (*(row.name for row in _COMPONENT), "inputs", "outputs", "jobs")
    rest = unknown_keys(located, ctx, known)
    body = convert_mapping(_COMPONENT, located, ctx, extra=("inputs", "outputs", "jobs", *rest))
    properties = body.pop("properties", None)
    taken, given, io = declared(located, ctx, primitive=True)
    scope = Scope(_sources(taken), _sources(given), _jobs(located))
    nodes = translate_nodes(located, ctx, scope)
    optional = _infer_optional(located, ctx, scope, io.get("inputs", {}))
    taken = {name: replace(port, optional=True) if name in optional else port for name, port in taken.items()}
    spec = {**rest, **body, "type": "pipeline", **io, "jobs": nodes}
    return Component(anonymous(spec, properties, located), "pipeline", taken, given, spec, located, scope.components)


def _infer_optional(located: Located, ctx: Translator, scope: Scope, declared_inputs: dict[str, Any]) -> set[str]:
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
                ctx.error(located, "it is optional, and bound to what is not.", "inputs", name)
    found = {name for name, optional in inferred.items() if optional}
    for name in found:
        declared_inputs[name]["optional"] = True
    return found


def _bound_inputs(located: Located, scope: Scope) -> dict[str, list[Port]]:
    """Tell which ports of a node's component each input of the pipeline is bound to."""
    found: dict[str, list[Port]] = {}
    part = scope.components.get(located.name)
    given = located.value.get("inputs") if isinstance(located.value, Mapping) else None
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
