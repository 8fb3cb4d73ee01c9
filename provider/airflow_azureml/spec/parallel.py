"""Parallel nodes and components: one script over many mini batches.

Source: azure-ai-ml 1.35.2, ``_schema/component/parallel_component.py``, ``entities/_builders/parallel.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from airflow_azureml.spec.components import (
    HEAD,
    Component,
    anonymous,
    command_resources,
    component_environment,
    declared,
    loose,
    spec_id,
    unknown_keys,
)
from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import INVALID, Convert, Field, Reading, anything, as_written, nested, show, walk
from airflow_azureml.spec.graph import Scope
from airflow_azureml.spec.nodeports import inferred, node_shape, written_out
from airflow_azureml.spec.nodes import NODE, PORTS, sent_on
from airflow_azureml.spec.references import code, compute_id, is_binding
from airflow_azureml.spec.shared import RESOURCES, TAGS, identity
from airflow_azureml.spec.values import choice, listed, mapped, text, whole

UNITS = {"kb": 1024, "mb": 1024**2, "gb": 1024**3}
SIZE = re.compile(r"(\d+)([kKmMgG][bB])?")
LEVELS = ("DEBUG", "INFO", "WARNING")
TASKS = {"run_function": "run_function", "model": "model", "function": "function"}


def batch_size(spot: Spot, reading: Reading) -> Any:
    """Take a size as text: a number, or a number of kb, mb or gb, sent as a whole number; in a node, also a binding."""
    if reading.bound and is_binding(spot.value):
        return spot.value
    found = SIZE.fullmatch(spot.value) if isinstance(spot.value, str) else None
    if found is None:
        return reading.refuse(spot, f'{show(spot.value)} is not a size. Accepted: a text such as "10" or "10kb".')
    return int(found[1]) * (UNITS[found[2].lower()] if found[2] else 1)


def keys_as_text(spot: Spot, reading: Reading) -> Any:
    """Take the keys to partition by; they are sent as the text of a JSON list."""
    found = listed(text)(spot, reading)
    return found if found is INVALID else json.dumps(found)


def level(spot: Spot, reading: Reading) -> Any:
    """Take a logging level, written as Python writes it."""
    return choice({word: word for word in LEVELS}, "a logging level", fold=str)(spot, reading)


def task_code(spot: Spot, reading: Reading) -> Any:
    """Take the code of a task."""
    return spec_id(code(spot, reading, component=True))


TASK_ROWS = (
    Field("type", "type", choice(TASKS, "a type of task"), required=True),
    Field("code", "code", task_code),
    Field("entry_script", "entry_script", text),
    Field("program_arguments", "program_arguments", text),
    Field("model", "model", text),
    Field("append_row_to", "append_row_to", text),
    Field("environment", "environment", component_environment, required=True),
)


def task(spot: Spot, reading: Reading) -> Any:
    """Take the task; keys that nobody knows are let go, as Microsoft's client does."""
    if not isinstance(spot.value, Mapping):
        return reading.refuse(spot, f"{show(spot.value)} is not a mapping.")
    known = {row.name for row in TASK_ROWS}
    rest = [item for item in spot.items() if item.path[-1] not in known]
    for item in rest:
        reading.warn(item, f"{show(item.path[-1])} is not known here; it is not sent.")
    with reading.style(snake=False, bound=False):
        return walk(TASK_ROWS, spot, reading, extra=[item.path[-1] for item in rest])  # type: ignore[misc]


RETRY = nested((Field("timeout", "timeout", whole), Field("max_retries", "max_retries", whole)))

SETTINGS = (
    Field("logging_level", "logging_level", level),
    Field("task", "task", task, bindable=False),
    Field("mini_batch_size", "mini_batch_size", batch_size),
    Field("partition_keys", "partition_keys", keys_as_text),
    Field("input_data", "input_data", text),
    Field("retry_settings", "retry_settings", RETRY),
    Field("max_concurrency_per_instance", "max_concurrency_per_instance", whole),
    Field("error_threshold", "error_threshold", whole),
    Field("mini_batch_error_threshold", "mini_batch_error_threshold", whole),
)
"""What a parallel component and a parallel node both have, and send in YAML's words."""

OWN = (
    *(Field(row.name, row.rest, row.convert, bindable=row.name != "mini_batch_size") for row in SETTINGS),
    Field("resources", "resources", nested(as_written(RESOURCES))),
    Field("environment_variables", "environment_variables", mapped(text)),
    Field("identity", "identity", identity),
)


def parallel_component(spot: Spot, reading: Reading) -> Any:
    """Read a parallel component."""
    properties = Field("properties", "properties", loose)
    rows = (*HEAD, properties, *SETTINGS, Field("resources", "resources", command_resources))
    known = (*(row.name for row in rows), "inputs", "outputs", "environment_variables")
    rest = unknown_keys(spot, reading, known)
    body = walk(rows, spot, reading, extra=("inputs", "outputs", "environment_variables", *rest))
    taken, given, io = declared(spot, reading, primitive=False)
    spec = {"is_deterministic": True, **body, "type": "parallel", **io}
    spec["mini_batch_size"] = str(body.get("mini_batch_size", 0))
    if spec.get("partition_keys") == "[]":
        spec["partition_keys"] = []
    spec = {key: value for key, value in spec.items() if key != "resources" or value}
    made = anonymous(spec, spec.pop("properties", None), spot=spot)
    return Component(made, "parallel", taken, given, spec, spot)


def parallel_node(spot: Spot, reading: Reading, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a parallel node, with a component or written out."""
    if "component" not in spot.value:
        return _inline(spot, reading, scope, name)
    found = scope.components.get(name)
    known = (*(row.name for row in (*NODE, *OWN)), *PORTS)
    rest = sent_on(spot, reading, known)
    body = walk((*NODE, *OWN), spot, reading, extra=(*PORTS, *rest))
    if found is None:
        return body
    if found.spot is not None:
        body = {**_taken_over(found, reading), **body}
    return {**node_shape(spot, reading, scope, name, found), **body, **rest}


def _taken_over(found: Component, reading: Reading) -> dict[str, Any]:
    """Take over from the component what its node does not say itself."""
    keys = ("retry_settings", "input_data", "max_concurrency_per_instance", "mini_batch_error_threshold", "task")
    body = {key: found.spec[key] for key in keys if found.spec.get(key)}
    if "partition_keys" in found.spec:
        body["partition_keys"] = found.spec["partition_keys"] or "[]"
    written = found.spot.value.get("resources") if found.spot is not None else None
    if found.spot is not None and isinstance(written, Mapping):
        known = {key: value for key, value in written.items() if key in {row.name for row in RESOURCES}}
        body["resources"] = nested(as_written(RESOURCES))(found.spot.child("resources").within(known), reading)
    return {**body, "mini_batch_size": int(found.spec["mini_batch_size"])}


_INLINE: tuple[tuple[str, Convert], ...] = (
    ("type", text),
    ("display_name", anything),
    ("description", anything),
    ("tags", mapped(anything, null=True)),
)


def _inline(spot: Spot, reading: Reading, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a parallel node that is written out. Of its head Microsoft's client sends the properties
    alone, and its identity in YAML's own words, which it does not do for a node with a component."""
    head = tuple(Field(key, None, convert) for key, convert in _INLINE)
    rows = (*head, *OWN, Field("properties", "properties", TAGS), Field("compute", "computeId", compute_id))
    extra = ("inputs", "outputs", "name", "environment", "code")
    body = walk(rows, spot, reading, extra=extra)
    if "identity" in body:
        body["identity"] = anything(spot.child("identity"), reading)
    spec = {
        "is_deterministic": True,
        "type": "parallel",
        **inferred(spot, reading, scope),
        **_settings_of_spec(body),
        "mini_batch_size": str(0 if _bound(body.get("mini_batch_size")) else body.get("mini_batch_size", 0)),
    }
    found = written_out("parallel", spec, spot, scope)
    return {**node_shape(spot, reading, scope, name, found), "mini_batch_size": 0, **body}


_COMPONENT_KEYS = (*(row.name for row in SETTINGS), "resources")
BOUND = re.compile(r"\$\{\{\s*(parent\.)?inputs\S*?\s*\}\}")


def _settings_of_spec(body: Mapping[str, Any]) -> dict[str, Any]:
    """Take what of a node's settings goes into its component: not what is bound, and no properties of resources.

    Source: azure-ai-ml 1.35.2, ``ParallelJob._to_component``.
    """
    spec = {key: body[key] for key in _COMPONENT_KEYS if key in body}
    if isinstance(spec.get("resources"), Mapping):
        spec["resources"] = {key: value for key, value in spec["resources"].items() if key != "properties"}
    free = {"task", "input_data", "retry_settings"}
    return {key: value for key, value in spec.items() if value != {} and (key in free or not _bound(value))}


def _bound(value: Any) -> bool:
    """Tell a setting that is bound to inputs: only the node carries it."""
    values = value.values() if isinstance(value, Mapping) else [value]
    return any(isinstance(item, str) and BOUND.search(item) for item in values)
