"""What is meant where somebody gives the whole result of a task as an input of a job: a part of it."""

from __future__ import annotations

import ast
from collections.abc import Mapping


def hint(value: object) -> str:
    """Say which part of the result of a task is data, as a sentence; empty for anything that is no such result."""
    if not isinstance(value, Mapping):
        return ""
    if isinstance(value.get("job_name"), str) and isinstance(value.get("outputs"), Mapping):
        has = ", ".join(sorted(map(str, value["outputs"])))
        return f' This is the whole result of a job: write task.output["NAME"] for one of its outputs ({has}).'
    if isinstance(value.get("id"), str) and "version" in value:
        return ' This is the whole result of a task: write {"type": "…", "path": task.output["id"]} for what it made.'
    return ""


MADE_BY_A_TEMPLATE = (
    "This is the text that a template makes of another task's result or output. Give task.output, or "
    'task.output["NAME"], itself; or let the template take a part of it, as in ti.xcom_pull(...)["job_name"].'
)
"""What is said where such a text is found. With ``render_template_as_native_obj`` a template gives the mapping."""


def is_text_of_result(text: str) -> bool:
    """Whether a text is what Python writes for the result of one of our tasks, or for an output of a job.

    JSON, which somebody has asked for, is no such text; nor is a mapping of somebody's own, such as a configuration
    with a type and a path: an output has a URL beside them, and what a task made an id that ends in its version.
    """
    if not (text.startswith("{'") and text.endswith("}")):
        return False
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    if not isinstance(value, dict):
        return False
    if {"type", "path", "https_url"} <= set(value):
        return True
    return bool(hint(value)) and ("job_name" in value or "/versions/" in str(value["id"]))
