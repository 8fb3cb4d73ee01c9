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
from airflow_azureml.jobspec.nodes import bindings
from airflow_azureml.jobspec.nodes.component import unknown_keys
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
    for item in located.items():
        dotted(item, ctx)
        converted = job_input(item, ctx)
        if converted is not None and item.value != "":
            body[item.name] = converted if isinstance(item.path[-1], str) else INVALID
    return INVALID if INVALID in body.values() else body


def _datastore(located: Located, ctx: Translator) -> str | Invalid:
    given = located.value
    if not isinstance(given, str) or not given.startswith("azureml:"):
        return ctx.error(located, f"{show(given)} is not a datastore. Accepted: azureml:NAME.")
    name = given.removeprefix("azureml:")
    return name if name.startswith("/") else f"{ctx.workspace.path}/datastores/{name}"


def _default_compute(located: Located, ctx: Translator) -> object:
    given = located.value
    if isinstance(given, str) and (given.lower() == "serverless" or given.startswith("azureml:")):
        named = located.within("serverless") if given.lower() == "serverless" else located
        return compute_id(named, ctx.in_form(Form.NODE, ctx.bound))
    return ctx.error(located, f"{show(given)} is not a compute. Accepted: serverless, azureml:NAME.")


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
    rest = unknown_keys(located, ctx, tuple(row.name for row in _SETTINGS))
    return {**convert_mapping(_SETTINGS, located, ctx, extra=tuple(rest)), **rest}


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
    _check_compute(located, ctx, body, scope)
    return {**body, "settings": body.get("settings", {}), "jobs": nodes}


def _given(located: Located, part: str) -> dict[str, Source]:
    """Tell type and mode of each of a pipeline's inputs or outputs."""
    group = located.value.get(part)
    found = {}
    for name, value in group.items() if isinstance(group, Mapping) else ():
        value = unwrapped(value)
        if is_literal(value):
            found[str(name)] = Source(bindings.LITERALS[type(value)])
        else:
            value = value if isinstance(value, Mapping) else {}
            mode = value.get("mode")
            kind = str(value.get("type") or "uri_folder").lower()
            found[str(name)] = Source(kind, str(mode).lower() if mode else None)
    return found


def _from_component(located: Located, ctx: JobTranslator, body: dict[str, Any]) -> dict[str, Any]:
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
    nodes = jobs_of(found.located) if found.located else None
    _check_compute(located, ctx, body, Scope(ctx.kinds, {}, {}, nodes, dict(found.nodes or {})))
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
        about = {"description": port.description} if port.description else {}
        sent[name] = {"jobOutputType": port.type, **mode, **about}
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
    for item in scope.jobs.items() if scope.jobs is not None and scope.names else ():
        if not isinstance(item.value, Mapping):
            continue
        kind = scope.kind_of(item.value)
        part = scope.components.get(item.name)
        if part is not None and part.kind == "pipeline":
            inner = part.located
            if inner is not None and isinstance(inner.value.get("jobs"), Mapping):
                deeper = Scope(scope.kinds, {}, {}, inner.child("jobs"), dict(part.nodes or {}))
                found += [item for _ in _without_compute(deeper)][:1]
        elif item.value.get("compute") is None and not (kind is not None and kind.runs_without_compute(item.value)):
            found.append(item)
    return found


# -- the nodes


def jobs_of(located: Located) -> Located | None:
    """Where the nodes of a pipeline or of a pipeline component are written; None where it has none."""
    return located.child("jobs") if located.value.get("jobs") is not None else None


def translate_nodes(ctx: JobTranslator, scope: Scope) -> dict[str, Any]:
    """Translate all nodes of a pipeline: components first, for the types of what is bound to them."""
    if scope.jobs is None:
        return {}
    if not isinstance(scope.jobs.value, Mapping):
        ctx.error(scope.jobs, f"{show(scope.jobs.value)} is not a mapping of nodes.")
        return {}
    kinds = {item.name: kind for item in scope.jobs.items() if (kind := _kind(item, ctx)) is not None}
    for item in scope.jobs.items():
        if item.name in kinds:
            _read_component(item, kinds[item.name], ctx, scope)
    nodes = {}
    in_node = ctx.in_form(Form.NODE)
    for item in scope.jobs.items():
        if (kind := kinds.get(item.name)) is not None and kind.node is not None:
            node = kind.node(item, in_node, scope, item.name)
            nodes[item.name] = node if kind.keeps_empty else without_empty(node)
            bindings.check_all(item, ctx, scope, item.name)
    bindings.refuse_circles(scope, ctx)
    return nodes


def _read_component(located: Located, kind: Kind, ctx: JobTranslator, scope: Scope) -> None:
    """Read the component of a node, if it has one, into the scope."""
    key = kind.component_key
    if located.value.get(key) is not None:
        found = component(located.child(key), ctx, kind.runs or kind.word)
        if found is not INVALID:
            scope.components[located.name] = found
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
    word = located.value["type"] if typed else _untyped(located, ctx)
    accepted = {kind.word: kind for kind in ctx.kinds.values() if kind.node is not None}
    kind = accepted.get(word.lower()) if isinstance(word, str) else None
    if kind is None:
        ctx.error(located, f"{show(word)} is not a type of node.{nearest(word, accepted)}", "type")
    elif kind.says_type and not typed:
        ctx.error(located, f'"type" is required: {kind.word}.', "type")
        return None
    return kind


def _untyped(located: Located, ctx: JobTranslator) -> str:
    """The kind of a node that names none: its component's, else that whose keys it has."""
    if located.value.get("component"):
        return component_type(located.child("component"), ctx) or "command"
    return next((kind.word for kind in ctx.kinds.values() if kind.is_node(located.value)), "command")
