"""Spark nodes of a pipeline: with a component, or written out.

Source: azure-ai-ml 1.35.2, ``entities/_builders/spark.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.grammar.command_text import check_command
from airflow_azureml.jobspec.grammar.computes import compute_id
from airflow_azureml.jobspec.grammar.literals import is_literal
from airflow_azureml.jobspec.grammar.shared import HEAD as JOB_HEAD
from airflow_azureml.jobspec.grammar.shared import JOB_SERVICES, identity
from airflow_azureml.jobspec.kinds.spark.component import LISTS, OWN, settings, spark_names, with_code
from airflow_azureml.jobspec.kinds.spark.job import (
    CONF,
    PROPERTIES,
    RESOURCES,
    SPARK,
    check_configuration,
    completed,
    entry,
    entry_exists,
    has_any_mode,
    parted,
    where_to_run,
)
from airflow_azureml.jobspec.nodes.bindings import INPUT
from airflow_azureml.jobspec.nodes.component import Component, unknown_keys
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.nodes.node_component import head_of_spec, inline_component
from airflow_azureml.jobspec.nodes.node_io import inferred, node_shape
from airflow_azureml.jobspec.nodes.node_keys import COMPONENT_KEYS, NODE, SUPERSEDED, rows
from airflow_azureml.jobspec.nodes.node_outputs import only_bindings
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Convert, Field
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.translator import OMIT, Translator
from airflow_azureml.jobspec.table.values import text


def _entry(located: Located, ctx: Translator) -> object:
    """Take an entry that is not used, a class too."""
    written = list(located.value.items()) if isinstance(located.value, Mapping) else []
    known = len(written) == 1 and written[0][0] in ("file", "class_name") and isinstance(written[0][1], str)
    return OMIT if known else entry(located, ctx)


def _or_nothing(convert: Convert) -> Convert:
    """Take an empty value, too, as Microsoft's client does of a spark node."""
    return lambda located, ctx: OMIT if located.value is None else convert(located, ctx)


COMPONENT_NODE = (
    *NODE,
    Field("resources", "resources", RESOURCES),
    Field("identity", "identity", identity),
    *(replace(row, api_name=None) for row in (*LISTS, *rows(SPARK, "conf", "args"))),
    *(replace(row, convert=_or_nothing(row.convert)) for row in SUPERSEDED),
    Field("entry", None, _entry),
)


def spark_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a spark node, with a component or written out."""
    if "component" not in located.value:
        return _inline(located, ctx, scope, name)
    component = scope.components.get(name)
    known = (*(row.name for row in COMPONENT_NODE), *COMPONENT_KEYS, *CONF)
    unknown = unknown_keys(located, ctx, known)
    body = convert_mapping(COMPONENT_NODE, located, ctx, extra=(*COMPONENT_KEYS, *CONF, *unknown))
    if component is None:
        return body
    if "instance_type" in body.get("resources", {}):
        body["resources"]["instance_type"] = body["resources"]["instance_type"].lower()
    return {**_shape(located, ctx, scope, name, component), **body, **unknown}


def _shape(located: Located, ctx: Translator, scope: Scope, name: str, component: Component) -> dict[str, Any]:
    where_to_run(located, ctx)
    default = "Managed" if located.value.get("compute") else "UserIdentity"
    body: dict[str, Any] = {"identity": {"identity_type": default}}
    if component.inputs is not None:
        body.update(_taken_over(located, ctx, component))
        _direct_only(located, ctx, component)
    else:
        body.update(_given_over(located, ctx))
    return {**node_shape(located, ctx, scope, name, component), **body}


def _given_over(located: Located, ctx: Translator) -> dict[str, Any]:
    """Give a registered component what the node says of its own."""
    known, others = parted(located.value.get("conf"))
    written = {short: located.value.get(short) for short in CONF}
    known = completed({short: written[short] if value is None else value for short, value in known.items()})
    table = (*(replace(row, required=False) for row in rows(SPARK, "entry")), *LISTS, *rows(SPARK, "args"))
    extra = [str(key) for key in located.value]
    return {**convert_mapping(table, located, ctx, extra=extra), "conf": spark_names(known, others)}


def _taken_over(located: Located, ctx: Translator, component: Component) -> dict[str, Any]:
    """Take over from the component what runs, and its settings where the node has none of its own."""
    node_conf, other_node_conf = settings(located.value.get("conf"))
    node_conf = {short: value or located.value.get(short) for short, value in node_conf.items()}
    component_conf, other_component_conf = settings(component.spec.get("conf"))
    known = completed({short: node_conf[short] or component_conf[short] for short in CONF})
    check_configuration(located, ctx, known)
    spec, written = component.spec, located if component.inline else component.located
    body = {key: spec[key] for key in ("py_files", "jars", "files", "archives", "args") if key in spec}
    if isinstance(spec.get("entry"), Mapping):
        body["entry"] = {"spark_job_entry_type": "SparkJobPythonEntry", **spec["entry"]}
    if isinstance(spec.get("args"), str) and written is not None and "args" in written.value:
        check_command(written.child("args"), ctx, component.inputs or {})
    return {**body, "conf": spark_names(known, other_node_conf or other_component_conf)}


def _direct_only(located: Located, ctx: Translator, component: Component) -> None:
    """Check that data which is given to the node itself goes in and out in the mode ``direct``; Microsoft's client does
    not look at what the component does not declare."""
    for part, declared_ports in (("inputs", component.inputs), ("outputs", component.outputs)):
        group = located.value.get(part)
        for name, data in group.items() if isinstance(group, Mapping) else ():
            bound = isinstance(data, Mapping) and INPUT.match(str(data.get("path")))
            port = (declared_ports or {}).get(name)
            if port is None or is_literal(data) or not isinstance(data, Mapping) or bound or has_any_mode(part, name):
                continue
            modes = [mode for mode in (data.get("mode"), port.mode) if mode]
            direct = "direct" in {str(mode).lower() for mode in modes} or set(data) == {"value"}
            if not direct and not str(data.get("path")).startswith("${{parent.outputs"):
                shown = show(modes[0]) if modes else "no mode"
                ctx.error(located, f"{shown}: Spark reads and writes in the mode direct only.", part, name, "mode")


INLINE_NODE = (
    *rows(JOB_HEAD, "type", "tags", "id", "status", "creation_context", "log_files"),
    *(Field(key, None, text) for key in ("description", "name", "experiment_name")),
    Field("display_name", "displayName", text),
    Field("properties", "properties", PROPERTIES),
    Field("compute", "computeId", compute_id),
    Field("resources", "resources", RESOURCES),
    Field("identity", "identity", identity),
    Field("services", None, JOB_SERVICES, unsent=True),
)


def _inline(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a spark node that is written out: its component is made of it."""
    own_keys = tuple(row.name for row in OWN)
    body = convert_mapping(INLINE_NODE, located, ctx, extra=(*own_keys, "inputs", "outputs"))
    only_bindings(located, ctx)
    coded = with_code(located, ctx)
    entry_exists(coded, ctx)
    io = inferred(located, ctx, scope)
    others = [str(key) for key in located.value if key not in own_keys]
    made = convert_mapping(OWN, coded, ctx.in_form(Form.COMPONENT), extra=others)
    known, other_conf = settings(made.get("conf"))
    spec = {
        "is_deterministic": True,
        "type": "spark",
        **made,
        "conf": spark_names(completed(known), other_conf),
        **head_of_spec(located, ctx, "tags", "properties"),
        **io,
    }
    component = inline_component("spark", spec, scope, name, spec.get("properties"))
    return {**_shape(located, ctx, scope, name, component), **body}
