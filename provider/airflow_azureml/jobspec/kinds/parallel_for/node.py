"""Loop nodes of a pipeline whose rounds run side by side.

Source: azure-ai-ml 1.35.2, ``ParallelForSchema``, ``entities/_builders/parallel_for.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.grammar.inputs import INPUT_MODES
from airflow_azureml.jobspec.nodes import bindings
from airflow_azureml.jobspec.nodes.control import TYPE, check_body, check_port, node_binding
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.nodes.node_outputs import one_output
from airflow_azureml.jobspec.table.binding_text import holds_binding
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import whole

NAMED = re.compile(r"^azureml:(?=[^/]*[:@][^/]|/?subscriptions/.+/versions/[^/])(?![^/:@]+[:@][^/]*/)")
"""The prefix of a reference to a version, a label or a versioned ARM id.

Azure-ai-ml 1.35.2 drops it from data in items, which it does not look up (``_schema/core/fields.py``,
``ArmVersionedStr``), and keeps that of a name alone. What the service makes of such an address is not published.
"""

BARE = re.compile(r"[^:/@\\]+[:@][^:/@\\]+")
"""A reference without its prefix, as an object of azure-ai-ml has it that was loaded from a file."""

ACCEPTED = "a list or a mapping of mappings of inputs, JSON of one, or a binding"


def items(located: Located, ctx: Translator) -> str | Invalid:
    """Take the items, which are sent as JSON. A text of JSON says what the list or mapping in it says."""
    shown = show(located.value)
    if isinstance(located.value, str):
        text_of_items = located.value
        try:
            located, shown = located.within(json.loads(text_of_items)), "the JSON"
        except ValueError:
            if holds_binding(text_of_items):
                return text_of_items
            return ctx.error(located, f"{shown} is neither JSON nor a binding. Accepted: {ACCEPTED}.")
    value = located.value
    if wrong := _wrong(value, shown):
        return ctx.error(located, wrong)
    converted: list[dict[str, Any] | Invalid] = [_item(entry, ctx) for entry in located.items()]
    if any(row is INVALID for row in converted):
        return INVALID
    keyed = dict(zip(value, converted, strict=True)) if isinstance(value, Mapping) else converted
    return json.dumps(keyed)


def _wrong(value: Any, shown: str) -> str:
    """What is wrong with items, or nothing."""
    rows = _rows(value)
    if not rows and isinstance(value, (Mapping, list)):
        return f"there is no item. Accepted: {ACCEPTED}."
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        return f"{shown} does not hold items. Accepted: {ACCEPTED}."
    return "the items have different inputs." if any(set(row) != set(rows[0]) for row in rows) else ""


def _rows(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []


def _inputs(converted: object) -> Sequence[str]:
    """The inputs that items give, the same ones in each; none where they are a binding or wrong."""
    try:
        rows = _rows(json.loads(converted)) if isinstance(converted, str) else []
    except ValueError:
        return ()
    return list(rows[0]) if rows else ()


def _item(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    found = {entry.name: _value(entry, ctx) for entry in located.items()}
    return INVALID if any(value is INVALID for value in found.values()) else found


def _value(located: Located, ctx: Translator) -> object:
    """Take a value, or data at an address; local data is refused, as Microsoft's client does."""
    value = located.value
    if isinstance(value, (str, bool, int, float)):
        return value
    path = value.get("path") if isinstance(value, Mapping) else None
    from_python = located.document.from_python
    if not isinstance(path, str) or not _is_remote(path, from_python):
        return ctx.error(
            located, f"{show(value)} is not accepted. Accepted: a value, or type and path of data that is not local."
        )
    uri = path if from_python else NAMED.sub("", path)
    if "://" not in uri:
        ctx.warn(
            located,
            f"data in items is not looked up: {uri} is sent, as Microsoft's client does, and Azure ML may not find it. "
            "Write an address, or give the data to an input of the pipeline and write ${{parent.inputs.NAME}} here.",
        )
    mode = {"mode": INPUT_MODES[value["mode"]]} if value.get("mode") in INPUT_MODES else {}
    return {"uri": uri, **mode, "job_input_type": value.get("type") or "uri_folder"}


def _is_remote(path: str, from_python: bool) -> bool:
    bare = from_python and BARE.fullmatch(path) is not None
    return bare or "://" in path or path.startswith(("azureml:", "/subscriptions/"))


PARALLEL_FOR = (
    TYPE,
    Field("body", "body", node_binding, required=True, bindable=False),
    Field("items", "items", items, required=True, bindable=False),
    Field("max_concurrency", "maxConcurrency", whole, bindable=False),
)


def parallel_for_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a loop whose rounds run side by side."""
    body = convert_mapping(PARALLEL_FOR, located, ctx, extra=("outputs",))
    looped = check_body(located, ctx, scope)
    if looped is not None:
        for name_of_input in _inputs(body.get("items")):
            check_port(located.child("items"), ctx, scope, looped, "inputs", name_of_input)
    outputs: dict[str, Any] = {}
    given = located.value.get("outputs")
    for item in located.child("outputs").items() if isinstance(given, Mapping) else ():
        bindings.check(item, ctx, scope, name)
        if looped is not None:
            check_port(item, ctx, scope, looped, "outputs", item.name)
        converted = one_output(item, ctx)
        if converted is not INVALID and converted is not None:
            outputs[item.name] = converted
    return {**body, **({"outputs": outputs} if outputs else {})}
