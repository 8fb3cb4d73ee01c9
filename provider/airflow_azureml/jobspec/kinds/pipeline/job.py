"""Pipelines: the kind that contains kinds. Nodes become anonymous components and untyped bags in snake case.

Source: azure-ai-ml 1.35.2, ``entities/_job/pipeline/pipeline_job.py``, ``entities/_component/pipeline_component.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.grammar.component_io import PARAMETERS, Ports, dotted
from airflow_azureml.jobspec.grammar.computes import compute_id, named_compute
from airflow_azureml.jobspec.grammar.inputs import job_input, unwrapped
from airflow_azureml.jobspec.grammar.literals import EMPTY, is_literal
from airflow_azureml.jobspec.grammar.outputs import OUTPUT_MODES, outputs
from airflow_azureml.jobspec.grammar.shared import HEAD, JOB_SERVICES, identity
from airflow_azureml.jobspec.kinds.pipeline.apart import check_apart
from airflow_azureml.jobspec.nodes import bindings
from airflow_azureml.jobspec.nodes.component import unknown_keys
from airflow_azureml.jobspec.nodes.control import PREVIEW
from airflow_azureml.jobspec.nodes.kind import JobTranslator, Kind, Scope, Source
from airflow_azureml.jobspec.nodes.node_component import component, component_type
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.json_values import without_empty
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Converted, Invalid, Translator
from airflow_azureml.jobspec.table.values import truth

NAME = re.compile(r"[a-z_][a-z0-9_]*")
"""What a node may be called."""


# -- inputs, outputs and settings of a pipeline


def pipeline_inputs(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Read the inputs of a pipeline, whose names may have dots; an empty text is not sent."""
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a mapping of names.")
    body = {}
    for entry in located.items():
        dotted(entry, ctx)
        converted = job_input(entry, ctx)
        if converted is not None and entry.value != "":
            body[entry.name] = converted if isinstance(entry.path[-1], str) else INVALID
    return INVALID if INVALID in body.values() else body


def _datastore(located: Located, ctx: Translator) -> str | Invalid:
    datastore = located.value
    if not isinstance(datastore, str) or not datastore.startswith("azureml:"):
        return ctx.error(located, f"{show(datastore)} is not a datastore. Accepted: azureml:NAME.")
    name = datastore.removeprefix("azureml:")
    return name if name.startswith("/") else f"{ctx.workspace.path}/datastores/{name}"


def _default_compute(located: Located, ctx: Translator) -> object:
    compute = located.value
    if isinstance(compute, str) and (compute.lower() == "serverless" or compute.startswith("azureml:")):
        named = located.within("serverless") if compute.lower() == "serverless" else located
        return compute_id(named, ctx.in_form(Form.NODE, ctx.bound))
    return ctx.error(located, f"{show(compute)} is not a compute. Accepted: serverless, azureml:NAME.")


_SETTINGS = (
    Field("default_compute", "default_compute", _default_compute),
    Field("default_datastore", "default_datastore", _datastore),
    Field("continue_on_step_failure", "continue_on_step_failure", truth),
    Field("force_rerun", "force_rerun", truth),
)


def settings(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the settings; unknown keys are sent on with a warning, as Microsoft's client sends it."""
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a mapping.")
    unknown = unknown_keys(located, ctx, tuple(row.name for row in _SETTINGS))
    return {**convert_mapping(_SETTINGS, located, ctx, extra=tuple(unknown)), **unknown}


def _services(located: Located, ctx: Translator) -> Converted[dict[str, Any]]:
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


def pipeline(located: Located, ctx: JobTranslator) -> dict[str, Any]:
    """Translate a pipeline job."""
    body = {"jobType": "Pipeline", **convert_mapping(PIPELINE, located, ctx, extra=("jobs", "component"))}
    if "component" in located.value:
        return {**body, **_from_component(located, ctx, body)}
    scope = Scope(ctx.kinds, _given(located, "inputs"), _given(located, "outputs"), jobs_of(located))
    nodes = translate_nodes(ctx, scope)
    check_apart(located, ctx, located.value.get("jobs"))
    _check_compute(located, ctx, body, scope)
    return {**body, "settings": body.get("settings", {}), "jobs": nodes}


def _given(located: Located, part: str) -> dict[str, Source]:
    """Tell type and mode of each of a pipeline's inputs or outputs."""
    group = located.value.get(part)
    sources = {}
    for name, port in group.items() if isinstance(group, Mapping) else ():
        port = unwrapped(port)
        if is_literal(port):
            sources[str(name)] = Source(bindings.LITERALS[type(port)])
        else:
            sources[str(name)] = Source.of(port if isinstance(port, Mapping) else {})
    return sources


def _from_component(located: Located, ctx: JobTranslator, body: dict[str, Any]) -> dict[str, Any]:
    """Translate a pipeline job that runs a pipeline component: it takes and gives what the component declares."""
    if isinstance(located.value["component"], str) and located.value.get("jobs"):
        ctx.error(located, "jobs and component exclude each other.", "component")
        return {}
    used = component(located.child("component"), ctx, "pipeline")
    if used is INVALID:
        return {}
    check_apart(located, ctx, used.located.value.get("jobs") if used.located else None)
    properties: dict[str, Any] = {"componentId": used.id, "jobs": {}, "settings": body.get("settings", {})}
    for key, api_name in (("description", "description"), ("display_name", "displayName")):
        if used.spec.get(key) and key not in located.value:
            properties[api_name] = used.spec[key]
    if used.inputs is None or used.outputs is None:
        return properties
    nodes = jobs_of(used.located) if used.located else None
    _check_compute(located, ctx, body, Scope(ctx.kinds, {}, {}, nodes, dict(used.nodes or {})))
    inputs, outputs = _taken(located, ctx, body, used.inputs), _made(located, ctx, body, used.outputs)
    return {**properties, "inputs": inputs, "outputs": outputs}


def _taken(located: Located, ctx: Translator, body: Mapping[str, Any], declared: Ports) -> dict[str, Any]:
    """Take the declared inputs, with their defaults; one that is not declared is left out."""
    job_inputs = body.get("inputs", {})
    written = located.value.get("inputs")
    sent = {}
    for name, port in declared.items():
        if name in job_inputs:
            sent[name] = job_inputs[name]
        elif port.default is not None:
            if port.default == "":
                ctx.reject(located, f"the component's default of {show(name)}: {EMPTY}", "inputs", name)
            sent[name] = {"jobInputType": "literal", "value": port.default}
        elif port.required and not port.optional and name not in (written if isinstance(written, Mapping) else {}):
            ctx.error(located, f"the component needs the input {show(name)}.", "inputs", name)
    for name in job_inputs:
        if name not in declared:
            ctx.warn(
                located.child("inputs").child(name),
                "the component has no such input: not sent." + nearest(name, declared),
            )
    return sent


def _made(located: Located, ctx: Translator, body: Mapping[str, Any], declared: Ports) -> dict[str, Any]:
    """Take the outputs that are given, and those declared in the way that the component says."""
    sent = {}
    for name, port in declared.items():
        mode = {"mode": OUTPUT_MODES[port.mode]} if port.mode in OUTPUT_MODES else {}
        if port.type in PARAMETERS:
            ctx.error(
                located, f"the output {show(name)} of the component is a {port.type}, which a job cannot produce."
            )
        description = {"description": port.description} if port.description else {}
        sent[name] = {"jobOutputType": port.type, **mode, **description}
    outputs = body.get("outputs", {})
    return {**sent, **{name: outputs[name] for name in outputs if located.value["outputs"][name] is not None}}


def _check_compute(located: Located, ctx: Translator, body: Mapping[str, Any], scope: Scope) -> None:
    """Check that each node has somewhere to run. Source: azure-ai-ml 1.35.2, ``_validate_compute_is_set``."""
    default = located.value.get("settings")
    if body.get("computeId") or (isinstance(default, Mapping) and default.get("default_compute")):
        return
    for node in _without_compute(scope):
        ctx.error(node, "there is no compute for this node. Give compute here, or settings.default_compute.", "compute")


def _without_compute(scope: Scope) -> list[Located]:
    nodes = []
    for node in scope.jobs.items() if scope.jobs is not None and scope.names else ():
        if not isinstance(node.value, Mapping):
            continue
        used = scope.components.get(node.name)
        kind = scope.kind_of(node.value) if used is None else scope.kinds.get(used.kind)
        if used is not None and used.kind == "pipeline":
            component_file = used.located
            if component_file is not None and isinstance(component_file.value.get("jobs"), Mapping):
                deeper = Scope(scope.kinds, {}, {}, component_file.child("jobs"), dict(used.nodes or {}))
                nodes += [node for _ in _without_compute(deeper)][:1]
        elif node.value.get("compute") is None and not (kind is not None and kind.runs_without_compute(node.value)):
            nodes.append(node)
    return nodes


# -- the nodes


def jobs_of(located: Located) -> Located | None:
    """Where the nodes of a pipeline or of a pipeline component are written; None where it has none."""
    absent = "jobs" not in located.value or (located.document.from_python and located.value["jobs"] is None)
    return None if absent else located.child("jobs")


def translate_nodes(ctx: JobTranslator, scope: Scope) -> dict[str, Any]:
    """Translate all nodes of a pipeline: components first, for the types of what is bound to them."""
    if scope.jobs is None:
        return {}
    if not isinstance(scope.jobs.value, Mapping):
        ctx.error(scope.jobs, f"{show(scope.jobs.value)} is not a mapping of nodes.")
        return {}
    kinds = {entry.name: kind for entry in scope.jobs.items() if (kind := _kind(entry, ctx)) is not None}
    for entry in scope.jobs.items():
        if entry.name in kinds:
            _read_component(entry, kinds[entry.name], ctx, scope)
    nodes = {}
    in_node = ctx.in_form(Form.NODE)
    for entry in scope.jobs.items():
        if (kind := kinds.get(entry.name)) is not None and kind.node is not None:
            node = kind.node(entry, in_node, scope, entry.name)
            nodes[entry.name] = node if kind.keeps_empty else _without_empty_settings(node)
            bindings.check_all(entry, ctx, scope, entry.name)
    bindings.refuse_circles(scope, ctx)
    return nodes


def _without_empty_settings(node: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is empty in a node; in its inputs, as they are made here, nothing is."""
    settings = without_empty({key: value for key, value in node.items() if key != "inputs"})
    return {**settings, "inputs": node["inputs"]} if "inputs" in node else settings


def _read_component(located: Located, kind: Kind, ctx: JobTranslator, scope: Scope) -> None:
    """Read the component of a node, if it has one, into the scope."""
    key = kind.component_key
    if located.value.get(key) is not None:
        read = component(located.child(key), ctx, kind.runs or kind.word)
        if read is not INVALID:
            scope.components[located.name] = read
    elif not kind.inline:
        ctx.error(located, f"{show(key)} is required.", key)
    elif key in located.value:
        ctx.error(located, "an empty value is not a component.", key)


def _kind(located: Located, ctx: JobTranslator) -> Kind | None:
    """The kind of a node: what it says, else what its component says, else command."""
    if not isinstance(located.path[-1], str) or not NAME.fullmatch(located.path[-1]):
        ctx.error(located, f"{show(located.path[-1])} is not a node's name. Accepted: lower letters, digits and _.")
    if not isinstance(located.value, Mapping):
        ctx.error(located, f"{show(located.value)} is not a node. Accepted: a mapping.")
        return None
    typed = "type" in located.value
    type_name = located.value["type"] if typed else _untyped(located, ctx)
    accepted = {kind.word: kind for kind in ctx.kinds.values() if kind.node is not None and not kind.is_preview}
    previews = {kind.word: kind for kind in ctx.kinds.values() if kind.node is not None and kind.is_preview}
    word = type_name.lower() if isinstance(type_name, str) else ""
    kind = accepted.get(word) or (previews.get(word) if ctx.previews else None)
    if kind is None and word in previews:
        ctx.error(located, f"{show(word)}: {PREVIEW}", "type")
    elif kind is None:
        ctx.error(located, f"{show(type_name)} is not a type of node.{nearest(type_name, accepted)}", "type")
    elif kind.says_type and not typed:
        ctx.error(located, f'"type" is required: {kind.word}.', "type")
        return None
    return kind


def _untyped(located: Located, ctx: JobTranslator) -> str:
    """The kind of a node that names none: its component's, else that whose keys it has."""
    if located.value.get("component"):
        return component_type(located.child("component"), ctx) or "command"
    return next((kind.word for kind in ctx.kinds.values() if kind.is_node(located.value)), "command")
