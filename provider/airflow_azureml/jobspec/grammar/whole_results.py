"""What is meant where somebody gives the whole result of a task as an input of a job: a part of it."""

from __future__ import annotations

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
