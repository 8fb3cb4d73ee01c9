"""Parallel nodes and components: one script over many mini batches.

Source: azure-ai-ml 1.35.2, ``_schema/component/parallel_component.py``, ``entities/_builders/parallel.py``.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.references import code, compute_id, is_binding, linked
from airflow_azureml.jobspec.grammar.shared import RESOURCES, TAGS, identity, resources
from airflow_azureml.jobspec.nodes.base import NODE, PORTS, sent_on
from airflow_azureml.jobspec.nodes.components import (
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
from airflow_azureml.jobspec.nodes.graph import Scope
from airflow_azureml.jobspec.nodes.node_io import inferred, node_shape, only_bindings, written_out
from airflow_azureml.jobspec.table.fields import (
    INVALID,
    Field,
    Table,
    Translator,
    anything,
    as_written,
    convert_mapping,
    nested,
    show,
)
from airflow_azureml.jobspec.table.values import choice, listed, mapped, text, whole

UNITS = {"kb": 1024, "mb": 1024**2, "gb": 1024**3}
SIZE = re.compile(r"(\d+)([kKmMgG][bB])?")
LEVELS = ("DEBUG", "INFO", "WARNING")
TASKS = {"run_function": "run_function", "model": "model", "function": "function"}


def batch_size(located: Located, ctx: Translator) -> Any:
    """Take a size as text: a number, or a number of kb, mb or gb, sent as a whole number; in a node, also a binding."""
    if ctx.bound and is_binding(located.value):
        return located.value
    found = SIZE.fullmatch(located.value) if isinstance(located.value, str) else None
    if found is None:
        return ctx.error(located, f'{show(located.value)} is not a size. Accepted: a text such as "10" or "10kb".')
    return int(found[1]) * (UNITS[found[2].lower()] if found[2] else 1)


def keys_as_text(located: Located, ctx: Translator) -> Any:
    """Take the keys to partition by; they are sent as the text of a JSON list."""
    found = listed(text)(located, ctx)
    return found if found is INVALID else json.dumps(found)


def level(located: Located, ctx: Translator) -> Any:
    """Take a logging level, written as Python writes it."""
    return choice({word: word for word in LEVELS}, "a logging level", fold=str)(located, ctx)


def task_code(located: Located, ctx: Translator) -> Any:
    """Take the code of a task; Microsoft's client sends the address of a git repository on."""
    if isinstance(located.value, str) and located.value.startswith("git+"):
        return spec_id(linked(located.value))
    return spec_id(code(located, ctx, component=True))


TASK_ROWS = (
    Field("type", "type", choice(TASKS, "a type of task"), required=True),
    Field("code", "code", task_code),
    Field("entry_script", "entry_script", text),
    Field("program_arguments", "program_arguments", text),
    Field("model", "model", text),
    Field("append_row_to", "append_row_to", text),
    Field("environment", "environment", component_environment, required=True),
)


def task(located: Located, ctx: Translator) -> Any:
    """Take the task."""
    with ctx.style(snake=False, bound=False):
        return _lenient(TASK_ROWS, located, ctx)


def _lenient(rows: Table, located: Located, ctx: Translator) -> Any:
    """Take a mapping; keys that nobody knows are let go, as Microsoft's client does."""
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a mapping.")
    known = {row.name for row in rows}
    rest = [item for item in located.items() if item.path[-1] not in known]
    for item in rest:
        ctx.warn(item, f"{show(item.path[-1])} is not known here; it is not sent.")
    return convert_mapping(rows, located, ctx, extra=[item.path[-1] for item in rest])


RETRY_ROWS = (Field("timeout", "timeout", whole), Field("max_retries", "max_retries", whole))


def retries(located: Located, ctx: Translator) -> Any:
    """Take the settings of retries, whose values may be bound in a component, too."""
    with ctx.style(snake=False, bound=True):
        return _lenient(RETRY_ROWS, located, ctx)


SETTINGS = (
    Field("logging_level", "logging_level", level),
    Field("task", "task", task, bindable=False),
    Field("mini_batch_size", "mini_batch_size", batch_size),
    Field("partition_keys", "partition_keys", keys_as_text),
    Field("input_data", "input_data", text),
    Field("retry_settings", "retry_settings", retries),
    Field("max_concurrency_per_instance", "max_concurrency_per_instance", whole),
    Field("error_threshold", "error_threshold", whole),
    Field("mini_batch_error_threshold", "mini_batch_error_threshold", whole),
)
"""What a parallel component and a parallel node both have, and send in YAML's words."""


def _resources(located: Located, ctx: Translator) -> Any:
    """Take the resources of a node: those of a job, in a node's words."""
    with ctx.style(snake=True, bound=ctx.bound):
        return resources(located, ctx)


_NEVER_BOUND = ("task", "mini_batch_size", "partition_keys", "retry_settings")
OWN = (
    *(Field(row.name, row.api_name, row.convert, bindable=row.name not in _NEVER_BOUND) for row in SETTINGS),
    Field("resources", "resources", _resources, bindable=False),
    Field("environment_variables", "environment_variables", mapped(text), bindable=False),
    Field("identity", "identity", identity),
)


def parallel_component(located: Located, ctx: Translator) -> Any:
    """Read a parallel component."""
    properties = Field("properties", "properties", loose)
    rows = (*HEAD, properties, *SETTINGS, Field("resources", "resources", command_resources))
    known = (*(row.name for row in rows), "inputs", "outputs", "environment_variables")
    rest = unknown_keys(located, ctx, known)
    body = convert_mapping(rows, located, ctx, extra=("inputs", "outputs", "environment_variables", *rest))
    if "instance_count" in rest and "resources" in located.value:
        ctx.error(located, "instance_count and resources exclude each other.", "instance_count")
    taken, given, io = declared(located, ctx, primitive=False)
    spec = {"is_deterministic": True, **body, "type": "parallel", **io}
    spec["mini_batch_size"] = str(body.get("mini_batch_size", 0))
    if spec.get("partition_keys") == "[]":
        spec["partition_keys"] = []
    spec = {key: value for key, value in spec.items() if value != {}}
    made = anonymous(spec, spec.pop("properties", None), located=located)
    return Component(made, "parallel", taken, given, spec, located)


_ABOVE = ("instance_count", "instance_type", "docker_args", "shm_size")
_RESOURCES_ABOVE = tuple(row for row in as_written(RESOURCES) if row.name in _ABOVE)
"""Resources that a node with a component may have beside ``resources``, which they overrule.

Source: azure-ai-ml 1.35.2, ``parallel_run_function``.
"""


def parallel_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a parallel node, with a component or written out."""
    if "component" not in located.value:
        return _inline(located, ctx, scope, name)
    found = scope.components.get(name)
    rows = (*NODE, *OWN, *_RESOURCES_ABOVE, Field("is_deterministic", None, anything))
    rest = sent_on(located, ctx, (*(row.name for row in rows), *PORTS))
    body = convert_mapping(rows, located, ctx, extra=(*PORTS, *rest))
    if found is None:
        return body
    if found.located is not None:
        body = {**_taken_over(found, ctx), **body}
    if above := {key: body.pop(key) for key in _ABOVE if key in body}:
        body["resources"] = {**body.get("resources", {}), **above}
    return {**node_shape(located, ctx, scope, name, found), **body, **rest}


def _taken_over(found: Component, ctx: Translator) -> dict[str, Any]:
    """Take over from the component what its node does not say itself."""
    keys = ("retry_settings", "input_data", "max_concurrency_per_instance", "mini_batch_error_threshold", "task")
    body = {key: found.spec[key] for key in keys if found.spec.get(key) not in (None, {})}
    if "partition_keys" in found.spec:
        body["partition_keys"] = found.spec["partition_keys"] or "[]"
    written = found.located.value.get("resources") if found.located is not None else None
    if found.located is not None and isinstance(written, Mapping):
        known = {key: value for key, value in written.items() if key in {row.name for row in RESOURCES}}
        body["resources"] = _resources(found.located.child("resources").within(known), ctx)
    return {**body, "mini_batch_size": int(found.spec["mini_batch_size"])}


def _as_it_is(located: Located, ctx: Translator) -> Any:
    """Take an identity as it is written; Microsoft's client looks at its type alone."""
    if isinstance(located.value, Mapping) and located.value:
        identity(located.within({key: word for key, word in located.value.items() if key == "type"}), ctx)
    values = located.value.values() if isinstance(located.value, Mapping) else [located.value]
    if any(isinstance(value, datetime.date) for value in values):
        return ctx.error(located, "a date is no part of an identity.")
    return anything(located, ctx)


_UNSENT = ("display_name", "description", "experiment_name", "services")
_INLINE = (
    Field("type", None, text),
    *(Field(key, None, anything) for key in ("name", "id", "status", "creation_context")),
    *(Field(key, None, anything, unsent=True) for key in _UNSENT),
    Field("tags", None, loose, bindable=False, unsent=True),
    Field("properties", "properties", TAGS, bindable=False),
    Field("compute", "computeId", compute_id, bindable=False),
    *(row for row in OWN if row.name != "identity"),
    Field("identity", "identity", _as_it_is),
)
"""Keys of a parallel node that is written out. Source: azure-ai-ml 1.35.2, ``PipelineParallelJobSchema`` lets unknown
keys pass to ``ParallelJob``, which takes those of any job; its ``environment`` it does not take, and its ``identity``
has no schema there."""


def _inline(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a parallel node that is written out. Of its head Microsoft's client sends the properties
    alone, and its identity in YAML's own words, which it does not do for a node with a component."""
    body = convert_mapping(_INLINE, located, ctx, extra=("inputs", "outputs"))
    only_bindings(located, ctx)
    spec = {
        "is_deterministic": True,
        "type": "parallel",
        **inferred(located, ctx, scope),
        **_settings_of_spec(body, located, ctx),
        "mini_batch_size": str(0 if _bound(body.get("mini_batch_size")) else body.get("mini_batch_size", 0)),
    }
    found = written_out("parallel", spec, located, scope)
    return {**node_shape(located, ctx, scope, name, found), "mini_batch_size": 0, **body}


_COMPONENT_KEYS = (*(row.name for row in SETTINGS), "resources")
BOUND = re.compile(r"\$\{\{\s*(parent\.)?inputs\S*?\s*\}\}")


def _settings_of_spec(body: Mapping[str, Any], located: Located, ctx: Translator) -> dict[str, Any]:
    """Take what of a node's settings goes into its component: not what is bound, and no properties of resources.

    Source: azure-ai-ml 1.35.2, ``ParallelJob._to_component``.
    """
    spec = {key: body[key] for key in _COMPONENT_KEYS if key in body}
    if isinstance(spec.get("resources"), Mapping):
        written = nested(as_written(RESOURCES))(located.child("resources"), ctx)
        if written is not INVALID:
            spec["resources"] = {key: value for key, value in written.items() if key != "properties"}
    free = {"task", "input_data", "partition_keys", "retry_settings"}
    if spec.get("partition_keys") == "[]":
        spec["partition_keys"] = []
    return {key: value for key, value in spec.items() if value != {} and (key in free or not _bound(value))}


def _bound(value: Any) -> bool:
    """Tell a setting that is bound to inputs: only the node carries it."""
    values = value.values() if isinstance(value, Mapping) else [value]
    return any(isinstance(item, str) and BOUND.search(item) for item in values)
