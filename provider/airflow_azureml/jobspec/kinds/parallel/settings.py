"""What a parallel component and a parallel node both have: the task, the mini batches and how failures are borne.

Source: azure-ai-ml 1.35.2, ``_schema/component/parallel_component.py``, ``_schema/component/parallel_task.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Placeholder
from airflow_azureml.jobspec.grammar.code import code, linked
from airflow_azureml.jobspec.grammar.references import is_binding
from airflow_azureml.jobspec.nodes.component import component_environment, spec_id
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Container, Field, Table
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, count, listed, text, whole

UNITS = {"kb": 1024, "mb": 1024**2, "gb": 1024**3}
SIZE = re.compile(r"(\d+)([kKmMgG][bB])?")
LEVELS = ("DEBUG", "INFO", "WARNING")
TASKS = {"run_function": "run_function", "model": "model", "function": "function"}


def batch_size(located: Located, ctx: Translator) -> int | str | Invalid:
    """Take a size as text: a number, or a number of kb, mb or gb, sent as a whole number; in a node, also a binding."""
    if ctx.bound and isinstance(located.value, str) and is_binding(located.value):
        return located.value
    size = SIZE.fullmatch(located.value) if isinstance(located.value, str) else None
    if size is None:
        return ctx.error(located, f'{show(located.value)} is not a size. Accepted: a string such as "10" or "10kb".')
    return int(size[1]) * (UNITS[size[2].lower()] if size[2] else 1)


@Container
def keys_as_text(located: Located, ctx: Translator) -> str | Invalid:
    """Take the keys to partition by; they are sent as the text of a JSON list."""
    keys = listed(text)(located, ctx)
    return keys if keys is INVALID else json.dumps(keys)


def task_code(located: Located, ctx: Translator) -> str | Placeholder | Invalid:
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


@Container
def task(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the task."""
    return _lenient(TASK_ROWS, located, ctx.in_form(Form.COMPONENT))


def _lenient(rows: Table, located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take a mapping; unknown keys are left out, as by Microsoft's client."""
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a mapping.")
    known = {row.name for row in rows}
    unknown = [entry for entry in located.items() if entry.path[-1] not in known]
    for entry in unknown:
        ctx.warn(entry, f"unknown key {show(entry.path[-1])}: not sent.")
    return convert_mapping(rows, located, ctx, extra=[entry.path[-1] for entry in unknown])


RETRY_ROWS = (Field("timeout", "timeout", count), Field("max_retries", "max_retries", count))


@Container
def retries(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the settings of retries, whose values may be bound in a component, too."""
    return _lenient(RETRY_ROWS, located, ctx.in_form(Form.COMPONENT, bound=True))


SETTINGS = (
    Field("logging_level", "logging_level", choice({word: word for word in LEVELS}, "a logging level", fold=str)),
    Field("task", "task", task),
    Field("mini_batch_size", "mini_batch_size", batch_size, bindable=False),
    Field("partition_keys", "partition_keys", keys_as_text),
    Field("input_data", "input_data", text),
    Field("retry_settings", "retry_settings", retries),
    Field("max_concurrency_per_instance", "max_concurrency_per_instance", count),
    Field("error_threshold", "error_threshold", whole),
    Field("mini_batch_error_threshold", "mini_batch_error_threshold", whole),
)
"""What a parallel component and a parallel node both have, and send in YAML's words."""
