"""Parallel nodes of a pipeline: with a component, or written out.

Source: azure-ai-ml 1.35.2, ``entities/_builders/parallel.py``.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.computes import compute_id
from airflow_azureml.jobspec.grammar.shared import RESOURCES, TAGS, identity, resources
from airflow_azureml.jobspec.kinds.parallel.settings import SETTINGS
from airflow_azureml.jobspec.nodes.component import Component, any_mapping, unknown_keys
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.nodes.node_component import inline_component
from airflow_azureml.jobspec.nodes.node_io import inferred, node_shape
from airflow_azureml.jobspec.nodes.node_keys import COMPONENT_KEYS, NODE, rows
from airflow_azureml.jobspec.nodes.node_outputs import only_bindings
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, Translator
from airflow_azureml.jobspec.table.values import mapped, text

OWN = (
    *SETTINGS,
    Field("resources", "resources", resources),
    Field("environment_variables", "environment_variables", mapped(text)),
    Field("identity", "identity", identity),
)


_ABOVE = ("instance_count", "instance_type", "docker_args", "shm_size")
_RESOURCES_ABOVE = rows(RESOURCES, *_ABOVE)
"""Resources that a node with a component may have beside ``resources``, which they overrule.

Source: azure-ai-ml 1.35.2, ``parallel_run_function``.
"""


def parallel_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a parallel node, with a component or written out."""
    if "component" not in located.value:
        return _inline(located, ctx, scope, name)
    component = scope.components.get(name)
    table = (*NODE, *OWN, *_RESOURCES_ABOVE, Field("is_deterministic", None, anything))
    unknown = unknown_keys(located, ctx, (*(row.name for row in table), *COMPONENT_KEYS))
    body = convert_mapping(table, located, ctx, extra=(*COMPONENT_KEYS, *unknown))
    if component is None:
        return body
    if component.located is not None:
        body = {**_taken_over(component, ctx), **body}
    if above := {key: body.pop(key) for key in _ABOVE if key in body}:
        body["resources"] = {**body.get("resources", {}), **above}
    return {**node_shape(located, ctx, scope, name, component), **body, **unknown}


def _taken_over(component: Component, ctx: Translator) -> dict[str, Any]:
    """Take over from the component what its node does not say itself."""
    keys = ("retry_settings", "input_data", "max_concurrency_per_instance", "mini_batch_error_threshold", "task")
    body = {key: component.spec[key] for key in keys if component.spec.get(key) not in (None, {})}
    if "partition_keys" in component.spec:
        body["partition_keys"] = component.spec["partition_keys"] or "[]"
    written = component.located.value.get("resources") if component.located is not None else None
    if component.located is not None and isinstance(written, Mapping):
        known = {key: value for key, value in written.items() if key in {row.name for row in RESOURCES}}
        body["resources"] = resources(component.located.child("resources").within(known), ctx)
    return {**body, "mini_batch_size": int(component.spec["mini_batch_size"])}


def _as_it_is(located: Located, ctx: Translator) -> object:
    """Take an identity as it is written; Microsoft's client looks at its type alone."""
    if isinstance(located.value, Mapping) and located.value:
        identity(located.within({key: type_name for key, type_name in located.value.items() if key == "type"}), ctx)
    entries = located.value.values() if isinstance(located.value, Mapping) else [located.value]
    if any(isinstance(entry, datetime.date) for entry in entries):
        return ctx.error(located, "a date is not accepted in an identity.")
    return anything(located, ctx)


_UNSENT = ("display_name", "description", "experiment_name", "services")
_INLINE = (
    Field("type", None, text),
    *(Field(key, None, anything) for key in ("name", "id", "status", "creation_context")),
    *(Field(key, None, anything, unsent=True) for key in _UNSENT),
    Field("tags", None, any_mapping, unsent=True),
    Field("properties", "properties", TAGS),
    Field("compute", "computeId", compute_id, bindable=False),
    *SETTINGS,
    *rows(OWN, "resources", "environment_variables"),
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
    component = inline_component("parallel", spec, scope, name)
    return {**node_shape(located, ctx, scope, name, component), "mini_batch_size": 0, **body}


_RESOURCES = nested(RESOURCES)
_COMPONENT_KEYS = (*(row.name for row in SETTINGS), "resources")
BOUND = re.compile(r"\$\{\{\s*(parent\.)?inputs\S*?\s*\}\}")


def _settings_of_spec(body: Mapping[str, Any], located: Located, ctx: Translator) -> dict[str, Any]:
    """Take what of a node's settings goes into its component: not what is bound, and no properties of resources.

    Source: azure-ai-ml 1.35.2, ``ParallelJob._to_component``.
    """
    spec = {key: body[key] for key in _COMPONENT_KEYS if key in body}
    if isinstance(spec.get("resources"), Mapping):
        written = _RESOURCES(located.child("resources"), ctx.in_form(Form.COMPONENT, ctx.bound))
        if written is not INVALID:
            spec["resources"] = {key: value for key, value in written.items() if key != "properties"}
    free = {"task", "input_data", "partition_keys", "retry_settings"}
    if spec.get("partition_keys") == "[]":
        spec["partition_keys"] = []
    return {key: value for key, value in spec.items() if value != {} and (key in free or not _bound(value))}


def _bound(setting: Any) -> bool:
    """Tell a setting that is bound to inputs: only the node carries it."""
    entries = setting.values() if isinstance(setting, Mapping) else [setting]
    return any(isinstance(entry, str) and BOUND.search(entry) for entry in entries)
