"""Spark nodes of a pipeline, and spark components.

Source: azure-ai-ml 1.35.2, ``_schema/component/spark_component.py``, ``entities/_builders/spark.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.command_text import check_command
from airflow_azureml.jobspec.grammar.includes import INCLUDES, beside, rows_of
from airflow_azureml.jobspec.grammar.literals import is_literal
from airflow_azureml.jobspec.grammar.references import compute_id
from airflow_azureml.jobspec.grammar.shared import HEAD as JOB_HEAD
from airflow_azureml.jobspec.grammar.shared import JOB_SERVICES, identity
from airflow_azureml.jobspec.kinds.spark.job import (
    CONF,
    CONFIGURATION,
    PROPERTIES,
    check_configuration,
    completed,
    entry,
    entry_exists,
    instance_type,
    parted,
    runtime_version,
    spark_environment,
    unique_texts,
    where_to_run,
)
from airflow_azureml.jobspec.nodes.base import NODE, PORTS, sent_on
from airflow_azureml.jobspec.nodes.components import (
    HEAD,
    Component,
    anonymous,
    component_code,
    declared,
    spec_id,
    unknown_keys,
)
from airflow_azureml.jobspec.nodes.graph import INPUT, Scope
from airflow_azureml.jobspec.nodes.node_io import inferred, node_shape, only_bindings, written_out
from airflow_azureml.jobspec.table.fields import Field, Translator, convert_mapping, nested, show
from airflow_azureml.jobspec.table.values import text

_LISTS = tuple(Field(name, name, unique_texts) for name in ("py_files", "jars", "files", "archives"))


def _spec_entry(located: Located, ctx: Translator) -> Any:
    body = entry(located, ctx)
    return {"file": body["file"]} if isinstance(body, dict) and "file" in body else body


def _spec_environment(located: Located, ctx: Translator) -> Any:
    return spec_id(spark_environment(located, ctx))


OWN = (
    Field("code", "code", component_code),
    Field("entry", "entry", _spec_entry, required=True),
    *_LISTS,
    Field("conf", "conf", CONFIGURATION),
    Field("args", "args", text),
    Field("environment", "environment", _spec_environment),
)
RESOURCES = nested(
    (
        Field("instance_type", "instance_type", instance_type, required=True),
        Field("runtime_version", "runtime_version", runtime_version, required=True),
    )
)


def settings(given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the settings of a component; an empty one, zero and false too, is as good as none."""
    known, rest = parted(given)
    return {short: value or None for short, value in known.items()}, rest


def _full(known: Mapping[str, Any], rest: Mapping[str, Any]) -> dict[str, Any]:
    """Write settings under Spark's own names, those with a short one as numbers where they are."""
    return {**rest, **{CONF[short]: _whole(value) for short, value in known.items() if value is not None}}


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value


def spark_component(located: Located, ctx: Translator) -> Any:
    """Read a spark component."""
    properties = Field("properties", "properties", PROPERTIES)
    rows = (*HEAD, *OWN, properties, INCLUDES)
    known = (*(row.name for row in rows), "inputs", "outputs")
    rest = unknown_keys(located, ctx, known)
    body = convert_mapping(rows_of(rows, located), located, ctx, extra=(*known, *rest))
    taken, given, io = declared(located, ctx, primitive=False)
    if "additional_includes" in body:
        body["code"] = beside(body["additional_includes"], located, ctx, component_code)
    else:
        entry_exists(located, ctx)
    conf = _full(*settings(body.get("conf")))
    spec = {"is_deterministic": True, **rest, **body, "conf": conf, "type": "spark", **io}
    return Component(anonymous(spec, body.get("properties"), located), "spark", taken, given, spec, located)


COMPONENT_NODE = (
    *NODE,
    Field("resources", "resources", RESOURCES),
    Field("identity", "identity", identity),
    *(Field(row.name, None, row.convert) for row in _LISTS),
    Field("conf", None, CONFIGURATION),
    Field("args", None, text),
)
IGNORED = ("code", "entry", "environment")


def spark_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a spark node, with a component or written out."""
    if "component" not in located.value:
        return _inline(located, ctx, scope, name)
    found = scope.components.get(name)
    known = (*(row.name for row in COMPONENT_NODE), *PORTS, *IGNORED, *CONF)
    rest = sent_on(located, ctx, known)
    body = convert_mapping(COMPONENT_NODE, located, ctx, extra=(*PORTS, *IGNORED, *CONF, *rest))
    if found is None:
        return body
    if "instance_type" in body.get("resources", {}):
        body["resources"]["instance_type"] = body["resources"]["instance_type"].lower()
    return {**_shape(located, ctx, scope, name, found), **body, **rest}


def _shape(located: Located, ctx: Translator, scope: Scope, name: str, found: Component) -> dict[str, Any]:
    where_to_run(located, ctx)
    default = "Managed" if located.value.get("compute") else "UserIdentity"
    body: dict[str, Any] = {"identity": {"identity_type": default}}
    if found.located is not None:
        body.update(_taken_over(located, ctx, found))
        _direct_only(located, ctx, found)
    else:
        body.update(_given_over(located, ctx))
    return {**node_shape(located, ctx, scope, name, found), **body}


def _given_over(located: Located, ctx: Translator) -> dict[str, Any]:
    """Give a registered component what the node says of its own."""
    known, rest = parted(located.value.get("conf"))
    own = {short: located.value.get(short) for short in CONF}
    known = completed({short: own[short] if value is None else value for short, value in known.items()})
    given = (Field("entry", "entry", entry), *_LISTS, Field("args", "args", text))
    extra = [str(key) for key in located.value]
    return {**convert_mapping(given, located, ctx, extra=extra), "conf": _full(known, rest)}


def _taken_over(located: Located, ctx: Translator, found: Component) -> dict[str, Any]:
    """Take over from the component what runs, and its settings where the node has none of its own."""
    own, own_rest = settings(located.value.get("conf"))
    own = {short: value or located.value.get(short) for short, value in own.items()}
    theirs, their_rest = settings(found.spec.get("conf"))
    known = completed({short: own[short] or theirs[short] for short in CONF})
    check_configuration(located, ctx, known)
    body = {key: found.spec[key] for key in ("py_files", "jars", "files", "archives", "args") if key in found.spec}
    if isinstance(found.spec.get("entry"), Mapping):
        body["entry"] = {"spark_job_entry_type": "SparkJobPythonEntry", **found.spec["entry"]}
    if isinstance(found.spec.get("args"), str) and found.located is not None and "args" in found.located.value:
        check_command(found.located.child("args"), ctx, found.inputs or {})
    return {**body, "conf": _full(known, own_rest or their_rest)}


def _direct_only(located: Located, ctx: Translator, found: Component) -> None:
    """Check that data which is given to the node itself goes in and out in the mode ``direct``."""
    for part, declared_ports in (("inputs", found.inputs), ("outputs", found.outputs)):
        group = located.value.get(part)
        for name, value in group.items() if isinstance(group, Mapping) else ():
            if is_literal(value) or not isinstance(value, Mapping) or INPUT.match(str(value.get("path"))):
                continue
            port = (declared_ports or {}).get(name)
            modes = [mode for mode in (value.get("mode"), port.mode if port is not None else None) if mode]
            direct = "direct" in {str(mode).lower() for mode in modes} or set(value) == {"value"}
            if not direct and not str(value.get("path")).startswith("${{parent.outputs"):
                given = show(modes[0]) if modes else "no mode"
                ctx.error(located, f"{given}: Spark reads and writes in the mode direct only.", part, name, "mode")


_HEAD = tuple(row for row in JOB_HEAD if row.name not in {"description", "properties", "name", "experiment_name"})
INLINE_NODE = (
    *_HEAD,
    *(Field(key, None, text) for key in ("description", "name", "experiment_name")),
    Field("properties", "properties", PROPERTIES),
    Field("compute", "computeId", compute_id),
    Field("resources", "resources", RESOURCES),
    Field("identity", "identity", identity),
    Field("services", None, JOB_SERVICES, unsent=True),
)


def _inline(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a spark node that is written out: its component is made of it."""
    own = tuple(row.name for row in OWN)
    body = convert_mapping(INLINE_NODE, located, ctx, extra=(*own, "inputs", "outputs"))
    only_bindings(located, ctx)
    entry_exists(located, ctx, None)
    io = inferred(located, ctx, scope)
    with ctx.style(snake=False, bound=False):
        others = [str(item.path[-1]) for item in located.items() if item.path[-1] not in own]
        made = convert_mapping(OWN, located, ctx, extra=others)
    known, rest = settings(made.get("conf"))
    spec = {
        "is_deterministic": True,
        "type": "spark",
        **made,
        "conf": _full(completed(known), rest),
        **({"description": located.value["description"]} if located.value.get("description") else {}),
        **{
            key: value
            for key in ("tags", "properties")
            if isinstance(value := located.value.get(key), Mapping) and value
        },
        **io,
    }
    found = written_out("spark", spec, located, scope, spec.get("properties"))
    return {**_shape(located, ctx, scope, name, found), **body}
