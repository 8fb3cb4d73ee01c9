"""Data transfer nodes of a pipeline, which copy, import or export data.

A copy that is written out becomes a component; an import or an export runs one of Azure ML's own. Standalone jobs of
this type there are none. Source: azure-ai-ml 1.35.2, ``_schema/pipeline/component_job.py``,
``_schema/job/data_transfer_job.py``, ``_schema/component/data_transfer_component.py`` and
``entities/_builders/data_transfer.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.grammar.computes import compute_id
from airflow_azureml.jobspec.grammar.inputs import unwrapped
from airflow_azureml.jobspec.grammar.literals import is_literal
from airflow_azureml.jobspec.grammar.shared import HEAD as JOB_HEAD
from airflow_azureml.jobspec.grammar.shared import JOB_SERVICES
from airflow_azureml.jobspec.kinds.data_transfer.component import (
    COPY,
    COPY_MODE,
    EXPORT,
    IMPORT,
    TASKS,
    check_copy,
)
from airflow_azureml.jobspec.nodes import bindings
from airflow_azureml.jobspec.nodes.component import Component, unknown_keys
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.nodes.node_component import head_of_spec, inline_component
from airflow_azureml.jobspec.nodes.node_io import inferred, node_shape
from airflow_azureml.jobspec.nodes.node_keys import COMPONENT_KEYS, NODE, rows
from airflow_azureml.jobspec.nodes.node_outputs import only_bindings
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, listed, text

OWN_COMPONENTS = "azureml://registries/azureml/components/{task}_{kind}/versions/0.0.1"
DATABASE, FILES = "database", "file_system"
DATA_OF = {(IMPORT, DATABASE): "mltable", (EXPORT, DATABASE): "uri_file"}
"""The type of data that goes in and out; for a file system it is a uri_folder."""

# -- places outside of Azure ML

_CONNECTION = Field("connection", "connection", text, required=True)
_PARAMETER = nested(tuple(Field(key, key, text, required=True) for key in ("name", "value", "type")))
PLACES = {
    DATABASE: (
        Field("table_name", "table_name", text),
        Field("query", "query", text),
        Field("stored_procedure", "stored_procedure", text),
        Field("stored_procedure_params", "stored_procedure_params", listed(_PARAMETER)),
        _CONNECTION,
    ),
    FILES: (Field("path", "path", text), _CONNECTION),
}
_KIND = choice({kind: kind for kind in PLACES}, "a type of place")


def place(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take a database, or a file system, which need not say its type."""
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a mapping. Accepted types: {', '.join(PLACES)}.")
    place_type = _KIND(located.child("type"), ctx) if "type" in located.value else FILES
    if place_type is INVALID:
        return INVALID
    return {"type": place_type, **convert_mapping(PLACES[place_type], located, ctx, extra=("type",))}


def _kind_of(located: Located, task: str) -> str | None:
    """Tell the type of a node's place; None where it has none that is valid."""
    node_place = located.value.get(TASKS[task])
    place_type = node_place.get("type", FILES) if isinstance(node_place, Mapping) else None
    return place_type.lower() if isinstance(place_type, str) and place_type.lower() in PLACES else None


# -- nodes

_TASK = Field("task", None, anything)
INLINE = (
    *rows(JOB_HEAD, "name", "type", "tags", "id", "status", "creation_context", "log_files"),
    Field("display_name", "displayName", text),
    *(Field(key, None, text) for key in ("description", "experiment_name")),
    Field("compute", "computeId", compute_id),
    Field("services", None, JOB_SERVICES, unsent=True),
    _TASK,
)
(_PROPERTIES,) = rows(JOB_HEAD, "properties")


def transfer_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a data transfer node, with a component or written out."""
    task = _task(located, ctx)
    if task is None:
        return {}
    if "component" not in located.value:
        component, body = _inline(located, ctx, scope, task)
    else:
        component, body = scope.components.get(name), _by_component(located, ctx, scope.components.get(name), task)
    if component is None:
        return body
    if task != COPY:
        _check_move(located, ctx, task)
    if "component" in located.value:
        _check_given(located, ctx, task)
    shape = {**node_shape(located, ctx, scope, name, component), "task": task}
    if task == IMPORT and "outputs" not in located.value:
        shape["outputs"] = {"sink": {"job_output_type": "mltable"}}  # an inline import is refused above
    return {**shape, **body}


def _task(located: Located, ctx: Translator) -> str | None:
    """Tell what a node does; only an export with a component need not say it."""
    default = EXPORT if "sink" in located.value and "component" in located.value else None
    task_name = located.value.get("task", default)
    if task_name is None:
        ctx.error(located, f'"task" is required: {", ".join(sorted(TASKS))}.', "task")
    elif not isinstance(task_name, str) or task_name.lower() not in TASKS:
        ctx.error(located, f"{show(task_name)} is not a task of a data transfer.{nearest(task_name, TASKS)}", "task")
    else:
        return task_name.lower()
    return None


def _place_row(task: str) -> tuple[Field, ...]:
    key = TASKS[task]
    return (Field(key, key, place, required=True, bindable=False),) if key else ()


def _by_component(located: Located, ctx: Translator, component: Component | None, task: str) -> dict[str, Any]:
    """Read the settings of a node with a component, whose own way to copy goes before the node's."""
    table = (*NODE, *_place_row(task), _TASK)
    if task == COPY:
        table = (*table, Field("data_copy_mode", "data_copy_mode", anything), Field("is_deterministic", None, anything))
    known = (*(row.name for row in table), *COMPONENT_KEYS)
    unknown = unknown_keys(located, ctx, known)
    body = convert_mapping(table, located, ctx, extra=(*COMPONENT_KEYS, *unknown))
    if component is not None and component.located is not None and task != COPY:
        ctx.error(
            located, f"{task} takes no component file. Accepted: a registered component, or no component.", "component"
        )
    mode = component.spec.get("data_copy_mode") if component is not None else None
    return {**body, **({"data_copy_mode": mode} if mode else {}), **unknown}


def _inline(located: Located, ctx: Translator, scope: Scope, task: str) -> tuple[Component | None, dict[str, Any]]:
    """Read a node that is written out: a copy makes a component, anything else runs one of Azure ML's own."""
    if task == COPY:  # whose properties are not sent
        copied = (Field("properties", None, _PROPERTIES.convert), Field("data_copy_mode", "data_copy_mode", COPY_MODE))
        table = (*INLINE, *copied)
    else:
        table = (*INLINE, _PROPERTIES, *_place_row(task))
    body = convert_mapping(table, located, ctx.unbound(), extra=("inputs", "outputs"))
    only_bindings(located, ctx)
    if task == COPY:
        return _copy(located, ctx, scope, body), body
    place_type = _kind_of(located, task)
    if place_type is None:
        return None, body
    if (task, place_type) == (EXPORT, FILES):
        ctx.error(
            located,
            "without a component, data is exported to databases only. For a file system give component.",
            "sink",
        )
    component_id = OWN_COMPONENTS.format(task=task, kind=place_type)
    return Component(component_id, "data_transfer"), body


def _copy(located: Located, ctx: Translator, scope: Scope, body: Mapping[str, Any]) -> Component:
    """Make the component of a copy that is written out."""
    io = inferred(located, ctx, scope)
    spec = {
        "is_deterministic": True,
        "type": "data_transfer",
        "task": COPY,
        **head_of_spec(located, ctx, "tags"),
        **({"data_copy_mode": body["data_copy_mode"]} if "data_copy_mode" in body else {}),
        **io,
    }
    check_copy(located, ctx, io)
    return inline_component("data_transfer", spec, scope, located.name)


def _check_move(located: Located, ctx: Translator, task: str) -> None:
    """Check that data goes one way, by the one port there is, and is of the type that its place asks for."""
    part, other_part, port = ("outputs", "inputs", "sink") if task == IMPORT else ("inputs", "outputs", "source")
    if other_part in located.value:
        ctx.error(located, f"{task} takes no {other_part}.", other_part)
    group, inline = located.value.get(part), "component" not in located.value
    place_type = _kind_of(located, task)
    if task == IMPORT and not inline and part not in located.value and place_type != FILES:
        return
    if not isinstance(group, Mapping) or list(group) != [port]:
        ctx.error(located, f"{task} takes exactly one entry in {part}, named {port}.", part)
        return
    data = unwrapped(group[port])
    if place_type is None or is_literal(data) or not isinstance(data, Mapping):
        return
    if not inline and bindings.OUTPUT.match(str(data.get("path"))):
        return
    wanted = DATA_OF.get((task, place_type), "uri_folder")
    if task == EXPORT and bindings.INPUT.match(str(data.get("path"))):
        ctx.error(located, f"give {data['path']} itself, not a mapping with it as path.", part, port)
    elif str(data.get("type") or "uri_folder").lower() != wanted:
        ctx.error(located, f"data of a {place_type} must have the type {wanted} here.", part, port, "type")


def _check_given(located: Located, ctx: Translator, task: str) -> None:
    """Refuse what Microsoft's client does not take for a component's ports: numbers, and no sink."""
    for part in ("inputs", "outputs"):
        group = located.value.get(part)
        for port in located.child(part).items() if isinstance(group, Mapping) else ():
            value = unwrapped(port.value)
            if part == "inputs" and is_literal(value) and not isinstance(value, str):
                ctx.error(port, f"{show(value)} is not data.")
            elif port.value is None and task == IMPORT:
                ctx.error(port, "an empty value is not an output.")
